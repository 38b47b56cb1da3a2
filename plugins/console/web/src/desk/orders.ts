// Orders by whatever a buyer gives: number, address and telephone number the desk finds; a name, a
// waybill or an item is looked for in the latest orders.
import { status } from '../bus/frames';
import { BusError } from '../bus/client';
import { address } from '../text/plain';
import { call } from './store';
import type { Order } from './types';

// Named limits.
export const pageOrders = 100;
export const lookedThroughMax = 2_000; // orders, for words
export const foundMax = 50;

export async function ordersAfter(after: unknown): Promise<{ rows: Order[]; next?: unknown }> {
  const { orders } = await call<{ orders: Order[] }>('desk.orders', { limit: pageOrders, after });
  return { rows: orders, ...(orders.length === pageOrders && { next: orders.at(-1)!.id }) };
}

const plain = (text: string): string => text.normalize('NFKC').toLowerCase();

export function hasWords(order: Order, words: string[]): boolean {
  const text = plain([
    order.number, order.name, address(order.address), order.shop,
    ...order.parcels.flatMap((one) => [one.tracking, one.carrier]),
    ...order.lines.flatMap((one) => [one.name, one.sku]),
  ].join('\n'));
  return words.every((word) => text.includes(word));
}

export const wordsOf = (text: string): string[] => plain(text).split(/\s+/).filter(Boolean);

export async function findOrders(text: string): Promise<Order[]> {
  try {
    return (await call<{ orders: Order[] }>('desk.order', { order: text })).orders;
  } catch (error) {
    if (!(error instanceof BusError) || error.status !== status.notFound) throw error;
  }
  const words = wordsOf(text);
  const found: Order[] = [];
  let after: unknown;
  let looked = 0;
  do {
    const page = await ordersAfter(after);
    found.push(...page.rows.filter((order) => hasWords(order, words)));
    looked += page.rows.length;
    after = page.next;
  } while (after !== undefined && looked < lookedThroughMax && found.length < foundMax);
  return found.slice(0, foundMax);
}
