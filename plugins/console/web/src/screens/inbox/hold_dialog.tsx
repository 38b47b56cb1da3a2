// A holding reply: the buyer hears when an answer comes, the desk keeps the time, and a colleague may be
// asked at once. Without a message it is a promise only the desk knows of.
import { useState } from 'preact/hooks';
import { outbox } from '../../desk/connection';
import { touchChat } from '../../desk/live';
import { call, me, sentence } from '../../desk/store';
import type { Chat } from '../../desk/types';
import { hasHan } from '../../phrases/match';
import { dictionaries, t, type Language } from '../../text/i18n';
import { Dialog } from '../../ui/dialog';
import { DialogForm, TextField } from '../../ui/form';
import { say } from '../../ui/toast';
import { targetsOf } from './dialogs';

const spans = [5, 10, 20, 60, 1_440]; // minutes
const usual = 20;
const minutesMax = 366 * 1_440;

// The buyer's language, by what they wrote last.
export const buyersLanguage = (chat: Chat): Language =>
  hasHan(chat.entries.filter((entry) => entry.kind === 'received').at(-1)?.text ?? chat.text ?? '') ? 'zh' : 'en';

const words = (chat: Chat, minutes: number): string => {
  const to = dictionaries[buyersLanguage(chat)];
  if (minutes % 1_440 === 0) return to['hold.words_days'].replace('{n}', String(minutes / 1_440));
  return minutes >= 60 && minutes % 60 === 0
    ? to['hold.words_hours'].replace('{n}', String(minutes / 60))
    : to['hold.words'].replace('{n}', String(minutes));
};

const spanText = (minutes: number): string =>
  minutes % 1_440 === 0 ? t('span.d', { n: minutes / 1_440 }) : minutes % 60 === 0 ? t('span.h', { n: minutes / 60 }) : t('span.min', { n: minutes });

export function HoldDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const [minutes, setMinutes] = useState(usual);
  const [own, setOwn] = useState<string | null>(null); // what was typed instead of the usual words
  const [silent, setSilent] = useState(false);
  const [to, setTo] = useState('');
  const [question, setQuestion] = useState('');
  const [error, setError] = useState('');
  const text = own ?? words(chat, minutes);
  const choose = (next: number): void => setMinutes(Math.min(Math.max(1, Math.round(next) || usual), minutesMax));
  const submit = (): void => {
    const said = text.trim();
    if (said === '') return setError(t('action.no_text'));
    if (to && question.trim() === '') return setError(t('ask.text_needed'));
    const ask = (): Promise<unknown> =>
      to ? call('desk.ask', { chat: chat.id, member: me.value, to: /^\d+$/.test(to) ? Number(to) : to, text: question.trim() }) : Promise.resolve();
    const promised = silent
      ? call('desk.promise', { chat: chat.id, member: me.value, text: said, in_minutes: minutes })
      : Promise.resolve(outbox.value?.send(chat.id, said, [], { in_minutes: minutes }));
    promised.then(ask).then(
      () => {
        onClose();
        say(t('done.promised', { time: spanText(minutes) }));
        touchChat();
      },
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  return (
    <Dialog title={t('hold.title', { chat: chat.chat })} onClose={onClose} name="hold">
      <DialogForm submit={submit} act={t(silent ? 'hold.keep' : 'reply.send')} error={error}>
        <fieldset class="row-choices">
          <legend>{t('hold.within')}</legend>
          {spans.map((one) => (
            <label key={one}>
              <input type="radio" name="minutes" checked={minutes === one} onChange={() => choose(one)} />
              {spanText(one)}
            </label>
          ))}
          <label class="hold-minutes">
            <input
              type="number"
              min={1}
              max={minutesMax}
              value={minutes}
              aria-label={t('hold.minutes')}
              onInput={(event) => choose(Number(event.currentTarget.value))}
            />
            {t('hold.minutes')}
          </label>
        </fieldset>
        <TextField label={t(silent ? 'hold.what' : 'hold.text')} value={text} onText={setOwn} submit={submit} focus />
        <label class="check">
          <input type="checkbox" checked={silent} onChange={() => setSilent(!silent)} />
          {t('hold.silent')}
        </label>
        <label>
          {t('ask.to')}
          <select class="ask-to" value={to} onChange={(event) => setTo(event.currentTarget.value)}>
            <option value="">{t('ask.nobody')}</option>
            {targetsOf().map((one) => <option key={one.id} value={String(one.id)}>{one.name}</option>)}
          </select>
        </label>
        {to && (
          <label>
            {t('ask.text')}
            <textarea rows={2} dir="auto" value={question} onInput={(event) => setQuestion(event.currentTarget.value)} />
          </label>
        )}
      </DialogForm>
    </Dialog>
  );
}
