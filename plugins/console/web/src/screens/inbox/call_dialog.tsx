// A telephone call, written down as part of the conversation, or of a case.
import { useState } from 'preact/hooks';
import { touchChat } from '../../desk/live';
import { call, me, sentence } from '../../desk/store';
import { parties } from '../../desk/work';
import { t, word } from '../../text/i18n';
import { Dialog } from '../../ui/dialog';
import { DialogForm, TextField } from '../../ui/form';
import { say } from '../../ui/toast';

const minutesMax = 24 * 60;

interface Props {
  about: { chat?: string; case?: number };
  onClose: () => void;
  onDone?: () => void;
}

export function CallDialog({ about, onClose, onDone }: Props) {
  const [direction, setDirection] = useState('out');
  const [party, setParty] = useState('buyer');
  const [answered, setAnswered] = useState(true);
  const [minutes, setMinutes] = useState('');
  const [text, setText] = useState('');
  const [error, setError] = useState('');
  const submit = (): void => {
    const long = minutes.trim() === '' ? undefined : Number(minutes.replace(',', '.'));
    if (long !== undefined && !(long >= 0 && long <= minutesMax)) return setError(t('call.bad_minutes'));
    call('desk.call', {
      ...about, member: me.value, direction, party, answered, text: text.trim(),
      seconds: long === undefined ? undefined : Math.round(long * 60),
    }).then(
      () => {
        onClose();
        say(t('done.called'));
        touchChat();
        onDone?.();
      },
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  return (
    <Dialog title={t('call.title')} onClose={onClose} name="call">
      <DialogForm submit={submit} act={t('save')} error={error}>
        <TextField label={t('call.text')} value={text} onText={setText} submit={submit} focus />
        <fieldset class="row-choices">
          <legend>{t('call.direction')}</legend>
          {['out', 'in'].map((one) => (
            <label key={one}>
              <input type="radio" name="direction" checked={direction === one} onChange={() => setDirection(one)} />
              {word('direction', one)}
            </label>
          ))}
        </fieldset>
        <label>
          {t('call.party')}
          <select value={party} onChange={(event) => setParty(event.currentTarget.value)}>
            {parties.map((one) => <option key={one} value={one}>{word('party', one)}</option>)}
          </select>
        </label>
        <label>
          {t('call.minutes')}
          <input inputMode="decimal" value={minutes} onInput={(event) => setMinutes(event.currentTarget.value)} />
        </label>
        <label class="check">
          <input type="checkbox" checked={answered} onChange={() => setAnswered(!answered)} />
          {t('call.was_answered')}
        </label>
      </DialogForm>
    </Dialog>
  );
}
