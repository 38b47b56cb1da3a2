import { describe, expect, it } from 'vitest';
import { hasWords, wordsOf } from '../src/desk/orders';
import type { Order } from '../src/desk/types';

const order: Order = {
  id: 'a'.repeat(32), shop: 'box', state: 'paid', payment: 'paid', total: 1, paid: 1, currency: 'EUR', placed_ms: 1, updated_ms: 1,
  number: 'T-1001', name: 'Zoë Müller', address: { street: '5 Sea Street', city: '上海' }, link: 'own', requests: [],
  lines: [{ sku: 'S-1', name: 'Running shoe', quantity: 1, price: 1 }],
  parcels: [{ id: 'p', status: 'lost', carrier: 'SF', at_ms: 1, tracking: 'SF1234567890' }],
};
const has = (text: string): boolean => hasWords(order, wordsOf(text));

describe('an order', () => {
  it('is found by a name, a place, a waybill, an item, in full width, too', () => {
    for (const text of ['müller', 'ZOË', 'sea street 上海', 'sf1234567890', 'ＳＦ１２３', 'shoe', 's-1']) expect(has(text), text).toBe(true);
    for (const text of ['miller', 'zoë sf999']) expect(has(text), text).toBe(false);
  });
});
