// Orders: the latest, or those of a number, name, address, telephone number or waybill.
// /orders, /orders/T_1001
import { useLayoutEffect, useState } from 'preact/hooks';
import { findOrders } from '../desk/orders';
import { call, orderNews } from '../desk/store';
import type { Order } from '../desk/types';
import { useActions } from '../keys/keyboard';
import { composes } from '../keys/composition';
import { t } from '../text/i18n';
import { Empty, Failed, Loading } from '../ui/bits';
import { go, parts, path } from '../ui/router';
import { useAnswer } from './asked';
import { OrderCard } from './order_card';

const latestMax = 50;

export function Orders() {
  const number = parts(path.value)[1] ?? '';
  const [typed, setTyped] = useState(number);
  useLayoutEffect(() => setTyped(number), [number]); // before a key can come
  useActions({
    'chat.phrase': () => document.querySelector<HTMLElement>('.orders-find')?.focus(),
    'list.search': () => document.querySelector<HTMLElement>('.orders-find')?.focus(),
    'chat.action': () => document.querySelector<HTMLElement>('.order-acts button')?.focus(),
  });
  return (
    <div class="screen">
      <header class="screen-head">
        <h1>{t('nav.orders')}</h1>
        <a href="/ledgers/problems">{t('sheet.problems')}</a>
        <form
          class="find"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            go(typed.trim() ? `/orders/${encodeURIComponent(typed.trim())}` : '/orders');
          }}
        >
          <input
            class="orders-find"
            type="search"
            value={typed}
            aria-label={t('orders.find')}
            placeholder={t('orders.find')}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onKeyDown={(event) => composes(event) && event.stopPropagation()}
          />
          <button type="submit">{t('find')}</button>
        </form>
      </header>
      <Found key={number} number={number} />
    </div>
  );
}

function Found({ number }: { number: string }) {
  const { found, failed, again } = useAnswer<Order[]>(
    async () => (number ? findOrders(number) : (await call<{ orders: Order[] }>('desk.orders', { limit: latestMax })).orders),
    [number, orderNews.value],
  );
  if (failed && !found) return <Failed text={failed} again={again} />;
  const orders = found;
  if (!orders) return <Loading />;
  if (orders.length === 0) {
    return (
      <Empty icon="orders" title={number ? t('orders.none', { number }) : t('orders.empty')}>
        <p>{number ? t('orders.none_text') : t('orders.empty_text')}</p>
        <p>
          {number ? <a href="/orders">{t('orders.latest')}</a> : <a href="/settings/plugins">{t('settings.plugins')}</a>}
        </p>
      </Empty>
    );
  }
  return (
    <>
      <h2 class="screen-sub">{number ? t('orders.found', { n: orders.length }) : t('orders.latest')}</h2>
      <div class="order-list">
        {orders.map((order) => (
          <OrderCard key={order.id} order={order} open={number !== ''} onDone={again} />
        ))}
      </div>
    </>
  );
}
