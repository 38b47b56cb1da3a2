// Refund, coupon, cancel, resend, note: asked for once more before it is done.
import { useState } from 'preact/hooks';
import { touchChat } from '../desk/live';
import { call, me, sentence } from '../desk/store';
import type { Order } from '../desk/types';
import { money, moneyInput, parseMoney } from '../text/format';
import { t } from '../text/i18n';
import { line } from '../text/plain';
import { Dialog } from '../ui/dialog';
import { say } from '../ui/toast';

export type ActionKind = 'refund' | 'coupon' | 'cancel' | 'resend' | 'order_note';

const couponDefault = 500; // minor units

// What is open to do with an order as it stands; the shop has the last word.
export function kindsOf(order: Order): ActionKind[] {
  const kinds: ActionKind[] = [];
  if (refundable(order) > 0) kinds.push('refund');
  kinds.push('coupon');
  const left = ['shipped', 'delivered', 'cancelled', 'returned'].includes(order.state);
  if (!left) kinds.push('cancel');
  else if (order.state !== 'cancelled') kinds.push('resend');
  kinds.push('order_note');
  return kinds;
}

// What was paid and not given back. How much went back earlier the order's `paid` tells in time.
const refundable = (order: Order): number => (order.payment === 'refunded' ? 0 : order.paid);

interface Props {
  order: Order;
  kind: ActionKind;
  onClose: () => void;
  onDone?: () => void;
}

export function OrderAction({ order, kind, onClose, onDone }: Props) {
  const withAmount = kind === 'refund' || kind === 'coupon';
  const withText = kind === 'order_note' || kind === 'cancel' || kind === 'refund';
  const [amount, setAmount] = useState(
    kind === 'refund' ? moneyInput(refundable(order), order.currency)
      : kind === 'coupon' ? moneyInput(couponDefault, order.currency) : '');
  const [text, setText] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const minor = withAmount ? parseMoney(amount, order.currency) : null;
  const number = line(order.number) || order.id.slice(0, 8);

  const submit = (event: Event): void => {
    event.preventDefault();
    if (withAmount && minor === null) return setError(t('action.bad_amount'));
    if (kind === 'refund' && minor !== null && minor > refundable(order)) {
      return setError(t('action.too_much', { most: money(refundable(order), order.currency) }));
    }
    if (kind === 'order_note' && text.trim() === '') return setError(t('action.no_text'));
    setBusy(true);
    call('desk.action', {
      kind,
      order: order.id,
      shop: order.shop,
      member: me.value,
      amount: minor ?? undefined,
      currency: minor === null ? undefined : order.currency,
      body: text.trim() ? { text: text.trim() } : undefined,
    }).then(
      (made) => {
        onClose();
        // Beyond the member's authority it waits for a supervisor (desk.approvals).
        const waits = typeof made === 'object' && made !== null && 'offer' in made;
        say(t(waits ? 'done.waits' : 'done.action', { kind: t(`kind.${kind}`), number }));
        touchChat();
        onDone?.();
      },
      (failed: unknown) => {
        setBusy(false);
        setError(sentence(failed));
      },
    );
  };

  return (
    <Dialog title={t('action.title', { kind: t(`kind.${kind}`), number })} onClose={onClose} name={`action-${kind}`}>
      <form onSubmit={submit}>
        <p>{t(`action.${kind}`)}</p>
        {withAmount && (
          <label>
            {t('action.amount', { currency: order.currency })}
            <input
              data-focus
              inputMode="decimal"
              value={amount}
              onInput={(event) => setAmount(event.currentTarget.value)}
            />
          </label>
        )}
        {withText && (
          <label>
            {t(kind === 'order_note' ? 'action.note' : 'action.reason')}
            <textarea
              data-focus={withAmount ? undefined : ''}
              rows={2}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
        )}
        <p class="error" role="alert">{error}</p>
        <div class="dialog-acts">
          <button type="button" onClick={onClose}>{t('cancel')}</button>
          <button type="submit" class="primary" disabled={busy} data-focus={withAmount || withText ? undefined : ''}>
            {minor !== null
              ? t('action.do_amount', { kind: t(`kind.${kind}`), amount: money(minor, order.currency) })
              : t(`kind.${kind}`)}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
