import { describe, expect, it } from 'vitest';
import { belongs, listOf, priority } from '../src/desk/queue';
import { Rate } from '../src/desk/notices';
import { stations, troubles } from '../src/screens/parcel';
import { modules } from '../src/screens/settings/qr';
import { parts, query } from '../src/ui/router';
import { troubleOf } from '../src/desk/trouble';
import { language } from '../src/text/i18n';
import type { ChatRow, Peer, Peers } from '../src/desk/types';

const row = (chat: number, more: Partial<ChatRow> = {}): ChatRow => ({
  chat, id: `id${chat}`, shop: 'box', state: 'assigned', member: 1, colour: 'none', nudges: 0, last_word_theirs: false, ...more,
});

describe('the queue', () => {
  it('has who waits longest first; a nudge counts as a minute', () => {
    const rows = [
      row(1, { last_in_ms: 900 }),
      row(2, { waiting_since_ms: 200_000 }),
      row(3, { waiting_since_ms: 230_000, nudges: 1 }),
      row(4, { waiting_since_ms: 100_000, state: 'closed' }),
      row(5, { waiting_since_ms: 1, blocked: true, last_in_ms: 1 }),
    ];
    expect(rows.sort(priority).map((one) => one.chat)).toEqual([3, 2, 1, 5, 4]);
  });
  it('shows what a view is for', () => {
    expect(belongs(row(1), 'mine', 1)).toBe(true);
    expect(belongs(row(1, { state: 'closed' }), 'mine', 1)).toBe(false);
    expect(belongs(row(1, { state: 'queued', member: undefined }), 'queue', 1)).toBe(true);
    expect(belongs(row(1, { member: 2 }), 'open', 1)).toBe(true);
    expect(belongs(row(1, { state: 'closed' }), 'all', 1)).toBe(true);
  });
  it('finds', () => {
    const rows = [row(1, { name: '徐暖阳', text: 'SB-1035 在哪' }), row(2, { name: 'Diego', text: 'tea?' })];
    expect(listOf(rows, 'all', 1, 'sb-1035').map((one) => one.chat)).toEqual([1]);
    expect(listOf(rows, 'all', 1, '暖阳 哪').map((one) => one.chat)).toEqual([1]);
    expect(listOf(rows, 'all', 1, 'TEA diego').map((one) => one.chat)).toEqual([2]);
  });
});

it('a parcel stands somewhere on its way', () => {
  expect(stations('in_transit')).toMatchObject({ at: 2 });
  expect(stations('customs_hold').steps[2]).toBe('customs_hold');
  expect(stations('returned').at).toBe(3);
  expect(stations('what is this').at).toBe(-1);
  expect(troubles.has('lost')).toBe(true);
});

it('a QR code of blocks is read as modules', () => {
  expect(modules('█▀\n▄ \n')).toEqual([[false, false], [false, true], [true, true], [false, true]]);
});

it('addresses', () => {
  expect(parts('/orders/T%2F1?x=1')).toEqual(['orders', 'T/1']);
  expect(parts('/orders/%zz')).toEqual(['orders', '%zz']);
  expect(query('/inbox/3?view=all', 'view')).toBe('all');
});

it('counts the messages of the last minute', () => {
  const rate = new Rate();
  expect([0, 1_000, 59_000, 61_500].map((ms) => rate.add(ms))).toEqual([1, 2, 3, 2]);
});

describe('the banner of the other machines', () => {
  const peer = (name: string, more: Partial<Peer> = {}): Peer => ({
    id: name, name, self: false, standing: 'here', ready: true, book: false, since_ms: 0, seen: true, linked: true, ...more,
  });
  const of = (peers: Peer[], more: Partial<Peers> = {}): Peers => ({
    self: 'me', peers, skewed: false, rolled_back: false, alarms: [], changes: [], frozen: [], ...more,
  });
  it('says who is cut off, and not who said goodbye', () => {
    language.value = 'en';
    const me = peer('me', { self: true, linked: false });
    expect(troubleOf(of([me]))).toEqual([]);
    expect(troubleOf(of([me, peer('shop'), peer('old', { standing: 'left', linked: false })]))).toEqual([]);
    expect(troubleOf(of([me, peer('shop', { linked: false })]))[0]).toContain('No connection to shop.');
    expect(troubleOf(of([me], { skewed: true, rolled_back: true })).length).toBe(2);
  });
});
