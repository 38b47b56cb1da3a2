import { describe, expect, it } from 'vitest';
import { belongs, isOverdue, isWaiting, priority } from '../src/desk/queue';
import type { ChatRow } from '../src/desk/types';
import type { CaseRow } from '../src/desk/work';
import { calls, caseChange, casesOf, promises } from '../src/sheets/work';

const row = (over: Partial<ChatRow>): ChatRow => ({
  chat: 1, id: 'a', shop: 's', state: 'assigned', member: 1, colour: 'none', nudges: 0, last_word_theirs: false, ...over,
});

describe('a promise that is due', () => {
  it('waits like a buyer, in a closed chat, too, from when it was due', () => {
    const late = row({ chat: 1, state: 'closed', due_ms: 1_000, promise_overdue: true });
    const asks = row({ chat: 2, waiting_since_ms: 2_000 });
    const later = row({ chat: 3, due_ms: 9_000 });
    expect([later, asks, late].sort(priority).map((one) => one.chat)).toEqual([1, 2, 3]);
    expect(belongs(late, 'mine', 1)).toBe(true);
    expect(belongs(late, 'open', 2)).toBe(true);
    expect(belongs(row({ state: 'closed' }), 'mine', 1)).toBe(false);
    expect(isOverdue(later, 8_999)).toBe(false);
    expect(isOverdue(later, 9_000)).toBe(true);
    expect(isWaiting(later, 8_999)).toBe(false);
    expect(isWaiting(late, 5_000)).toBe(true);
    expect(isWaiting(row({ blocked: true, due_ms: 1 }), 5_000)).toBe(false);
  });
});

const one: CaseRow = { case: 7, id: 'c', kind: 'lost', state: 'open', member: 1, opened_ms: 1, changed_ms: 1, currency: 'EUR' };
const params = (values: [string, string | number | undefined][]) => {
  const { member: _member, ...rest } = caseChange(one, new Map(values));
  return rest;
};

describe('the ledger of cases', () => {
  it('asks for changes in the desk’s words, and clears what was emptied', () => {
    expect(params([['state', 'settled'], ['why', 'Found']])).toEqual({ case: 7, state: 'settled', text: 'Found' });
    expect(params([['assignee', undefined], ['deadline', undefined], ['cause', undefined]]))
      .toEqual({ case: 7, assignee: 0, deadline_ms: 0, cause: '' });
    expect(params([['amount', 500]])).toEqual({ case: 7, amount: 500, currency: 'EUR' });
    expect(params([['deadline', 9]])).toEqual({ case: 7, deadline_ms: 9 });
  });
  it('wants to know why where the desk does, and what a new case is about', () => {
    const sheet = casesOf();
    expect(sheet.needsWhy!(new Map([['state', 'dropped']]))).toBe(true);
    expect(sheet.needsWhy!(new Map([['liable', 'courier']]))).toBe(true);
    expect(sheet.needsWhy!(new Map([['state', 'waiting']]))).toBe(false);
    expect(sheet.add!(new Map([['kind', 'lost']]))).toBe('case.kind_needed');
    expect(sheet.add!(new Map<string, string | number>([['kind', 'lost'], ['chat', 3]])))
      .toMatchObject({ method: 'desk.case_open', params: { kind: 'lost', chat: 3 } });
  });
  it('has every column once, and its key among them', () => {
    for (const sheet of [casesOf(), casesOf(['return']), promises, calls]) {
      const ids = sheet.columns.map((column) => column.id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toContain(sheet.key);
    }
  });
  it('a promise is kept, or dropped with a reason', () => {
    const promise = { promise: 'p', chat: 1, chat_id: 'c', member: 1, kind: 'answer', due_ms: 1, overdue: false, made_ms: 1 };
    expect(promises.change!(promise, new Map([['outcome', 'kept']]))).toEqual({ method: 'desk.promise_kept', params: { promise: 'p' } });
    expect(promises.change!(promise, new Map([['outcome', 'dropped'], ['why', 'No stock']])))
      .toEqual({ method: 'desk.promise_dropped', params: { promise: 'p', reason: 'No stock' } });
    expect(promises.add!(new Map([['chat', 1]]))).toBe('promise.needs');
  });
});
