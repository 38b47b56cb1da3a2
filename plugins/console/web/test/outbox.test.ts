// A reply goes out once, whatever becomes of the connection.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BusError } from '../src/bus/client';
import { status } from '../src/bus/frames';
import { Outbox, againMs } from '../src/desk/outbox';
import type { Chat } from '../src/desk/types';
import { MemoryStore } from './memory_store';

// A desk that has a chat, and loses answers when told so.
class Desk {
  entries: { event: string; key: string; text: string }[] = [];
  asked: string[] = [];
  loseBefore = 0; // the request never arrives
  loseAfter = 0; // it is done, and its answer is lost
  refuse: BusError | null = null;
  call = async <T>(method: string, params: Record<string, unknown>): Promise<T> => {
    this.asked.push(method);
    if (method === 'desk.chat') return { id: 'c1', entries: this.entries } as T;
    if (this.refuse) throw this.refuse;
    const lost = new BusError(status.unavailable, '', '', true);
    if (this.loseBefore > 0 && this.loseBefore--) throw lost;
    const event = `e${this.entries.length}`;
    this.entries.push({ event, key: String(params.key), text: String(params.text) });
    if (this.loseAfter > 0 && this.loseAfter--) throw lost;
    return { event } as T;
  };
}

let store: MemoryStore;
let desk: Desk;
let keys = 0;
const open = (): Outbox =>
  new Outbox({
    call: desk.call, sentence: (e) => (e as Error).message, storage: store, prefix: 'out.', newKey: () => `k${++keys}`,
    now: () => keys,
  });
const connected = (): Outbox => {
  const outbox = open();
  outbox.setOpen(true);
  return outbox;
};
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(againMs * 2);
const texts = (): string[] => desk.entries.map((entry) => entry.text);

beforeEach(() => {
  vi.useFakeTimers();
  store = new MemoryStore();
  desk = new Desk();
  keys = 0;
});
afterEach(() => void vi.useRealTimers());

describe('outbox', () => {
  it('sends in order and forgets what the chat shows', async () => {
    const outbox = connected();
    outbox.send('c1', 'one');
    outbox.send('c1', 'two');
    await settle();
    expect(texts()).toEqual(['one', 'two']);
    expect(outbox.items.value.map((item) => item.state)).toEqual(['sent', 'sent']);
    expect(store.length).toBe(0);
    outbox.shown({ id: 'c1', entries: desk.entries } as unknown as Chat);
    expect(outbox.items.value).toEqual([]);
  });

  it('waits while there is no connection, and survives the tab', async () => {
    open().send('c1', 'later');
    await settle();
    expect(desk.asked).toEqual([]);
    const outbox = open();
    expect(outbox.items.value).toMatchObject([{ text: 'later', state: 'waiting' }]);
    outbox.setOpen(true);
    await settle();
    expect(texts()).toEqual(['later']);
  });

  it('does not send again what arrived though its answer was lost', async () => {
    desk.loseAfter = 1;
    const outbox = connected();
    outbox.send('c1', 'once');
    await settle();
    expect(texts()).toEqual(['once']);
    expect(outbox.items.value).toMatchObject([{ state: 'sent', event: 'e0' }]);
  });

  it('sends again what did not arrive', async () => {
    desk.loseBefore = 2;
    const outbox = connected();
    outbox.send('c1', 'again');
    await settle();
    expect(texts()).toEqual(['again']);
    expect(desk.asked.filter((method) => method === 'desk.chat').length).toBe(2);
  });

  it('does not send again after a crash of the tab either', async () => {
    desk.loseAfter = 1;
    const first = connected();
    first.send('c1', 'once');
    await vi.advanceTimersByTimeAsync(0);
    connected();
    await settle();
    expect(texts()).toEqual(['once']);
  });

  it('two equal texts are two replies', async () => {
    const outbox = connected();
    outbox.send('c1', 'ok');
    outbox.send('c1', 'ok');
    await settle();
    expect(texts()).toEqual(['ok', 'ok']);
  });

  it('what the desk refuses waits for a person, and holds nothing up', async () => {
    desk.refuse = new BusError(status.invalid, 'The buyer is blocked.');
    const outbox = connected();
    outbox.send('c1', 'no');
    await settle();
    expect(outbox.items.value).toMatchObject([{ state: 'refused', error: 'The buyer is blocked.' }]);
    desk.refuse = null;
    outbox.send('c1', 'next');
    await settle();
    expect(texts()).toEqual(['next']);
    outbox.retry('k1');
    await settle();
    expect(texts()).toEqual(['next', 'no']);
    outbox.drop('k1');
    expect(store.length).toBe(0);
  });

  it('sends what the rules warn of only when it is sent again', async () => {
    const said: unknown[] = [];
    const call = desk.call;
    desk.call = async <R>(method: string, params: Record<string, unknown>): Promise<R> => {
      if (method === 'desk.reply') said.push(params.anyway);
      return call<R>(method, params);
    };
    desk.refuse = new BusError(status.denied, 'the rules warn of this', 'anyway');
    const outbox = connected();
    outbox.send('c1', 'I promise');
    await settle();
    expect(outbox.items.value).toMatchObject([{ state: 'refused', warned: true }]);
    desk.refuse = new BusError(status.denied, 'the rules keep this from being sent', 'text');
    outbox.retry('k1');
    await settle();
    expect(outbox.items.value).toMatchObject([{ state: 'refused', warned: false }]);
    desk.refuse = null;
    outbox.retry('k1');
    await settle();
    expect(texts()).toEqual(['I promise']);
    expect(said).toEqual([undefined, true, undefined]);
  });

  it('leaves to another tab what that is sending', async () => {
    const outbox = new Outbox({
      call: desk.call, sentence: () => '', storage: store, prefix: 'out.', newKey: () => 'k', alone: async () => false,
    });
    outbox.setOpen(true);
    outbox.send('c1', 'theirs');
    await settle();
    expect(desk.asked).toEqual([]);
  });
});
