// The window in which something is done with a conversation.
import type { Chat } from '../../desk/types';
import { afterRender, offered, run } from '../../keys/keyboard';
import { actions } from '../../keys/table';
import { t } from '../../text/i18n';
import { Hint } from '../../ui/bits';
import { Dialog } from '../../ui/dialog';
import { keyText } from '../help';
import { AskDialog } from './ask_dialog';
import { CallDialog } from './call_dialog';
import { CaseDialog } from './case_dialog';
import { FlagDialog, NoteDialog, TransferDialog } from './dialogs';
import { HoldDialog } from './hold_dialog';

export type Window = 'transfer' | 'note' | 'flag' | 'hold' | 'case' | 'call' | 'ask' | 'more';

interface Props {
  chat: Chat;
  shown: Window;
  onClose: () => void;
  onNext: () => void;
}

export function ConversationWindow({ chat, shown, onClose, onNext }: Props) {
  switch (shown) {
    case 'transfer':
      return <TransferDialog chat={chat} onClose={onClose} onDone={onNext} />;
    case 'note':
      return <NoteDialog chat={chat} onClose={onClose} />;
    case 'flag':
      return <FlagDialog chat={chat} onClose={onClose} />;
    case 'hold':
      return <HoldDialog chat={chat} onClose={onClose} />;
    case 'case':
      return <CaseDialog chat={chat} onClose={onClose} />;
    case 'call':
      return <CallDialog about={{ chat: chat.id }} onClose={onClose} />;
    case 'ask':
      return <AskDialog chat={chat.chat} onClose={onClose} />;
    case 'more':
      return <MoreDialog chat={chat} onClose={onClose} />;
  }
}

// Everything that can be done with it, for whoever has no keyboard.
const more = [
  'chat.hold', 'chat.ask', 'chat.note', 'chat.case', 'chat.call', 'chat.transfer', 'chat.claim', 'chat.flag', 'chat.supervisor',
  'chat.attach', 'chat.kept', 'chat.answer_colleague', 'chat.block',
];

const MoreDialog = ({ chat, onClose }: { chat: Chat; onClose: () => void }) => (
  <Dialog title={t('chat.number', { chat: chat.chat })} onClose={onClose} name="more">
    <div class="choices">
      {actions.filter((one) => more.includes(one.id) && offered(one.id)).map((one, i) => (
        <button
          type="button"
          key={one.id}
          data-focus={i === 0 ? '' : undefined}
          onClick={() => {
            onClose();
            afterRender(() => run(one.id)); // after the dialog has gone
          }}
        >
          {t(one.label)} <Hint keys={keyText(one.keys[0] ?? '')} />
        </button>
      ))}
    </div>
  </Dialog>
);
