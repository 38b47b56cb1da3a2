import { describe, expect, it } from 'vitest';
import { crc32, zip, zipFilesMax } from '../src/sheets/zip';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

// Another program reads one in tests/browser; here the places that the directory names are looked at.
function read(pieces: Uint8Array[]): { name: string; text: string }[] {
  const all = new Uint8Array(pieces.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of pieces) {
    all.set(one, at);
    at += one.length;
  }
  const view = new DataView(all.buffer);
  const end = all.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  let entry = view.getUint32(end + 16, true);
  return Array.from({ length: view.getUint16(end + 10, true) }, () => {
    expect(view.getUint32(entry, true)).toBe(0x02014b50);
    const [size, names, place] = [view.getUint32(entry + 24, true), view.getUint16(entry + 28, true), view.getUint32(entry + 42, true)];
    const name = new TextDecoder().decode(all.subarray(entry + 46, entry + 46 + names));
    const from = place + 30 + names;
    const content = all.subarray(from, from + size);
    expect(view.getUint32(place, true)).toBe(0x04034b50);
    expect(view.getUint32(entry + 16, true)).toBe(crc32(content));
    entry += 46 + names;
    return { name, text: new TextDecoder().decode(content) };
  });
}

describe('zip', () => {
  it('counts as everybody does', () => {
    expect(crc32(bytes('123456789'))).toBe(0xcbf43926);
  });
  it('has each file where its directory says', () => {
    const files = [['case-1.html', '<p>证据</p>'], ['files/茶壶 1.txt', ''], ['files/b', 'x'.repeat(70_000)]];
    expect(read(zip(files.map(([name, text]) => ({ name: name!, bytes: bytes(text!) })), Date.now())))
      .toEqual(files.map(([name, text]) => ({ name, text })));
    expect(read(zip([], 0))).toEqual([]);
  });
  it('holds so many files and no more', () => {
    const many = Array.from({ length: zipFilesMax + 1 }, (_, i) => ({ name: `${i}`, bytes: bytes('') }));
    expect(() => zip(many, 0)).toThrow(RangeError);
  });
});
