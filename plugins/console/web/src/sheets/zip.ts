// Files in one: a ZIP archive without compression, its names in UTF-8.

// Named limits.
export const zipFilesMax = 1_000;
export const zipBytesMax = 500 * 1024 * 1024;

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = table[(c ^ byte) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

export interface ZipFile {
  name: string;
  bytes: Uint8Array;
}

// A date as MS-DOS had it, to two seconds, by this machine's clock.
function dosTime(ms: number): number {
  const d = new Date(Math.max(ms, Date.UTC(1980, 0, 2)));
  const date = ((d.getFullYear() - 1980) << 9) | ((d.getMonth() + 1) << 5) | d.getDate();
  return (date << 16) | (d.getHours() << 11) | (d.getMinutes() << 5) | (d.getSeconds() >> 1);
}

const utf8Names = 1 << 11;
const version = 20;

// Throws RangeError where it would be more than such an archive holds.
export function zip(files: ZipFile[], nowMs: number): Uint8Array[] {
  const sum = files.reduce((bytes, one) => bytes + one.bytes.length, 0);
  if (files.length > zipFilesMax || sum > zipBytesMax) throw new RangeError('zip');
  const out: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const names = new TextEncoder().encode(name);
    const fields = (head: number[], size: number): DataView => {
      const view = new DataView(new ArrayBuffer(size));
      let place = 0;
      for (const one of head) view.setUint16((place += 2) - 2, one, true);
      return view;
    };
    const common = (view: DataView, from: number): void => {
      view.setUint32(from, dosTime(nowMs), true);
      view.setUint32(from + 4, crc32(bytes), true);
      view.setUint32(from + 8, bytes.length, true);
      view.setUint32(from + 12, bytes.length, true);
      view.setUint16(from + 16, names.length, true);
    };
    const local = fields([0x4b50, 0x0403, version, utf8Names, 0], 30);
    common(local, 10);
    const entry = fields([0x4b50, 0x0201, version, version, utf8Names, 0], 46);
    common(entry, 12);
    entry.setUint32(42, at, true);
    out.push(new Uint8Array(local.buffer), names, bytes);
    directory.push(new Uint8Array(entry.buffer), names);
    at += 30 + names.length + bytes.length;
  }
  const size = directory.reduce((bytes, one) => bytes + one.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, at, true);
  return [...out, ...directory, new Uint8Array(end.buffer)];
}
