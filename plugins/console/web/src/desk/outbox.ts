// Replies on their way to the desk. Each has a key: kept in this browser until the desk has it,
// it goes out once, however often the connection breaks. When an answer was lost, the chat is
// looked at first; the desk itself takes a key once.
import { signal } from '@preact/signals';
import { BusError, passes } from '../bus/client';
import type { Params } from '../bus/frames';
import type { Attachment, Chat } from './types';

// From when the desk has it: a reply that waits for the connection promises nothing yet.
export interface PromiseAsk {
  in_minutes: number;
  text?: string; // else the reply's
}

export interface Outgoing {
  key: string;
  chat: string;
  text: string;
  files?: Attachment[]; // on the desk already
  promise?: PromiseAsk; // what is promised with it
  atMs: number;
  state: 'waiting' | 'sending' | 'sent' | 'refused';
  tried: boolean; // it may have reached the desk
  event?: string;
  error?: string;
  warned?: boolean; // the shop's rules warn of it; sent again it goes all the same
  anyway?: boolean;
}

export interface OutboxOptions {
  call: <T = Params>(method: string, params: Params) => Promise<T>;
  sentence: (error: unknown) => string;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
  prefix: string; // of this desk and member
  // Runs work while no other tab does for the same key; false: another tab is at it.
  alone?: (key: string, work: () => Promise<void>) => Promise<boolean>;
  now?: () => number;
  newKey?: () => string;
}

// Named limits and times.
export const lookBack = 200; // entries of a chat that are looked through for a lost answer
export const againMs = 3_000; // when the desk is busy or its disk is full
export const keptItemsMax = 500;

const newKey = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
};

export class Outbox {
  readonly items = signal<readonly Outgoing[]>([]);
  private open = false;
  private readonly busy = new Set<string>(); // chats
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: OutboxOptions) {
    const found: Outgoing[] = [];
    for (let i = 0; i < options.storage.length && found.length < keptItemsMax; ++i) {
      const name = options.storage.key(i);
      if (!name?.startsWith(options.prefix)) continue;
      const item = this.stored(name.slice(options.prefix.length));
      // A tab that ended while it was sending has lost the answer.
      if (item) found.push({ ...item, state: item.state === 'refused' ? 'refused' : 'waiting' });
    }
    found.sort((a, b) => a.atMs - b.atMs);
    this.items.value = found;
  }

  of(chat: string): Outgoing[] {
    return this.items.value.filter((item) => item.chat === chat);
  }

  send(chat: string, text: string, files: Attachment[] = [], promise?: PromiseAsk): void {
    const item: Outgoing = {
      key: (this.options.newKey ?? newKey)(),
      chat,
      text,
      ...(files.length > 0 && { files }),
      ...(promise && { promise }),
      atMs: (this.options.now ?? Date.now)(),
      state: 'waiting',
      tried: false,
    };
    this.items.value = [...this.items.value, item];
    this.store(item);
    void this.work(chat);
  }

  retry(key: string): void {
    const anyway = this.find(key)?.warned ?? false;
    this.change(key, { state: 'waiting', error: '', warned: false, anyway });
    const item = this.find(key);
    if (item) void this.work(item.chat);
  }

  drop(key: string): void {
    this.items.value = this.items.value.filter((item) => item.key !== key);
    this.options.storage.removeItem(this.options.prefix + key);
  }

  setOpen(open: boolean): void {
    this.open = open;
    if (!open) return;
    for (const chat of new Set(this.items.value.map((item) => item.chat))) void this.work(chat);
  }

  // The conversation shows these events itself from now on.
  shown(chat: Chat): void {
    const events = new Set(chat.entries.map((entry) => entry.event));
    for (const item of this.of(chat.id)) if (item.event && events.has(item.event)) this.drop(item.key);
  }

  // One reply of a chat after the other, in the order in which they were written.
  private async work(chat: string): Promise<void> {
    if (this.busy.has(chat)) return;
    this.busy.add(chat);
    try {
      for (;;) {
        const item = this.of(chat).find((one) => one.state === 'waiting');
        if (!item || !this.open) break;
        const alone = this.options.alone ?? (async (_key, work) => (await work(), true));
        let goOn = false;
        const mine = await alone(item.key, async () => {
          if (!this.stored(item.key)) return this.drop(item.key); // another tab has sent it
          goOn = await this.attempt(item);
        });
        if (!mine) this.later();
        if (!mine || !goOn) break;
      }
    } finally {
      this.busy.delete(chat);
    }
  }

  private async attempt(item: Outgoing): Promise<boolean> {
    try {
      if (item.tried) {
        const { entries } = await this.options.call<Chat>('desk.chat', { chat: item.chat, limit: lookBack });
        const there = entries.find((entry) => entry.key === item.key);
        if (there) {
          this.change(item.key, { state: 'sent', event: there.event });
          return true;
        }
      }
      this.change(item.key, { state: 'sending', tried: true });
      const { event } = await this.options.call<{ event: string }>('desk.reply', {
        chat: item.chat, text: item.text, key: item.key, files: item.files, promise: item.promise,
        ...(item.anyway && { anyway: true }),
      });
      this.change(item.key, { state: 'sent', event });
      return true;
    } catch (error) {
      if (passes(error)) {
        this.change(item.key, { state: 'waiting' });
        this.later();
        return false;
      }
      const warned = error instanceof BusError && error.where === 'anyway';
      this.change(item.key, { state: 'refused', error: this.options.sentence(error), warned });
      return true;
    }
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.setOpen(this.open), againMs);
  }

  private find(key: string): Outgoing | undefined {
    return this.items.value.find((item) => item.key === key);
  }

  private change(key: string, what: Partial<Outgoing>): void {
    this.items.value = this.items.value.map((item) => (item.key === key ? { ...item, ...what } : item));
    const item = this.find(key);
    if (!item) return;
    // What the desk has is not sent again by whoever reads the browser's store next.
    if (item.state === 'sent') this.options.storage.removeItem(this.options.prefix + key);
    else this.store(item);
  }

  private store(item: Outgoing): void {
    try {
      this.options.storage.setItem(this.options.prefix + item.key, JSON.stringify(item));
    } catch {
      // The browser's store is full: this tab still has it.
    }
  }

  private stored(key: string): Outgoing | null {
    const text = this.options.storage.getItem(this.options.prefix + key);
    if (text === null) return null;
    try {
      return JSON.parse(text) as Outgoing;
    } catch {
      return null;
    }
  }
}
