// Files that will go with a reply: brought to the desk as soon as they are chosen, in pieces, again
// from the beginning after a cut. What the desk has is remembered with the draft.
import { signal } from '@preact/signals';
import { BusError } from '../bus/client';
import { hex, status, type Params } from '../bus/frames';
import type { Attachment } from './types';

export interface Attaching {
  id: number;
  chat: string;
  name: string;
  type: string;
  size: number;
  sent: number; // bytes
  state: 'waiting' | 'sending' | 'ready' | 'refused';
  hash?: string;
  error?: string;
}

export interface AttachedOptions {
  call: <T = Params>(method: string, params: Params) => Promise<T>;
  sentence: (error: unknown) => string;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
  prefix: string; // of this desk and member
}

// Named limits and times.
export const filesMax = 10; // of a reply, as core/desk has it
export const filesBytesMax = 25 * 1024 * 1024; // of these, together
export const pieceBytes = 256 * 1024;
export const againMs = 3_000;

export class Attached {
  readonly items = signal<readonly Attaching[]>([]);
  private readonly bytes = new Map<number, Blob>();
  private open = false;
  private busy = false;
  private last = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: AttachedOptions) {
    const { storage, prefix } = options;
    const found: Attaching[] = [];
    for (let i = 0; i < storage.length; ++i) {
      const name = storage.key(i);
      if (!name?.startsWith(prefix)) continue;
      for (const file of this.kept(name)) {
        found.push({
          id: ++this.last, chat: name.slice(prefix.length), name: file.name ?? '', type: file.type ?? '',
          size: file.size, sent: file.size, state: 'ready', hash: file.hash,
        });
      }
    }
    this.items.value = found;
  }

  of(chat: string): Attaching[] {
    return this.items.value.filter((item) => item.chat === chat);
  }

  // False: too many or too large; nothing was taken.
  add(chat: string, files: readonly File[]): boolean {
    const there = this.of(chat);
    const size = [...there, ...files].reduce((sum, file) => sum + file.size, 0);
    if (there.length + files.length > filesMax || size > filesBytesMax) return false;
    const added = files.map((file): Attaching => {
      const id = ++this.last;
      this.bytes.set(id, file);
      return { id, chat, name: file.name, type: file.type, size: file.size, sent: 0, state: 'waiting' };
    });
    this.items.value = [...this.items.value, ...added];
    void this.work();
    return true;
  }

  remove(id: number): void {
    const chat = this.items.value.find((item) => item.id === id)?.chat;
    this.bytes.delete(id);
    this.items.value = this.items.value.filter((item) => item.id !== id);
    if (chat !== undefined) this.keep(chat);
  }

  // Those of a chat that go out now; null: not all of them are on the desk yet.
  take(chat: string): Attachment[] | null {
    const own = this.of(chat);
    if (own.some((item) => item.state !== 'ready')) return null;
    this.items.value = this.items.value.filter((item) => item.chat !== chat);
    this.keep(chat);
    return own.map(({ hash, size, name, type }) => ({ hash: hash ?? '', size, name, type }));
  }

  setOpen(open: boolean): void {
    this.open = open;
    if (open) void this.work();
  }

  private async work(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    for (;;) {
      const item = this.items.value.find((one) => one.state === 'waiting');
      if (!item || !this.open || !(await this.bring(item))) break;
    }
    this.busy = false;
  }

  // False: not now.
  private async bring(item: Attaching): Promise<boolean> {
    const blob = this.bytes.get(item.id);
    if (!blob) return false;
    const { call } = this.options;
    try {
      this.change(item.id, { state: 'sending', sent: 0 });
      const { file } = await call<{ file: number }>('file.create', { chat: item.chat });
      for (let at = 0; at < blob.size; at += pieceBytes) {
        const piece = new Uint8Array(await blob.slice(at, at + pieceBytes).arrayBuffer());
        await call('file.write', { file, piece });
        this.change(item.id, { sent: at + piece.length });
      }
      const { hash } = await call<{ hash: Uint8Array }>('file.finish', { file });
      this.change(item.id, { state: 'ready', sent: blob.size, hash: hex(hash) });
      this.bytes.delete(item.id);
      this.keep(item.chat);
      return true;
    } catch (error) {
      const soon = error instanceof BusError &&
        [status.unavailable, status.deadline].includes(error.status as never);
      if (soon) {
        this.change(item.id, { state: 'waiting', sent: 0 });
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.work(), againMs);
        return false;
      }
      this.bytes.delete(item.id);
      this.change(item.id, { state: 'refused', error: this.options.sentence(error) });
      return true;
    }
  }

  private change(id: number, what: Partial<Attaching>): void {
    this.items.value = this.items.value.map((item) => (item.id === id ? { ...item, ...what } : item));
  }

  private keep(chat: string): void {
    const ready = this.of(chat).filter((item) => item.state === 'ready');
    const name = this.options.prefix + chat;
    try {
      if (ready.length === 0) this.options.storage.removeItem(name);
      else this.options.storage.setItem(name, JSON.stringify(ready.map(({ hash, size, name: n, type }) => ({ hash, size, name: n, type }))));
    } catch {
      // The browser's store is full: this tab still has them.
    }
  }

  private kept(name: string): Attachment[] {
    try {
      return JSON.parse(this.options.storage.getItem(name) ?? '[]') as Attachment[];
    } catch {
      return [];
    }
  }
}
