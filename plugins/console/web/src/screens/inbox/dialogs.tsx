// What is done with a chat: transfer, note, flag.
import { useRef, useState } from 'preact/hooks';
import { touchChat } from '../../desk/live';
import { call, me, memberName, members, sentence } from '../../desk/store';
import type { Chat } from '../../desk/types';
import { t, word } from '../../text/i18n';
import { Hint } from '../../ui/bits';
import { Dialog } from '../../ui/dialog';
import { DialogForm, TextField } from '../../ui/form';
import { say } from '../../ui/toast';

// Who can be given a chat: each other member, then each role that somebody has.
export function targetsOf(): { id: number | string; name: string; state: string; keys: string }[] {
  const others = members.value.filter((m) => m.number !== me.value);
  const roles = [...new Set(members.value.map((m) => m.role).filter(Boolean))];
  return [
    ...others.map((m) => ({
      id: m.number,
      name: m.name,
      state: `${word('presence', m.presence)} · ${t('member.open', { n: m.open, limit: m.limit })}`,
      keys: String(m.number),
    })),
    ...roles.map((role) => ({ id: role, name: word('role', role), state: t('transfer.role'), keys: role[0] ?? '' })),
  ];
}

interface Props {
  chat: Chat;
  onClose: () => void;
}

export function TransferDialog({ chat, onClose, onDone }: Props & { onDone: () => void }) {
  const targets = targetsOf();
  const [to, setTo] = useState(targets[0]?.id);
  const [note, setNote] = useState('');
  const [error, setError] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const submit = (): void => {
    if (to === undefined) return setError(t('transfer.nobody'));
    if (note.trim() === '') {
      setError(t('transfer.note_needed'));
      field.current?.focus();
      return;
    }
    call('desk.transfer', { chat: chat.id, member: me.value, to, note: note.trim() }).then(
      () => {
        onClose();
        say(t('done.transferred', { chat: chat.chat, name: typeof to === 'number' ? memberName(to) : word('role', to) }));
        touchChat();
        onDone();
      },
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  return (
    <Dialog title={t('transfer.title', { chat: chat.chat })} onClose={onClose} name="transfer">
      <DialogForm submit={submit} act={t('act.transfer')} error={error}>
        <fieldset
          class="targets"
          onKeyDown={(event) => {
            // A member's number or a role's first letter chooses, and goes on to the note.
            const target = targets.find((one) => one.keys === event.key);
            if (!target || event.ctrlKey || event.altKey || event.metaKey) return;
            event.preventDefault();
            setTo(target.id);
            field.current?.focus();
          }}
        >
          <legend>{t('transfer.to')}</legend>
          {targets.map((one, i) => (
            <label key={one.id} class="target">
              <input
                type="radio"
                name="to"
                checked={to === one.id}
                data-focus={i === 0 ? '' : undefined}
                onChange={() => setTo(one.id)}
              />
              <span>
                <strong>{one.name}</strong> <small>{one.state}</small>
              </span>
              <Hint keys={one.keys} />
            </label>
          ))}
          {targets.length === 0 && <p>{t('transfer.nobody')}</p>}
        </fieldset>
        <TextField label={t('transfer.note')} value={note} onText={setNote} submit={submit} required field={field} />
      </DialogForm>
    </Dialog>
  );
}

// One text, and Enter.
function TextDialog({ chat, onClose, kind }: Props & { kind: 'note' | 'flag' }) {
  const [text, setText] = useState('');
  const [error, setError] = useState('');
  const submit = (): void => {
    if (text.trim() === '') return;
    const params = kind === 'note' ? { text: text.trim() } : { topic: text.trim() };
    call(kind === 'note' ? 'desk.note' : 'desk.flag', { chat: chat.id, member: me.value, ...params }).then(
      () => {
        onClose();
        say(t(kind === 'note' ? 'done.noted' : 'done.flagged'));
        touchChat();
      },
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  const topics = [...new Set(members.value.flatMap((m) => m.experts))];
  return (
    <Dialog title={t(kind === 'note' ? 'note.title' : 'flag.title')} onClose={onClose} name={kind}>
      <DialogForm submit={submit} act={t(kind === 'note' ? 'act.note' : 'act.flag')} error={error}>
        {kind === 'note' ? (
          <TextField label={t('note.text')} value={text} onText={setText} submit={submit} rows={4} focus />
        ) : (
          <label>
            {t('flag.topic')}
            <input data-focus value={text} list="flag-topics" onInput={(event) => setText(event.currentTarget.value)} />
          </label>
        )}
        {kind === 'flag' && (
          <datalist id="flag-topics">
            {topics.map((topic) => <option key={topic} value={topic} />)}
          </datalist>
        )}
        <p class="hint">{t(kind === 'note' ? 'note.hint' : 'flag.hint')}</p>
      </DialogForm>
    </Dialog>
  );
}

export const NoteDialog = (props: Props) => <TextDialog {...props} kind="note" />;
export const FlagDialog = (props: Props) => <TextDialog {...props} kind="flag" />;
