// The session on the bus, over a connection that a test holds.
import { decode, encode } from '@msgpack/msgpack';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoffMaxMs, BusClient, BusError, silenceMs, type LinkState, type Socket } from '../src/bus/client';
import { decodeEvent, decodeFrame, hex, kind, status, type DeskEvent } from '../src/bus/frames';

class Wire implements Socket {
  binaryType = '';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: unknown[][] = [];
  closed = false;
  send(data: Uint8Array): void {
    this.sent.push(decode(data) as unknown[]);
  }
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onclose?.({ code: 1000 });
  }
  // As the desk says it.
  say(frame: unknown[]): void {
    const bytes = encode(frame);
    this.onmessage?.({ data: bytes.slice().buffer });
  }
  welcome(): void {
    this.onopen?.();
    this.say([kind.welcome, { protocol: 1, session: 'console', limits: { heartbeat_ms: 5000 } }]);
  }
  asked(method: string): unknown[][] {
    return this.sent.filter((frame) => frame[0] === kind.request && frame[2] === method);
  }
}

const id = new Uint8Array(16).fill(7);
const eventAt = (arrival: number): unknown[] =>
  [arrival, id, 1_700_000_000_000 * 65_536, 'message.received', 1, 0, encode({ thread: id }), encode({ text: 'hi' })];

function start(mayConnect = true) {
  const wires: Wire[] = [];
  const states: LinkState[] = [];
  const client = new BusClient({
    connect: () => {
      const wire = new Wire();
      wires.push(wire);
      return wire;
    },
    mayConnect: () => Promise.resolve(mayConnect),
    onState: (state) => states.push(state),
    random: () => 1,
  });
  client.start();
  return { client, wires, states, wire: () => wires.at(-1)! };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a session', () => {
  it('says hello as a member and matches answers to questions', async () => {
    const { client, wire, states } = start();
    wire().welcome();
    expect(wire().sent[0]).toEqual([kind.hello, { protocol: 1, role: 'member', name: 'console' }]);
    expect(states).toEqual(['open']);
    const one = client.request('desk.chats', { view: 'open', shop: undefined });
    const two = client.request('desk.members');
    const [, first, , , params] = wire().asked('desk.chats')[0]!;
    expect(params).toEqual({ view: 'open' });
    const [, second] = wire().asked('desk.members')[0]!;
    wire().say([kind.refusal, second, status.denied, { message: 'no', where: 'desk.members' }]);
    wire().say([kind.answer, first, { chats: [] }]);
    await expect(one).resolves.toEqual({ chats: [] });
    await expect(two).rejects.toMatchObject({ status: status.denied, message: 'no', sent: false });
  });

  it('answers pings, and ignores what is no frame', () => {
    const { wire } = start();
    wire().welcome();
    wire().say([kind.ping, 42]);
    wire().onmessage?.({ data: new Uint8Array([0xc1, 0xff]).buffer });
    wire().onmessage?.({ data: 'text' });
    wire().say([99, 'unknown']);
    expect(wire().sent.at(-1)).toEqual([kind.pong, 42]);
  });

  it('refuses at once while there is no connection', async () => {
    const { client } = start();
    await expect(client.request('desk.reply')).rejects.toMatchObject({ status: status.unavailable, sent: false });
  });

  it('tells that an answer was lost with the connection', async () => {
    const { client, wire, states } = start();
    wire().welcome();
    const asked = client.request('desk.reply', { text: 'a' });
    wire().close();
    await expect(asked).rejects.toMatchObject({ status: status.unavailable, sent: true });
    expect(states).toEqual(['open', 'cut']);
  });

  it('connects again, more and more slowly, and asks who is logged in where it was never welcomed', async () => {
    const { wires, states } = start();
    for (let i = 0; i < 8; ++i) {
      wires.at(-1)!.close();
      await vi.advanceTimersByTimeAsync(backoffMaxMs);
    }
    expect(wires.length).toBe(9);
    wires.at(-1)!.welcome();
    expect(states.at(-1)).toBe('open');

    const refused = start(false);
    refused.wire().close();
    await vi.advanceTimersByTimeAsync(backoffMaxMs);
    expect(refused.states.at(-1)).toBe('refused');
    expect(refused.wires.length).toBe(1);
  });

  it('gives up a connection that has gone silent', async () => {
    const { wires, wire, states } = start();
    wire().welcome();
    await vi.advanceTimersByTimeAsync(silenceMs);
    expect(states).toEqual(['open', 'cut']);
    await vi.advanceTimersByTimeAsync(backoffMaxMs);
    expect(wires.length).toBe(2);
  });

  it('gives a question up after its deadline', async () => {
    const { client, wire } = start();
    wire().welcome();
    const asked = client.request('desk.verify', {}, 2_000);
    const failed = expect(asked).rejects.toMatchObject({ status: status.deadline, sent: true });
    await vi.advanceTimersByTimeAsync(3_000);
    await failed;
    await expect(asked).rejects.toBeInstanceOf(BusError);
  });
});

describe('a reader', () => {
  it('goes on after the last event it has seen, and takes none twice', async () => {
    const { client, wire } = start();
    const got: DeskEvent[] = [];
    const opened: boolean[] = [];
    client.read('live', {
      topics: ['message.*'], from: 'now', onEvents: (events) => got.push(...events), onOpen: (r) => opened.push(r),
    });
    wire().welcome();
    const [, first, , , params] = wire().asked('reader.open')[0]!;
    expect(params).toMatchObject({ name: 'live', from: 'now' });
    wire().say([kind.answer, first, { position: 10 }]);
    await vi.advanceTimersByTimeAsync(0);
    wire().say([kind.events, 'live', [eventAt(11), eventAt(12)]]);
    expect(wire().sent.at(-1)).toEqual([kind.credit, 'live', 2]);
    wire().close();
    await vi.advanceTimersByTimeAsync(backoffMaxMs);
    wire().welcome();
    const [, second, , , resumed] = wire().asked('reader.open')[0]!;
    expect(resumed).toMatchObject({ name: 'live', from: 12 });
    wire().say([kind.answer, second, { position: 12 }]);
    await vi.advanceTimersByTimeAsync(0);
    wire().say([kind.events, 'live', [eventAt(12), eventAt(13)]]);
    expect(got.map((event) => event.arrival)).toEqual([11, 12, 13]);
    expect(opened).toEqual([false, true]);
  });
});

describe('frames', () => {
  it('reads an event', () => {
    expect(decodeEvent(eventAt(5))).toEqual({
      arrival: 5, id: '07'.repeat(16), atMs: 1_700_000_000_000, type: 'message.received',
      facts: { thread: id }, body: { text: 'hi' },
    });
    expect(decodeEvent([1, 2])).toBeNull();
    expect(decodeEvent([5, id, 0, 'x', 1, 0, new Uint8Array([0xc1]), new Uint8Array()])).toMatchObject({ facts: {}, body: {} });
  });
  it('refuses what is none', () => {
    expect(decodeFrame(encode('text'))).toBeNull();
    expect(decodeFrame(encode(['no kind']))).toBeNull();
    expect(decodeFrame(new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff]))).toBeNull();
    expect(hex('x')).toBe('');
  });
});
