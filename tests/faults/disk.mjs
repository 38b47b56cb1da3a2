// A small ext4 of its own in a file, mounted by a loop device: it can be filled, and its power cut.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Desk, until } from '../lib/desk.mjs';

const asRoot = process.getuid() === 0 ? [] : ['sudo'];

export function root(command, ...args) {
  const [first, ...rest] = [...asRoot, command, ...args];
  return execFileSync(first, rest, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}

// EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH: from this moment nothing reaches the disk, not
// even the journal's last pages, as when the power fails.
const cutProgram = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))`;

export class Disk {
  constructor(megabytes) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'deskmate-disk-'));
    this.image = path.join(this.folder, 'image');
    this.at = path.join(this.folder, 'disk');
    fs.mkdirSync(this.at);
    fs.writeFileSync(this.image, '');
    fs.truncateSync(this.image, megabytes << 20);
    this.format();
  }

  format() {
    // No lazy initialising, which would go on writing by itself; no reserve for root.
    root('mkfs.ext4', '-q', '-F', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0,nodiscard', this.image);
  }

  mount() {
    root('mount', '-o', 'loop', this.image, this.at);
    this.mounted = true;
    root('chown', `${process.getuid()}:${process.getgid()}`, this.at);
  }

  async unmount() {
    if (!this.mounted) return;
    await until(`${this.at} can be unmounted`, () => {
      root('umount', this.at);
      return true;
    });
    this.mounted = false;
  }

  cut() { root('python3', '-c', cutProgram, this.at); }

  // What a start after a power cut does; mount() replays the journal, too.
  repair() {
    try {
      root('e2fsck', '-fp', this.image);
    } catch (error) {
      if (error.status !== 1) throw error; // 1: something was put right
    }
  }

  async remove() {
    await this.unmount();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

// A desk with its log, keys and secrets on that disk.
export function deskOn(disk, options = {}) {
  const desk = new Desk({ ...options, data: path.join(disk.at, 'data') });
  desk.secrets = path.join(disk.at, 'secrets');
  desk.writeConfig();
  return desk;
}
