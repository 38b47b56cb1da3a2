// Practice with recorded buyers: /practice, /practice/stuck. Nothing of it reaches the desk.
import { useState } from 'preact/hooks';
import { me, session } from '../../desk/store';
import { useActions } from '../../keys/keyboard';
import * as english from '../../practice/en';
import type { Dialogue } from '../../practice/rehearsal';
import * as chinese from '../../practice/zh';
import { language, t, type Language } from '../../text/i18n';
import { Hint, Tag } from '../../ui/bits';
import { go, parts, path } from '../../ui/router';
import { Rehearse } from './rehearse';

const scripts = { en: english, zh: chinese };
const keyOf = (id: string): string => `deskmate.practice.${session.peek()?.desk}.${me.peek()}.${id}`;

const bestOf = (id: string): number | null => {
  const kept = Number(localStorage.getItem(keyOf(id)) ?? NaN);
  return Number.isFinite(kept) ? kept : null;
};

function keep(id: string, points: number): void {
  if (points <= (bestOf(id) ?? -1)) return;
  try {
    localStorage.setItem(keyOf(id), String(points));
  } catch {
    // The browser's store is full: the best of this time is only shown.
  }
}

export function Practice() {
  const asked = parts(path.value)[1] ?? '';
  const [buyers, setBuyers] = useState<Language>(language.peek());
  const { dialogues, lexicon } = scripts[buyers];
  const dialogue = dialogues.find((one) => one.id === asked);
  const nextOf = (one: Dialogue): string => dialogues[(dialogues.indexOf(one) + 1) % dialogues.length]!.id;
  return (
    <div class="screen">
      <header class="screen-head">
        <h1>{t('nav.practice')}</h1>
        {!dialogue && (
          <div class="queue-views" role="group" aria-label={t('practice.language')}>
            {(['en', 'zh'] as const).map((one) => (
              <button type="button" key={one} class="queue-view" aria-pressed={one === buyers} onClick={() => setBuyers(one)}>
                {one === 'en' ? t('practice.english') : t('practice.chinese')}
              </button>
            ))}
          </div>
        )}
      </header>
      {dialogue ? (
        <Rehearse
          key={`${dialogue.id} ${buyers}`}
          dialogue={dialogue}
          lexicon={lexicon}
          language={buyers}
          onEnd={(points) => keep(dialogue.id, points)}
          onNext={() => go(`/practice/${nextOf(dialogue)}`)}
        />
      ) : (
        <List dialogues={dialogues} />
      )}
    </div>
  );
}

function List({ dialogues }: { dialogues: Dialogue[] }) {
  useActions({
    'list.open': () => go(`/practice/${dialogues[0]!.id}`),
    'list.next': () => go(`/practice/${(dialogues.find((one) => bestOf(one.id) === null) ?? dialogues[0]!).id}`),
  });
  return (
    <>
      <p class="practice-text">{t('practice.text')}</p>
      <p class="hint"><Hint keys="n" /> {t('practice.next_new')}</p>
      <ul class="plain cards practice-list">
        {dialogues.map((one) => {
          const best = bestOf(one.id);
          return (
            <li key={one.id}>
              <p>
                <strong>{t(one.title)}</strong> {best !== null && <Tag kind="mine">{t('practice.best', { n: best })}</Tag>}
              </p>
              <p class="hint">{t(one.about)}</p>
              <div class="acts">
                <a class="button" href={`/practice/${one.id}`} aria-label={t('practice.start_of', { title: t(one.title) })}>
                  {t('practice.start')}
                </a>
              </div>
            </li>
          );
        })}
      </ul>
    </>
  );
}

export default Practice;
