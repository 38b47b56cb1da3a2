// A colleague is asked, or answers what they were asked: the answer comes back into the chat.
import { useState } from 'preact/hooks';
import { touchChat } from '../../desk/live';
import { call, me, memberName, sentence } from '../../desk/store';
import type { Question } from '../../desk/work';
import { t } from '../../text/i18n';
import { message } from '../../text/plain';
import { Dialog } from '../../ui/dialog';
import { DialogForm, TextField } from '../../ui/form';
import { say } from '../../ui/toast';
import { targetsOf } from './dialogs';

// With a question: its answer.
export function AskDialog({ chat, question, onClose }: { chat: number; question?: Question; onClose: () => void }) {
  const targets = targetsOf();
  const [to, setTo] = useState(String(targets[0]?.id ?? ''));
  const [text, setText] = useState('');
  const [error, setError] = useState('');
  const submit = (): void => {
    const words = text.trim();
    if (words === '') return setError(t('ask.text_needed'));
    if (!question && !to) return setError(t('transfer.nobody'));
    const asked = question
      ? call('desk.answer', { question: question.question, member: me.value, text: words })
      : call('desk.ask', { chat, member: me.value, to: /^\d+$/.test(to) ? Number(to) : to, text: words });
    asked.then(
      () => {
        onClose();
        say(t(question ? 'done.answered' : 'done.asked'));
        touchChat();
      },
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  return (
    <Dialog
      title={question ? t('ask.answer_title', { name: memberName(question.from) }) : t('ask.title', { chat })}
      onClose={onClose}
      name={question ? 'answer' : 'ask'}
    >
      <DialogForm submit={submit} act={t(question ? 'ask.do_answer' : 'ask.do')} error={error}>
        {question ? (
          <div class="bubble note" dir="auto">{message(question.text ?? '')}</div>
        ) : (
          <label>
            {t('ask.to')}
            <select class="ask-to" value={to} onChange={(event) => setTo(event.currentTarget.value)}>
              {targets.map((one) => <option key={one.id} value={String(one.id)}>{one.name} · {one.state}</option>)}
            </select>
          </label>
        )}
        <TextField label={t(question ? 'ask.answer' : 'ask.text')} value={text} onText={setText} submit={submit} focus />
        <p class="hint">{t('ask.hint')}</p>
      </DialogForm>
    </Dialog>
  );
}
