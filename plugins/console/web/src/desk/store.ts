// What the console knows of the desk, as signals that screens render from.
import { computed, signal } from '@preact/signals';
import { BusClient, BusError, type LinkState } from '../bus/client';
import { status, type Params } from '../bus/frames';
import { language, t } from '../text/i18n';
import { isWaiting, priority } from './queue';
import type { Chat, ChatRow, Member, Phrase, Session } from './types';
import type { Question } from './work';

export const session = signal<Session | null>(null);
export const link = signal<LinkState>('connecting');
export const cutSince = signal(0);
export const members = signal<Member[]>([]);
export const phrases = signal<Phrase[]>([]);
export const rows = signal<ReadonlyMap<string, ChatRow>>(new Map());
export const rowsLoaded = signal(false);
export const allLoaded = signal<'none' | 'some' | 'all'>('none'); // of closed chats, too
export const openChat = signal<Chat | null>(null);
// Who is writing where, by the drafts that come in: chat to member and time.
export const orderNews = signal(0); // how often anything about orders came
export const workNews = signal(0); // the same of promises, cases, calls, questions
export const questions = signal<Question[]>([]); // to me, unanswered
export const writing = signal<ReadonlyMap<string, { member: number; atMs: number }>>(new Map());

// The desk's clock against this machine's.
export const skewMs = signal(0);
export const tick = signal(Date.now()); // every second, for what shows how long something lasts
export const now = computed(() => tick.value + skewMs.value);

export const me = computed(() => session.value?.member ?? 0);
export const mayAct = computed(() => session.value?.access === 'owner' || session.value?.access === 'agent');
export const isOwner = computed(() => session.value?.access === 'owner');

export const memberName = (number: number | undefined): string =>
  members.value.find((m) => m.number === number)?.name ??
  session.value?.members.find((m) => m.number === number)?.name ??
  t('member.number', { n: number ?? 0 });

export const ownMember = computed(() => members.value.find((m) => m.number === me.value));
// As the desk has it for listening.
export const maySupervise = computed(
  () => isOwner.value || (mayAct.value && ['supervisor', 'manager'].includes(ownMember.value?.role ?? '')));

export const myRows = computed(() => [...rows.value.values()].filter((r) => r.state !== 'closed' && r.member === me.value));

export const nextWaiting = computed(() => {
  const all = [...rows.value.values()].filter((r) => isWaiting(r, now.peek()));
  const mine = all.filter((r) => r.member === me.value).sort(priority);
  return mine.length > 0 ? mine : all.filter((r) => r.state === 'queued').sort(priority);
});

// --- asking ---

let client: BusClient | null = null;
export const setClient = (next: BusClient | null): void => void (client = next);

export function call<T = Params>(method: string, params: Params = {}, deadline?: number): Promise<T> {
  if (!client) return Promise.reject(new BusError(status.unavailable, '', method));
  return client.request<T>(method, { language: language.value, ...params }, deadline);
}

// A sentence for whoever asked for something that was refused.
export function sentence(error: unknown): string {
  if (error instanceof BusError) {
    if (error.message) return error.message;
    if (error.status === status.deadline) return t('error.deadline');
    if (error.status === status.unavailable) return t('error.cut');
    if (error.status === status.denied) return t('error.denied');
    return t('error.other');
  }
  return t('error.other');
}

// --- rows ---

export function putRows(list: ChatRow[]): void {
  const next = new Map(rows.value);
  for (const row of list) next.set(row.id, row);
  rows.value = next;
}

// Of the chats that were known before all open ones were read: those not among them were closed
// meanwhile, unless something newer was read of them since.
export function forgetClosed(before: ReadonlyMap<string, ChatRow>, open: ReadonlySet<string>): void {
  const next = new Map(rows.value);
  for (const [id, row] of before) {
    if (row.state === 'closed' || open.has(id) || next.get(id) !== row) continue;
    if (allLoaded.value === 'none') next.delete(id);
    else next.set(id, { ...row, state: 'closed', colour: 'none' });
  }
  rows.value = next;
}

export const rowByNumber = (chat: number): ChatRow | undefined => {
  for (const row of rows.value.values()) if (row.chat === chat) return row;
  return undefined;
};

export function forgetAll(): void {
  rows.value = new Map();
  rowsLoaded.value = false;
  allLoaded.value = 'none';
  openChat.value = null;
  members.value = [];
  phrases.value = [];
  questions.value = [];
  writing.value = new Map();
  session.value = null;
}
