// Offers: what was proposed to a buyer, how far it is, and the next step. Nothing is given before the
// buyer, and where needed a supervisor, said yes.
import { useState } from 'preact/hooks';
import { BusError } from '../bus/client';
import { touchChat } from '../desk/live';
import { actsOf, bad, readBackWords, stepsText, waitsForApproval, type Offer, type OfferAct, type Standard } from '../desk/money';
import { call, mayAct, me, memberName, now, sentence } from '../desk/store';
import { short } from '../text/format';
import { t, word, type Key } from '../text/i18n';
import { Tag, Words } from '../ui/bits';
import { Dialog } from '../ui/dialog';
import { DialogForm, TextField } from '../ui/form';
import { say } from '../ui/toast';
import { useAsked } from './asked';
import { WhyDialog } from './ledgers/why_dialog';
import { refused } from './refused';

const methods: Record<OfferAct, string> = {
  read_back: 'desk.offer_read_back', confirm: 'desk.offer_confirm', decline: 'desk.offer_end', withdraw: 'desk.offer_end',
  approve: 'desk.approve', refuse: 'desk.refuse',
};
const ends: Partial<Record<OfferAct, string>> = { decline: 'declined', withdraw: 'withdrawn' };
// A reason goes on record; what the buyer said may be in the chat already.
const asksWhy: readonly OfferAct[] = ['approve', 'refuse'];

export function OfferCard({ offer, onDone }: { offer: Offer; onDone: () => void }) {
  const [asked, setAsked] = useState<OfferAct | null>(null);
  const send = (act: OfferAct, text: string): void => {
    setAsked(null);
    const words = asksWhy.includes(act) ? { reason: text } : text ? { text } : {};
    const how = ends[act];
    call(methods[act], { offer: offer.offer, member: me.value, ...words, ...(how && { how }) }).then(() => {
      say(t(`offer_done.${act}` as Key));
      touchChat();
      onDone();
    }, (error: unknown) => {
      // The buyer has not answered in the chat: somebody writes down what was said elsewhere.
      if (act === 'confirm' && !text && error instanceof BusError && error.where === 'text') setAsked(act);
      else refused(error);
    });
  };
  const start = (act: OfferAct): void => {
    if (asksWhy.includes(act) || act === 'read_back' || (act === 'confirm' && offer.chat === undefined)) setAsked(act);
    else send(act, '');
  };
  return (
    <div class="request offer" data-offer={offer.offer} data-state={offer.state}>
      <p>
        <strong>{stepsText(offer.steps, offer.currency)}</strong>{' '}
        <Tag kind={bad(offer.state) ? 'flag' : undefined}>{word('offer', offer.state)}</Tag>{' '}
        <span class="hint">
          {offer.member !== undefined && memberName(offer.member)} {short(offer.proposed_ms, now.value)}
        </span>
      </p>
      {offer.text && <p class="hint"><Words text={offer.text} most={200} /></p>}
      {waitsForApproval(offer) && (
        <p class="hint">
          {t('offer.beyond', { limits: offer.needs!.map((one) => word('limit', one)).join(', ') })}{' '}
          {(offer.approvers ?? []).length > 0 && t('offer.approvers', { names: offer.approvers!.map(memberName).join(', ') })}
        </p>
      )}
      {offer.answered_text && (
        <p class="hint">{memberName(offer.answered_by)}: <Words text={offer.answered_text} most={200} /></p>
      )}
      {mayAct.value && (
        <p class="offer-acts">
          {actsOf(offer, me.value).map((act) => (
            <button type="button" class="small" key={act} onClick={() => start(act)}>{t(`offer_act.${act}`)}</button>
          ))}
        </p>
      )}
      {asked === 'read_back' || asked === 'confirm' ? (
        <WordsDialog
          title={t(`offer_act.${asked}`)}
          label={t(asked === 'confirm' || offer.chat === undefined ? 'offer.said' : 'hold.text')}
          first={asked === 'read_back' ? readBackWords(offer.steps, offer.currency) : ''}
          onClose={() => setAsked(null)}
          onWords={(text) => send(asked, text)}
        />
      ) : asked && <WhyDialog onClose={() => setAsked(null)} onWhy={(why) => send(asked, why)} />}
    </div>
  );
}

// Words that somebody looks over before they are sent.
export function WordsDialog({ title, label, first, onClose, onWords }: {
  title: string; label: string; first: string; onClose: () => void; onWords: (text: string) => void;
}) {
  const [text, setText] = useState(first);
  const submit = (): void => {
    if (text.trim()) onWords(text.trim());
  };
  return (
    <Dialog title={title} onClose={onClose} name="words">
      <DialogForm submit={submit} act={t('reply.send')}>
        <TextField label={label} value={text} onText={setText} submit={submit} rows={4} focus />
      </DialogForm>
    </Dialog>
  );
}

// One of the standard offers: what it comes to, and with a chat what the buyer is asked. Enter proposes
// it and reads it back.
export function ProposeDialog({ order, standard, chat, number, onClose, onDone }: {
  order: string; standard: string; chat: number | undefined; number: string; onClose: () => void; onDone: () => void;
}) {
  const { found, failed } = useAsked<{ offers: Standard[] }>('desk.offer_standard', { params: () => ({ order, member: me.value }) });
  const offer = found?.offers.find((one) => one.standard === standard);
  const [typed, setTyped] = useState<string | null>(null);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const text = typed ?? (offer ? readBackWords(offer.steps, offer.currency) : '');
  const submit = (): void => {
    if (busy || !offer) return;
    setBusy(true);
    call<{ offer: string; needs?: string[] }>('desk.offer_propose', {
      order, standard, chat, member: me.value, liable: 'courier', cause: 'courier',
    })
      .then((made) => (chat === undefined ? null : call('desk.offer_read_back', { offer: made.offer, text, member: me.value })))
      .then(() => {
        onClose();
        say(t('done.offered', { number }));
        touchChat();
        onDone();
      })
      .catch((failure: unknown) => {
        setBusy(false);
        setError(sentence(failure));
        onDone(); // it may have been proposed
      });
  };
  if (!found && !failed) return null; // a window that opens has the focus where it belongs
  return (
    <Dialog title={t('offer.title', { number })} onClose={onClose} name={`offer-${standard}`}>
      {!offer && found && <p class="error" role="alert">{t('offer.none')}</p>}
      {failed && <p class="error" role="alert">{failed}</p>}
      {offer && (
        <DialogForm submit={submit} act={t(chat === undefined ? 'offer.propose' : 'offer.propose_send')} error={error} focus={chat === undefined}>
          <p><strong>{stepsText(offer.steps, offer.currency)}</strong></p>
          {chat === undefined ? <p class="hint">{t('offer.no_chat')}</p> : (
            <TextField label={t('hold.text')} value={text} onText={setTyped} submit={submit} rows={4} focus />
          )}
        </DialogForm>
      )}
    </Dialog>
  );
}
