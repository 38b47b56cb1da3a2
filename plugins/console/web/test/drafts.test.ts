import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { draftPauseMs, Drafts } from '../src/desk/drafts';
import { MemoryStore } from './memory_store';

let store: MemoryStore;
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
const connected = (): Drafts => {
  const drafts = open();
  drafts.setOpen(true);
  return drafts;
};

beforeEach(() => {
  vi.useFakeTimers();
  store = new MemoryStore();
  saved = [];
  fail = false;
});
afterEach(() => void vi.useRealTimers());

it('is here at once, and on the desk once somebody pauses', async () => {
  const drafts = connected();
  drafts.set('c1', 'De');
  drafts.set('c1', 'Dear');
  expect(drafts.get('c1')).toBe('Dear');
  await vi.advanceTimersByTimeAsync(draftPauseMs);
  expect(saved).toEqual([{ chat: 'c1', text: 'Dear' }]);
  expect(open().get('c1')).toBe('Dear');
});

it('is saved after a cut, and what the desk has is not saved again', async () => {
  fail = true;
  const drafts = connected();
  drafts.set('c1', 'Dear');
  await vi.advanceTimersByTimeAsync(draftPauseMs);
  expect(saved).toEqual([]);
  fail = false;
  connected();
  await vi.advanceTimersByTimeAsync(0);
  expect(saved).toEqual([{ chat: 'c1', text: 'Dear' }]);
  connected();
  await vi.advanceTimersByTimeAsync(0);
  expect(saved.length).toBe(1);
});

it('is discarded at once', async () => {
  const drafts = connected();
  drafts.set('c1', 'Dear');
  drafts.set('c1', '');
  await vi.advanceTimersByTimeAsync(0);
  expect(saved).toEqual([{ chat: 'c1', text: '' }]);
  expect(drafts.get('c1')).toBeNull();
  expect(store.length).toBe(0);
});
