// What can be done with an offer, by whom, and how it is told.
import { describe, expect, it } from 'vitest';
import { actsOf, readBackWords, stepsText, waitsForApproval, type Offer, type OfferState } from '../src/desk/money';
import { language } from '../src/text/i18n';

const offer = (state: OfferState, more: Partial<Offer> = {}): Offer => ({
  offer: 'o', state, shop: 'box', currency: 'CNY', proposed_ms: 1, member: 1,
  steps: [{ kind: 'refund', amount: 1250 }, { kind: 'resend' }], ...more,
});
const beyond = { needs: ['settlements_month'], approvers: [2] };

describe('offers', () => {
  it('go from the proposal over the buyer to the end', () => {
    expect(actsOf(offer('proposed'), 1)).toEqual(['read_back', 'withdraw']);
    expect(actsOf(offer('proposed'), 3)).toEqual(['read_back']);
    expect(actsOf(offer('read_back'), 1)).toEqual(['confirm', 'decline', 'withdraw']);
    for (const state of ['refused', 'ready', 'under_way', 'unknown', 'settled', 'failed', 'ended'] as const) {
      expect(actsOf(offer(state, beyond), 2), state).toEqual([]);
    }
  });
  it('beyond the authority are approved by whoever may, at any step before they are carried out', () => {
    expect(actsOf(offer('read_back', beyond), 2)).toEqual(['approve', 'refuse', 'confirm', 'decline']);
    expect(actsOf(offer('approval', beyond), 2)).toEqual(['approve', 'refuse']);
    expect(actsOf(offer('approval', beyond), 1)).toEqual(['withdraw']);
    expect(waitsForApproval(offer('approval', { ...beyond, answered_by: 2 }))).toBe(false);
    expect(waitsForApproval(offer('read_back', { needs: [] }))).toBe(false);
  });
  it('are said in words', () => {
    language.value = 'en';
    expect(stepsText(offer('proposed').steps, 'CNY')).toMatch(/^Refund .*12\.50, Send again$/);
    language.value = 'zh';
    expect(readBackWords(offer('proposed').steps, 'CNY')).toMatch(/我们可以这样处理：退款 .*12\.50, 补发/);
    language.value = 'en';
  });
});
