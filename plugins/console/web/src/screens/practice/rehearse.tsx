// One recorded buyer, answered against the clock.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { memberName, me, phrases } from '../../desk/store';
import { sends } from '../../keys/composition';
import { useActions } from '../../keys/keyboard';
import { findPhrases, typedPhrase } from '../../phrases/match';
import { readings, wantReadings } from '../../phrases/pinyin';
import { usesOf } from '../../phrases/uses';
import { expand } from '../../phrases/variables';
import {
  answer, begin, ended, score, targetOf, wait, warningMs, type Dialogue, type Lexicon, type State,
} from '../../practice/rehearsal';
import { span } from '../../text/format';
import { t, type Key, type Language } from '../../text/i18n';
import { Hint, Tag } from '../../ui/bits';
import { go } from '../../ui/router';
import { PhraseList } from '../inbox/phrase_list';

const tickMs = 500;

interface Props {
  dialogue: Dialogue;
  lexicon: Lexicon;
  language: Language;
  onEnd: (points: number) => void;
  onNext: () => void;
}

export function Rehearse({ dialogue, lexicon, language, onEnd, onNext }: Props) {
  const [state, setState] = useState<State>(() => begin(dialogue, Date.now()));
  const [now, setNow] = useState(Date.now());
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const field = useRef<HTMLTextAreaElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const over = ended(dialogue, state);
  const tag = language === 'zh' ? 'zh-CN' : 'en';
  useEffect(() => {
    if (over) return onEnd(score(state)), undefined;
    const timer = setInterval(() => {
      setNow(Date.now());
      setState((was) => wait(dialogue, was, Date.now()));
    }, tickMs);
    return () => clearInterval(timer);
  }, [over]);
  useLayoutEffect(() => {
    const box = list.current;
    if (box) box.scrollTop = box.scrollHeight;
  }, [state.lines.length]);
  useLayoutEffect(() => field.current?.focus(), []);
  const again = (): void => {
    setState(begin(dialogue, Date.now()));
    setText('');
    setTimeout(() => field.current?.focus());
  };
  useActions({
    'chat.reply': !over && (() => field.current?.focus()),
    'chat.phrase': !over && (() => (field.current?.focus(), setText('/'))),
    'list.next': over && onNext,
    'list.open': over && again,
  });

  const asked = over ? null : typedPhrase(text, text.length);
  useEffect(() => {
    if (asked) wantReadings();
  }, [asked !== null]);
  const found = asked ? findPhrases(phrases.value, asked.typed, readings.value, language, usesOf()) : [];
  const take = (words: string): void => {
    const { text: expanded } = expand(words, { buyer: dialogue.buyer, agent: memberName(me.value), order: 'T-1042', parcel: 'SF1042' });
    setText(text.slice(0, asked?.from ?? text.length) + expanded);
    setAt(0);
    field.current?.focus();
  };
  const send = (): void => {
    setState(answer(dialogue, lexicon, state, text, Date.now()));
    setText('');
  };
  const waited = now - state.asked;
  const target = targetOf(state.step);
  const colour = waited >= warningMs ? 'red' : waited > target ? 'amber' : 'green';
  return (
    <section class="panel rehearse" aria-label={t(dialogue.title)}>
      <header class="panel-head">
        <h2>{t(dialogue.title)}</h2>
        {!over && <Tag kind={`wait ${colour}`}>{t('practice.waits', { time: span(Math.max(waited, 0)), target: span(target) })}</Tag>}
        <a href="/practice">{t('practice.leave')}</a>
      </header>
      <div class="entries practice-entries" ref={list} tabIndex={0} role="log" aria-label={t('conversation')}>
        {state.lines.map((line, i) => (
          <div key={i} class={line.who === 'me' ? 'entry ours' : 'entry theirs'}>
            <p class="entry-who">
              {line.who === 'me' ? memberName(me.value) : <bdi lang={tag}>{dialogue.buyer}</bdi>}
              {line.tookMs !== undefined && <> · {t(line.late ? 'practice.late' : 'practice.took', { time: span(line.tookMs) })}</>}
            </p>
            <div class="bubble" dir="auto" lang={tag}>{line.text}</div>
          </div>
        ))}
      </div>
      {over ? (
        <Result state={state} again={again} onNext={onNext} />
      ) : (
        <form class="practice-write" onSubmit={(event) => (event.preventDefault(), send())}>
          {asked && <PhraseList found={found} at={at} typed={asked.typed} onTake={(phrase) => take(phrase.text)} />}
          <textarea
            ref={field}
            rows={2}
            dir="auto"
            value={text}
            aria-label={t('reply.label')}
            placeholder={t('reply.placeholder')}
            onInput={(event) => (setText(event.currentTarget.value), setAt(0))}
            onKeyDown={(event) => {
              if (asked && found.length > 0) {
                if (event.key === 'ArrowDown') setAt((at + 1) % found.length);
                else if (event.key === 'ArrowUp') setAt((at + found.length - 1) % found.length);
                else if (sends(event)) take(found[at]!.phrase.text);
                else return;
                return event.preventDefault();
              }
              if (!sends(event)) return;
              event.preventDefault();
              send();
            }}
          />
          <button type="submit" class="primary" disabled={text.trim() === ''}>{t('reply.send')} <Hint keys="Enter" /></button>
        </form>
      )}
    </section>
  );
}

function Result({ state, again, onNext }: { state: State; again: () => void; onNext: () => void }) {
  const wishes = (list: string[]): string => list.map((one) => t(`wish.${one}` as Key)).join(', ');
  const next = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => next.current?.focus(), []);
  return (
    <div class="practice-result" role="status">
      <p class="practice-score">{t('practice.score', { n: score(state) })}</p>
      <div class="table" tabIndex={0} role="region" aria-label={t('practice.marks')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('practice.answer')}</th>
              <th scope="col">{t('practice.time')}</th>
              <th scope="col">{t('practice.target')}</th>
              <th scope="col">{t('practice.had')}</th>
              <th scope="col">{t('practice.lacked')}</th>
              <th scope="col">{t('practice.points')}</th>
            </tr>
          </thead>
          <tbody>
            {state.marks.map((mark, i) => (
              <tr key={i}>
                <th scope="row">{i + 1}</th>
                <td>{span(mark.tookMs)}</td>
                <td>{span(mark.targetMs)}</td>
                <td class="wide-cell">{wishes(mark.met) || '–'}</td>
                <td class="wide-cell">{wishes(mark.missed) || '–'}</td>
                <td>{mark.points}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">{t('practice.how')}</p>
      <div class="acts">
        <button type="button" class="primary" ref={next} onClick={onNext}>{t('practice.next')} <Hint keys="n" /></button>
        <button type="button" onClick={again}>{t('practice.again')} <Hint keys="o" /></button>
        <button type="button" onClick={() => go('/practice')}>{t('practice.leave')}</button>
      </div>
    </div>
  );
}
