// Orders, those with a problem, their parcels, and what was done to them.
import { ordersAfter } from '../desk/orders';
import { me } from '../desk/store';
import type { DeskRequest, Order, Parcel } from '../desk/types';
import { address, line } from '../text/plain';
import { troubles } from '../screens/parcel';
import type { Column, Sheet, Values } from './sheet';

export const numberOf = (order: Order): string => line(order.number) || order.id;
export const hasProblem = (order: Order): boolean =>
  order.payment === 'failed' || order.parcels.some((parcel) => troubles.has(parcel.status)) ||
  order.requests.some((one) => one.state === 'failed' || one.state === 'unknown');

// A note in the shop's own books: the one thing of an order that a sheet writes.
const noteColumn = <T>(): Column<T> => ({ id: 'note', label: 'sheet.add_note', kind: 'text', of: () => '', edits: true });
const noteAsk = (order: Order, values: Values) => ({
  method: 'desk.action',
  params: { kind: 'order_note', order: order.id, shop: order.shop, member: me.peek(), body: { text: String(values.get('note') ?? '') } },
});

const columns: Column<Order>[] = [
  { id: 'number', label: 'sheet.order', kind: 'text', of: numberOf },
  { id: 'shop', label: 'numbers.shop', kind: 'choice', family: 'shop', of: (o) => o.shop },
  { id: 'name', label: 'sheet.buyer', kind: 'text', of: (o) => o.name },
  { id: 'state', label: 'sheet.state', kind: 'choice', family: 'order', of: (o) => o.state },
  { id: 'payment', label: 'sheet.payment', kind: 'choice', family: 'payment', of: (o) => o.payment },
  { id: 'parcel', label: 'sheet.parcel', kind: 'choice', family: 'parcel', of: (o) => worst(o)?.status },
  { id: 'total', label: 'sheet.total', kind: 'money', of: (o) => o.total, currency: (o) => o.currency },
  { id: 'paid', label: 'sheet.paid', kind: 'money', of: (o) => o.paid, currency: (o) => o.currency },
  { id: 'currency', label: 'sheet.currency', kind: 'text', of: (o) => o.currency },
  { id: 'placed', label: 'sheet.placed', kind: 'time', of: (o) => o.placed_ms },
  { id: 'updated', label: 'sheet.updated', kind: 'time', of: (o) => o.updated_ms },
  { id: 'tracking', label: 'sheet.tracking', kind: 'text', of: (o) => o.parcels.map((p) => p.tracking ?? '').filter(Boolean).join(' ') },
  { id: 'address', label: 'sheet.address', kind: 'text', of: (o) => address(o.address) },
  { id: 'items', label: 'sheet.items', kind: 'text', of: (o) => o.lines.map((one) => `${one.quantity} × ${one.name || one.sku}`).join('; ') },
  noteColumn(),
];

const worst = (order: Order): Parcel | undefined => order.parcels.find((one) => troubles.has(one.status)) ?? order.parcels[0];
const toOrder = (order: Order): string => `/orders/${encodeURIComponent(numberOf(order))}`;

export const orders: Sheet<Order> = {
  id: 'orders', label: 'nav.orders', empty: 'orders.empty_text', key: 'number', columns,
  idOf: (order) => order.id, read: ordersAfter, link: toOrder, change: noteAsk,
};

export const problems: Sheet<Order> = {
  ...orders, id: 'problems', label: 'sheet.problems', empty: 'sheet.no_problems',
  read: async (after) => {
    const page = await ordersAfter(after);
    return { ...page, rows: page.rows.filter(hasProblem) };
  },
};

interface OfOrder<T> {
  order: Order;
  one: T;
}

const each = <T>(of: (order: Order) => T[]) => async (after: unknown): Promise<{ rows: OfOrder<T>[]; next?: unknown }> => {
  const page = await ordersAfter(after);
  return { ...page, rows: page.rows.flatMap((order) => of(order).map((one) => ({ order, one }))) };
};

export const parcels: Sheet<OfOrder<Parcel>> = {
  id: 'parcels', label: 'sheet.parcels', empty: 'sheet.no_parcels', key: 'tracking',
  idOf: ({ one }) => one.id, read: each((order) => order.parcels), link: ({ order }) => toOrder(order),
  change: ({ order }, values) => noteAsk(order, values),
  columns: [
    { id: 'tracking', label: 'sheet.tracking', kind: 'text', of: ({ one }) => line(one.tracking) || one.id },
    { id: 'carrier', label: 'sheet.carrier', kind: 'choice', family: 'carrier', of: ({ one }) => one.carrier },
    { id: 'status', label: 'sheet.state', kind: 'choice', family: 'parcel', of: ({ one }) => one.status },
    { id: 'at', label: 'sheet.updated', kind: 'time', of: ({ one }) => one.at_ms },
    { id: 'said', label: 'sheet.carrier_said', kind: 'text', of: ({ one }) => one.raw_text },
    { id: 'number', label: 'sheet.order', kind: 'text', of: ({ order }) => numberOf(order) },
    { id: 'shop', label: 'numbers.shop', kind: 'choice', family: 'shop', of: ({ order }) => order.shop },
    { id: 'name', label: 'sheet.buyer', kind: 'text', of: ({ order }) => order.name },
    { id: 'placed', label: 'sheet.placed', kind: 'time', of: ({ order }) => order.placed_ms },
    noteColumn(),
  ],
};

export const actions: Sheet<OfOrder<DeskRequest>> = {
  id: 'actions', label: 'sheet.actions', empty: 'sheet.no_actions', key: 'id',
  idOf: ({ one }) => one.request, read: each((order) => order.requests), link: ({ order }) => toOrder(order),
  columns: [
    { id: 'id', label: 'sheet.id', kind: 'text', of: ({ one }) => one.request },
    { id: 'kind', label: 'sheet.kind', kind: 'choice', family: 'kind', of: ({ one }) => one.kind },
    { id: 'outcome', label: 'sheet.outcome', kind: 'choice', family: 'outcome', of: ({ one }) => one.state },
    { id: 'number', label: 'sheet.order', kind: 'text', of: ({ order }) => numberOf(order) },
    { id: 'shop', label: 'numbers.shop', kind: 'choice', family: 'shop', of: ({ order }) => order.shop },
    { id: 'name', label: 'sheet.buyer', kind: 'text', of: ({ order }) => order.name },
    { id: 'member', label: 'split.member', kind: 'member', of: ({ one }) => one.member },
    { id: 'made', label: 'sheet.made', kind: 'time', of: ({ one }) => one.made_ms },
    { id: 'detail', label: 'sheet.detail', kind: 'text', of: ({ one }) => one.detail },
  ],
};
