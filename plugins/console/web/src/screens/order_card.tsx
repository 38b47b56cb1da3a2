// An order with its parcels, what was done to it, and what can be done.
import { useState } from 'preact/hooks';
import { mayAct, now } from '../desk/store';
import type { DeskRequest, Order, Parcel } from '../desk/types';
import { dateTime, money, short } from '../text/format';
import { t, word } from '../text/i18n';
import { address, line } from '../text/plain';
import { Tag, Words } from '../ui/bits';
import { Icon } from '../ui/icon';
import { OutcomeMark, Resolve } from './inbox/entry';
import { kindsOf, OrderAction, type ActionKind } from './order_action';
import { OrderWork } from './order_work';
import { stations, troubles } from './parcel';

export function OrderCard({ order, open, onDone }: { order: Order; open: boolean; onDone?: () => void }) {
  const [action, setAction] = useState<ActionKind | null>(null);
  const [shown, setShown] = useState(open);
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
        </div>
      )}
      {action && <OrderAction order={order} kind={action} onClose={() => setAction(null)} onDone={onDone} />}
    </details>
  );
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
