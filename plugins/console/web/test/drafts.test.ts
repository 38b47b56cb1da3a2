import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { draftPauseMs, Drafts } from '../src/desk/drafts';

class Store {
  readonly map = new Map<string, string>();
  get length(): number {
    return this.map.size;
  }
  key = (i: number): string | null => [...this.map.keys()][i] ?? null;
  getItem = (name: string): string | null => this.map.get(name) ?? null;
  setItem = (name: string, text: string): void => void this.map.set(name, text);
  removeItem = (name: string): void => void this.map.delete(name);
}

let store: Store;
let saved: unknown[];
let fail = false;
const open = (): Drafts =>
  new Drafts({
    storage: store, prefix: 'd.',
    call: async (_method, params) => {
      if (fail) throw new Error('cut');
      saved.push(params);
    },
  });

beforeEach(() => {
  vi.useFakeTimers();
  store = new Store();
  saved = [];
  fail = false;
});
afterEach(() => void vi.useRealTimers());

it('is here at once, and on the desk once somebody pauses', async () => {
  const drafts = open();
  drafts.setOpen(true);
  drafts.set('c1', 'De');
  drafts.set('c1', 'Dear');
  expect(drafts.get('c1')).toBe('Dear');
  await vi.advanceTimersByTimeAsync(draftPauseMs);
  expect(saved).toEqual([{ chat: 'c1', text: 'Dear' }]);
  expect(open().get('c1')).toBe('Dear');
});

it('is saved after a cut, and what the desk has is not saved again', async () => {
  fail = true;
  const drafts = open();
  drafts.setOpen(true);
  drafts.set('c1', 'Dear');
  await vi.advanceTimersByTimeAsync(draftPauseMs);
  expect(saved).toEqual([]);
  fail = false;
  const later = open();
  later.setOpen(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(saved).toEqual([{ chat: 'c1', text: 'Dear' }]);
  open().setOpen(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(saved.length).toBe(1);
});

it('is discarded at once', async () => {
  const drafts = open();
  drafts.setOpen(true);
  drafts.set('c1', 'Dear');
  drafts.set('c1', '');
  await vi.advanceTimersByTimeAsync(0);
  expect(saved).toEqual([{ chat: 'c1', text: '' }]);
  expect(drafts.get('c1')).toBeNull();
  expect(store.length).toBe(0);
});
