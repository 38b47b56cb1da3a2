// An order with its parcels, what was done to it, and what can be done.
import { useEffect, useState } from 'preact/hooks';
import { touchChat } from '../desk/live';
import { call, mayAct, me, now } from '../desk/store';
import type { DeskRequest, Order, Parcel } from '../desk/types';
import { dateTime, money, short } from '../text/format';
import { t, word } from '../text/i18n';
import { address, line } from '../text/plain';
import { Tag, Words } from '../ui/bits';
import { Icon } from '../ui/icon';
import { say } from '../ui/toast';
import { useAsked } from './asked';
import { OutcomeMark, Resolve } from './inbox/entry';
import { kindsOf, OrderAction, type ActionKind } from './order_action';
import { WordsDialog } from './offers';
import { OrderWork } from './order_work';
import { stations, troubles } from './parcel';
import { refused } from './refused';

const waits = new Set(['open', 'paid']); // not sent yet

export function OrderCard({ order, open, onDone }: { order: Order; open: boolean; onDone?: () => void }) {
  const [action, setAction] = useState<ActionKind | null>(null);
  const [shown, setShown] = useState(open);
  const [asking, setAsking] = useState(false);
  const where = address(order.address);
  return (
    <details class="order" open={open} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>
        <span class="order-number"><Words text={order.number || order.id.slice(0, 8)} /></span>
        <span class="order-total">{money(order.total, order.currency)}</span>
        <span class="order-state">
          <Tag>{word('order', order.state)}</Tag>
          {order.payment !== order.state && <Tag>{word('payment', order.payment)}</Tag>}
          {order.parcels.some((p) => troubles.has(p.status)) && (
            <Tag kind="flag"><Icon name="alert" />{t('order.trouble')}</Tag>
          )}
          {order.link !== 'own' && <Tag>{t(`link.${order.link}`)}</Tag>}
        </span>
      </summary>
      <p class="hint">
        {t('order.placed', { time: dateTime(order.placed_ms), shop: order.shop })}
      </p>
      <ul class="lines">
        {order.lines.map((one, i) => (
          <li key={i}>
            <span>{one.quantity} ×</span> <Words text={one.name || one.sku} />{' '}
            <span class="price">{money(one.price * one.quantity, order.currency)}</span>
          </li>
        ))}
      </ul>
      {(order.name || where) && (
        <p class="address" dir="auto"><Words text={order.name} /> {where}</p>
      )}
      {order.parcels.map((parcel) => <ParcelView key={parcel.id} parcel={parcel} />)}
      {shown && <OrderWork order={order} onDone={onDone} />}
      {order.requests.map((one) => <RequestView key={one.request} request={one} />)}
      {mayAct.value && (
        <div class="order-acts" role="group" aria-label={t('order.acts', { number: line(order.number) })}>
          {kindsOf(order).map((kind) => (
            <button type="button" class="small" key={kind} onClick={() => setAction(kind)}>
              {t(`kind.${kind}`)}
            </button>
          ))}
          {waits.has(order.state) && (
            <button type="button" class="small" onClick={() => setAsking(true)}>{t('confirm.order')}</button>
          )}
        </div>
      )}
      {asking && <ConfirmOrder order={order} onClose={() => setAsking(false)} />}
      {action && <OrderAction order={order} kind={action} onClose={() => setAction(null)} onDone={onDone} />}
    </details>
  );
}

// Before it is sent: items, address, courier and date, in the buyer's language, looked over by whoever sends it.
function ConfirmOrder({ order, onClose }: { order: Order; onClose: () => void }) {
  const { found, failed } = useAsked<{ text: string; chat?: number }>('desk.order_words', { params: () => ({ order: order.id }) });
  const send = (text: string): void => {
    onClose();
    call('desk.reply', { chat: found?.chat, text, member: me.value }).then(() => {
      say(t('done.told'));
      touchChat();
    }, refused);
  };
  useEffect(() => {
    if (!failed && (!found || found.chat !== undefined)) return;
    onClose();
    say(failed || t('confirm.no_chat'), true);
  }, [failed, found]);
  if (!found || found.chat === undefined) return null;
  return <WordsDialog title={t('confirm.order')} label={t('hold.text')} first={found.text} onClose={onClose} onWords={send} />;
}

// The usual way of a parcel as a line of stations, and what the carrier said last.
function ParcelView({ parcel }: { parcel: Parcel }) {
  const { steps, at } = stations(parcel.status);
  const trouble = troubles.has(parcel.status);
  return (
    <div class={trouble ? 'parcel trouble' : 'parcel'}>
      <p class="parcel-head">
        <Icon name={trouble ? 'alert' : 'truck'} />
        <strong>{word('parcel', parcel.status)}</strong>
        <span><Words text={parcel.carrier} /></span>
        <code><Words text={parcel.tracking} /></code>
      </p>
      <ol class="stations" aria-label={t('parcel.way')}>
        {steps.map((step, i) => (
          <li
            key={step}
            class={i < at ? 'past' : i === at ? (trouble ? 'here trouble' : 'here') : ''}
            aria-current={i === at ? 'step' : undefined}
          >
            <span>{word('parcel', step)}</span>
          </li>
        ))}
      </ol>
      <p class="hint">
        {short(parcel.at_ms, now.value)} <Words text={parcel.raw_text} most={160} />
      </p>
    </div>
  );
}

function RequestView({ request }: { request: DeskRequest }) {
  return (
    <div class="request">
      <p>
        {word('kind', request.kind)} · <OutcomeMark state={request.state} />{' '}
        <span class="hint">{short(request.made_ms, now.value)}</span>
      </p>
      {request.detail && request.state !== 'done' && <p class="hint" dir="auto">{line(request.detail, 200)}</p>}
      {request.state === 'unknown' && <Resolve request={request.request} />}
    </div>
  );
}
