// The other end of faults.cpp: says what shall go wrong in a daemon that runs with it.
import fs from 'node:fs';
import path from 'node:path';
import { build } from '../lib/desk.mjs';

export const kinds = { open: 1, write: 2, sync: 4, truncate: 8, rename: 16, unlink: 32, mkdir: 64 };
export const every = Object.values(kinds).reduce((a, b) => a | b);
export const modes = { 'not done': 0, done: 1, 'half done': 2, 'done once': 3 };
export const errors = { EIO: 5, ENOSPC: 28 };

const fields = ['sync_off', 'clock_ms', 'kinds', 'from', 'count', 'error', 'mode', 'seen', 'failed'];
const pathAt = 128, pathSize = 256, lastAt = 384, lastSize = 512, size = 4096;

export class Faults {
  constructor(folder) {
    this.file = path.join(folder, 'faults');
    fs.writeFileSync(this.file, Buffer.alloc(size));
    this.fd = fs.openSync(this.file, 'r+');
    const library = path.join(build, 'tests/faults/faults.so');
    if (!fs.existsSync(library)) throw new Error(`${library} is not built`);
    // For Desk's option `wrap`.
    this.wrap = ['env', `LD_PRELOAD=${library}`, `DESKMATE_FAULTS=${this.file}`];
  }

  set(field, value) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(Math.round(value)));
    fs.writeSync(this.fd, bytes, 0, 8, fields.indexOf(field) * 8);
  }

  get(field) {
    const bytes = Buffer.alloc(8);
    fs.readSync(this.fd, bytes, 0, 8, fields.indexOf(field) * 8);
    return Number(bytes.readBigInt64LE());
  }

  // From now on the calls of these kinds on paths that contain `at` are counted, and fail from the
  // `from`th on, `count` times.
  plan({ kind, at, from = 1, count = 1, error = 'EIO', mode = 'not done' }) {
    this.clear();
    const name = Buffer.alloc(pathSize);
    name.write(at);
    fs.writeSync(this.fd, name, 0, pathSize, pathAt);
    fs.writeSync(this.fd, Buffer.alloc(lastSize), 0, lastSize, lastAt);
    for (const [field, value] of Object.entries({ seen: 0, failed: 0, from, count, error: errors[error], mode: modes[mode] })) {
      this.set(field, value);
    }
    this.set('kinds', kind);
  }

  clear() { this.set('kinds', 0); }

  // The last call that failed.
  get last() {
    const bytes = Buffer.alloc(lastSize);
    fs.readSync(this.fd, bytes, 0, lastSize, lastAt);
    return bytes.toString('utf8', 0, bytes.indexOf(0));
  }

  close() { fs.closeSync(this.fd); }
}
