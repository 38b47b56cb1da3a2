// Files are brought whole, once the connection holds, and remembered once the desk has them.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BusError } from '../src/bus/client';
import { status } from '../src/bus/frames';
import { againMs, Attached, filesBytesMax, filesMax, pieceBytes } from '../src/desk/attached';
import { MemoryStore } from './memory_store';

let store: MemoryStore;
let pieces: number[];
let loseAt = -1; // the piece whose answer is lost
let refuse = false;
const call = async <T>(method: string, params: Record<string, unknown>): Promise<T> => {
  if (refuse) throw new BusError(status.limit, 'too large');
  if (method === 'file.create') return ((pieces = []), { file: 1 } as T);
  if (method === 'file.finish') return { hash: new Uint8Array([0xab, pieces.length]) } as T;
  if (pieces.length === loseAt) {
    loseAt = -1;
    throw new BusError(status.unavailable, '', '', true);
  }
  pieces.push((params.piece as Uint8Array).length);
  return undefined as T;
};
const open = (): Attached =>
  new Attached({ call, sentence: (e) => (e as Error).message, storage: store, prefix: 'files.' });
const file = (name: string, size: number): File => new File([new Uint8Array(size)], name);
const settle = (): Promise<void> => vi.waitFor(async () => {
  await vi.advanceTimersByTimeAsync(againMs);
  expect(pieces.length).toBeGreaterThan(0);
});

beforeEach(() => {
  vi.useFakeTimers();
  store = new MemoryStore();
  pieces = [];
  refuse = false;
  loseAt = -1;
});
afterEach(() => void vi.useRealTimers());

describe('files of a reply', () => {
  it('are brought in pieces and remembered', async () => {
    const attached = connected();
    attached.add('c', [file('a', pieceBytes * 2 + 1)]);
    expect(attached.take('c')).toBeNull();
    await vi.waitFor(() => expect(attached.of('c')[0]!.state).toBe('ready'));
    expect(pieces).toEqual([pieceBytes, pieceBytes, 1]);
    expect(open().of('c')).toMatchObject([{ name: 'a', hash: 'ab03', state: 'ready' }]);
    expect(attached.take('c')).toEqual([{ hash: 'ab03', size: pieceBytes * 2 + 1, name: 'a', type: '' }]);
    expect(open().of('c')).toEqual([]);
  });
const connected = (): Attached => {
  const attached = open();
  attached.setOpen(true);
  return attached;
};

  it('begin again after a cut', async () => {
    const attached = connected();
    loseAt = 1;
    attached.add('c', [file('a', pieceBytes * 2)]);
    await vi.waitFor(() => expect(attached.of('c')[0]!.state).toBe('waiting'));
    await settle();
    await vi.waitFor(() => expect(attached.of('c')[0]!.state).toBe('ready'));
    expect(pieces).toEqual([pieceBytes, pieceBytes]);
  });

  it('that are refused say why, and can be left out', async () => {
    const attached = connected();
    refuse = true;
    attached.add('c', [file('a', 1)]);
    await vi.waitFor(() => expect(attached.of('c')[0]).toMatchObject({ state: 'refused', error: 'too large' }));
    attached.remove(attached.of('c')[0]!.id);
    expect(attached.take('c')).toEqual([]);
  });

  it('are limited in number and size', () => {
    const attached = open();
    const many = Array.from({ length: filesMax + 1 }, (_, i) => file(`${i}`, 1));
    expect(attached.add('c', many)).toBe(false);
    expect(attached.add('c', [file('a', filesBytesMax + 1)])).toBe(false);
    expect(attached.add('c', many.slice(1))).toBe(true);
    expect(attached.add('c', [file('b', 1)])).toBe(false);
    expect(attached.add('d', [file('b', 1)])).toBe(true);
  });
});
