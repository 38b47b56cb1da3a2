// Orders: the latest, or those of a number. /orders, /orders/T_1001
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { call, link, orderNews, sentence } from '../desk/store';
import type { Order } from '../desk/types';
import { useActions } from '../keys/keyboard';
import { composes } from '../keys/composition';
import { t } from '../text/i18n';
import { Empty, Failed, Loading } from '../ui/bits';
import { go, parts, path } from '../ui/router';
import { OrderCard } from './order_card';

const latestMax = 50;

export function Orders() {
  const number = parts(path.value)[1] ?? '';
  const [orders, setOrders] = useState<Order[] | null>(null);
  const [failed, setFailed] = useState('');
  const [typed, setTyped] = useState(number);
  const [round, setRound] = useState(0);
  const up = link.value === 'open';
  const news = orderNews.value;

  useLayoutEffect(() => setTyped(number), [number]); // before a key can come
  useEffect(() => {
    if (!up) return undefined;
    let current = true;
    setFailed('');
    const asked = number
      ? call<{ orders: Order[] }>('desk.order', { order: number })
      : call<{ orders: Order[] }>('desk.orders', { limit: latestMax });
    asked.then(
      (found) => current && setOrders(found.orders),
      (error: unknown) => {
        if (!current) return;
        setOrders([]);
        setFailed(sentence(error));
      },
    );
    return () => void (current = false);
  }, [number, up, round, news]);

  useActions({
    'chat.phrase': () => document.querySelector<HTMLElement>('.orders-find')?.focus(),
    'list.search': () => document.querySelector<HTMLElement>('.orders-find')?.focus(),
    'chat.action': () => document.querySelector<HTMLElement>('.order-acts button')?.focus(),
  });
  const again = (): void => setRound(round + 1);
  return (
    <div class="screen">
      <header class="screen-head">
        <h1>{t('nav.orders')}</h1>
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
      {orders === null ? (
        <Loading />
      ) : failed && !number ? (
        <Failed text={failed} again={again} />
      ) : orders.length === 0 ? (
        <Empty icon="orders" title={number ? t('orders.none', { number }) : t('orders.empty')}>
          <p>{number ? t('orders.none_text') : t('orders.empty_text')}</p>
          <p>
            {number ? <a href="/orders">{t('orders.latest')}</a> : <a href="/settings/plugins">{t('settings.plugins')}</a>}
          </p>
        </Empty>
      ) : (
        <>
          <h2 class="screen-sub">{number ? t('orders.found', { n: orders.length }) : t('orders.latest')}</h2>
          <div class="order-list">
            {orders.map((order) => (
              <OrderCard key={order.id} order={order} open={number !== ''} onDone={again} />
            ))}
          </div>
        </>
      )}
    </div>
  );
}
