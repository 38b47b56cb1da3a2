// Quick phrases: one name may have a text in each language.
import { useState } from 'preact/hooks';
import { readPhrases } from '../../desk/live';
import { call, mayAct, phrases, sentence } from '../../desk/store';
import type { Phrase } from '../../desk/types';
import { t } from '../../text/i18n';
import { Empty, Tag } from '../../ui/bits';
import { Dialog } from '../../ui/dialog';
import { say } from '../../ui/toast';

const nameBytesMax = 64; // as core/desk has it
const none: Phrase = { name: '', language: 'en', text: '' };

export function Phrases() {
  const [edited, setEdited] = useState<Phrase | null>(null);
  const list = [...phrases.value].sort((a, b) => a.name.localeCompare(b.name) || a.language.localeCompare(b.language));
  return (
    <section class="panel">
      <header class="panel-head">
        <h2>{t('settings.phrases')}</h2>
        {mayAct.value && (
          <button type="button" class="primary" onClick={() => setEdited(none)}>{t('phrase.add')}</button>
        )}
      </header>
      <p class="hint">{t('phrase.how')}</p>
      {list.length === 0 ? (
        <Empty icon="phrase" title={t('phrase.no_phrases')}>
          <p>{t('phrase.empty_text')}</p>
        </Empty>
      ) : (
        <ul class="plain cards">
          {list.map((phrase) => (
            <li key={`${phrase.name} ${phrase.language}`}>
              <p>
                <strong>{phrase.name}</strong> <Tag>{phrase.language}</Tag>{' '}
                {mayAct.value && (
                  <button
                    type="button"
                    class="link"
                    onClick={() => setEdited(phrase)}
                    aria-label={t('phrase.change_of', { name: phrase.name })}
                  >
                    {t('change')}
                  </button>
                )}
              </p>
              <p class="phrase-text" dir="auto">{phrase.text}</p>
            </li>
          ))}
        </ul>
      )}
      {edited && <Edit phrase={edited} onClose={() => setEdited(null)} />}
    </section>
  );
}

function Edit({ phrase, onClose }: { phrase: Phrase; onClose: () => void }) {
  const fresh = phrase.name === '';
  const [name, setName] = useState(phrase.name);
  const [code, setCode] = useState(phrase.language);
  const [text, setText] = useState(phrase.text);
  const [error, setError] = useState('');
  const put = (words: string): void => {
    if (name.trim() === '') return setError(t('phrase.name_needed'));
    if (new TextEncoder().encode(name.trim()).length > nameBytesMax) return setError(t('phrase.name_long'));
    call('desk.phrase', { name: name.trim(), language: code, text: words }).then(
      () => {
        onClose();
        say(t(words ? 'done.saved' : 'done.removed'));
        readPhrases().catch(() => {}); // an event says so, too
      },
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  return (
    <Dialog title={fresh ? t('phrase.add') : t('phrase.change_of', { name: phrase.name })} onClose={onClose} name="phrase">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === '') setError(t('action.no_text'));
          else put(text.trim());
        }}
      >
        <label>
          {t('phrase.name')}
          <input data-focus value={name} disabled={!fresh} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <label>
          {t('key.language')}
          <select value={code} disabled={!fresh} onChange={(event) => setCode(event.currentTarget.value)}>
            <option value="en">English</option>
            <option value="zh">简体中文</option>
          </select>
        </label>
        <label>
          {t('phrase.text')}
          <textarea rows={5} dir="auto" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <p class="hint">{t('phrase.variables')}</p>
        <p class="error" role="alert">{error}</p>
        <div class="dialog-acts">
          {!fresh && <button type="button" class="danger" onClick={() => put('')}>{t('remove')}</button>}
          <button type="submit" class="primary">{t('save')}</button>
        </div>
      </form>
    </Dialog>
  );
}
