// What a member is writing: at once in this browser, soon after on the desk, so that it survives
// both, and the co-owner sees it.
import type { Params } from '../bus/frames';

export interface DraftOptions {
  call: (method: string, params: Params) => Promise<unknown>;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
  prefix: string;
}

// Named times and limits.
export const draftPauseMs = 700; // of not typing
export const draftBytesMax = 32 * 1024;

// Before a kept text: does the desk have it?
const savedMark = '+';
const unsavedMark = '-';

export class Drafts {
  private readonly unsaved = new Map<string, string>();
  private readonly busy = new Set<string>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private open = false;

  constructor(private readonly options: DraftOptions) {
    // What this browser has may never have reached the desk.
    for (let i = 0; i < options.storage.length; ++i) {
      const name = options.storage.key(i);
      if (!name?.startsWith(options.prefix)) continue;
      const kept = options.storage.getItem(name);
      if (kept?.startsWith(unsavedMark)) this.unsaved.set(name.slice(options.prefix.length), kept.slice(1));
    }
  }

  // Null: nothing was written here; the desk may have something.
  get(chat: string): string | null {
    return this.options.storage.getItem(this.options.prefix + chat)?.slice(1) ?? null;
  }

  set(chat: string, text: string): void {
    this.keep(chat, text, unsavedMark);
    this.unsaved.set(chat, text);
    clearTimeout(this.timers.get(chat));
    this.timers.set(chat, setTimeout(() => void this.save(chat), text === '' ? 0 : draftPauseMs));
  }

  setOpen(open: boolean): void {
    this.open = open;
    if (open) for (const chat of this.unsaved.keys()) void this.save(chat);
  }

  private keep(chat: string, text: string, mark: string): void {
    try {
      if (text === '') this.options.storage.removeItem(this.options.prefix + chat);
      else this.options.storage.setItem(this.options.prefix + chat, mark + text);
    } catch {
      // The browser's store is full: the desk will have it.
    }
  }

  private async save(chat: string): Promise<void> {
    const text = this.unsaved.get(chat);
    if (text === undefined || !this.open || this.busy.has(chat)) return;
    if (new TextEncoder().encode(text).length > draftBytesMax) return;
    this.busy.add(chat);
    this.unsaved.delete(chat);
    let failed = false;
    try {
      await this.options.call('desk.draft', { chat, text });
      if (!this.unsaved.has(chat)) this.keep(chat, text, savedMark);
    } catch {
      failed = true;
      if (!this.unsaved.has(chat)) this.unsaved.set(chat, text);
    }
    this.busy.delete(chat);
    if (!failed && this.unsaved.has(chat)) void this.save(chat);
  }
}
