// The chat becomes a case while somebody goes on typing in it: the answer begun stays where it is.
import { useState } from 'preact/hooks';
import { touchChat } from '../../desk/live';
import { call, me, sentence } from '../../desk/store';
import { caseKinds, severities } from '../../desk/work';
import type { Chat } from '../../desk/types';
import { t, word } from '../../text/i18n';
import { line } from '../../text/plain';
import { Dialog } from '../../ui/dialog';
import { DialogForm } from '../../ui/form';
import { say } from '../../ui/toast';
import { troubles } from '../parcel';

// What is most likely, by how the orders stand.
function likely(chat: Chat): { kind: string; order: string } {
  const stuck = chat.orders.find((order) => order.parcels.some((parcel) => troubles.has(parcel.status)));
  const parcel = stuck?.parcels.find((one) => troubles.has(one.status));
  const kind = parcel?.status === 'damaged' ? 'damaged' : parcel?.status === 'returned' ? 'return' : stuck ? 'lost' : 'question';
  return { kind, order: (stuck ?? chat.orders[0])?.id ?? '' };
}

export function CaseDialog({ chat, onClose }: { chat: Chat; onClose: () => void }) {
  const [first] = useState(() => likely(chat));
  const [kind, setKind] = useState(first.kind);
  const [order, setOrder] = useState(first.order);
  const [severity, setSeverity] = useState('normal');
  const [title, setTitle] = useState('');
  const [error, setError] = useState('');
  const submit = (): void => {
    call<{ case: number }>('desk.case_open', {
      chat: chat.id, member: me.value, kind, severity, order: order || undefined, title: title.trim() || undefined,
    }).then(
      (opened) => {
        onClose();
        say(t('done.case', { n: opened.case }));
        touchChat();
      },
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  return (
    <Dialog title={t('case.new', { chat: chat.chat })} onClose={onClose} name="case">
      <DialogForm submit={submit} act={t('case.open')} error={error}>
        <label>
          {t('sheet.kind')}
          <select data-focus class="case-kind" value={kind} onChange={(event) => setKind(event.currentTarget.value)} onKeyDown={enters(submit)}>
            {caseKinds.map((one) => <option key={one} value={one}>{word('case_kind', one)}</option>)}
          </select>
        </label>
        <label>
          {t('case.title')}
          <input value={title} dir="auto" maxLength={60} onInput={(event) => setTitle(event.currentTarget.value)} />
        </label>
        {chat.orders.length > 0 && (
          <label>
            {t('sheet.order')}
            <select value={order} onChange={(event) => setOrder(event.currentTarget.value)}>
              <option value="">–</option>
              {chat.orders.map((one) => <option key={one.id} value={one.id}>{line(one.number) || one.id.slice(0, 8)}</option>)}
            </select>
          </label>
        )}
        <label>
          {t('case.severity')}
          <select value={severity} onChange={(event) => setSeverity(event.currentTarget.value)}>
            {severities.map((one) => <option key={one} value={one}>{word('severity', one)}</option>)}
          </select>
        </label>
      </DialogForm>
    </Dialog>
  );
}

// Enter in a choice opens its list otherwise.
export const enters = (work: () => void) => (event: KeyboardEvent): void => {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  work();
};
