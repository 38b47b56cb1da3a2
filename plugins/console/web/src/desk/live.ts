// Follows the desk's events and reads anew whatever they touch: rows in one question for many, the
// open chat once more when it is among them.
import { BusClient, passes } from '../bus/client';
import type { DeskEvent } from '../bus/frames';
import { hex } from '../bus/frames';
import { onMessage } from './notices';
import { isOverdue } from './queue';
import {
  allLoaded, call, forgetClosed, link, me, members, now, openChat, orderNews, phrases, putRows, questions, rows, rowsLoaded,
  skewMs, workNews, writing,
} from './store';
import type { Chat, ChatRow, Member, Phrase, Status } from './types';
import type { Question } from './work';

// Named limits and times.
export const idsMax = 256; // of one question
export const pageRows = 250; // of one question: a page has to fit into a frame
export const openRowsMax = 20_000; // open chats that are kept in memory
export const allRowsMax = 40_000; // closed ones, too
export const entriesMax = 1_000; // of the open chat
export const gatherMs = 40; // events of which the rows are read together
export const agingMs = 5_000; // between two looks at the colours of those who wait
export const chatAgainMs = 1_000; // after an open chat could not be read
export const entriesFirst = 60;
export const writingMs = 20_000; // after the last draft somebody is no longer said to be writing

const topics = [
  'message.*', 'chat.*', 'reply.*', 'buyer.*', 'member.*', 'phrase.*', 'order.*', 'parcel.*', 'refund.*', 'coupon.*',
  'cancel.*', 'resend.*', 'ship.*', 'order_note.*', 'plugin.*', 'peer.*', 'promise.*', 'case.*', 'call.*', 'colleague.*', 'overtime.*',
];

// What orders are shown with.
const ofOrders = new Set(['order', 'parcel', 'refund', 'coupon', 'cancel', 'resend', 'ship', 'order_note']);

// What sheets, cards and questions are shown with.
const ofWork = new Set(['promise', 'case', 'call', 'colleague']);

const dirty = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;
let chatDirty = false;
let chatBusy = false;
let chatLimit = entriesFirst;
let chatAsked: number | string | null = null;
const onChat: ((chat: Chat) => void)[] = [];
export const whenChatRead = (listener: (chat: Chat) => void): void => void onChat.push(listener);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

async function readRows(): Promise<void> {
  timer = undefined;
  const ids = [...dirty].slice(0, idsMax);
  for (const id of ids) dirty.delete(id);
  if (dirty.size > 0) timer = setTimeout(() => void readRows(), gatherMs);
  if (ids.length === 0) return;
  try {
    const { chats } = await call<{ chats: ChatRow[] }>('desk.chats', { ids, view: 'all' });
    putRows(chats);
  } catch {
    for (const id of ids) dirty.add(id); // read when the connection is there again
  }
}

function touch(id: string): void {
  if (!id) return;
  dirty.add(id);
  timer ??= setTimeout(() => void readRows(), gatherMs);
  if (openChat.value?.id === id) touchChat();
}

// Their name and words have gone from every chat.
function touchBuyer(buyer: string): void {
  for (const row of rows.value.values()) if (row.buyer === buyer) touch(row.id);
}

export function touchChat(): void {
  chatDirty = true;
  void readChat();
}

async function readChat(): Promise<void> {
  if (chatBusy || chatAsked === null) return;
  chatBusy = true;
  while (chatDirty && chatAsked !== null) {
    chatDirty = false;
    const asked: number | string = chatAsked;
    try {
      const chat = await call<Chat>('desk.chat', { chat: asked, limit: chatLimit });
      if (chatAsked !== asked) {
        chatDirty = true;
        continue;
      }
      openChat.value = chat;
      const { entries: _e, orders: _o, history: _h, accounts: _a, drafts: _d, promises: _p, questions: _q, cases: _c, calls: _l, ...row } = chat;
      putRows([row]);
      for (const listener of onChat) listener(chat);
    } catch (error) {
      // What is shown stays, and so does what is being written under it; it is read again.
      const shown = openChat.value?.chat === asked || openChat.value?.id === asked;
      if (link.value === 'open' && chatAsked === asked && !(shown && passes(error))) {
        chatErrors(error);
      } else {
        chatDirty = true;
        if (link.value === 'open') setTimeout(() => void readChat(), chatAgainMs);
      }
      break;
    }
  }
  chatBusy = false;
}

let chatErrors: (error: unknown) => void = () => {};

// Shows a chat, by its number or id; null: none.
export function showChat(chat: number | string | null, failed: (error: unknown) => void = () => {}): void {
  if (chatAsked === chat) return;
  chatAsked = chat;
  chatErrors = failed;
  chatLimit = entriesFirst;
  if (openChat.value && openChat.value.chat !== chat && openChat.value.id !== chat) openChat.value = null;
  if (chat !== null) touchChat();
}

export function showEarlier(): void {
  chatLimit = Math.min(chatLimit * 4, entriesMax);
  touchChat();
}

async function readMembers(): Promise<void> {
  members.value = (await call<{ members: Member[] }>('desk.members')).members;
}

export async function readPhrases(): Promise<void> {
  phrases.value = (await call<{ phrases: Phrase[] }>('desk.phrases')).phrases;
}

async function readQuestions(): Promise<void> {
  questions.value = (await call<{ questions: Question[] }>('desk.questions', { to: me.value })).questions;
}

// Closed chats in which something promised is due are in nobody's list of open ones.
async function readOverdue(): Promise<void> {
  putRows((await call<Page>('desk.chats', { view: 'queue', limit: pageRows })).chats);
}

interface Page {
  chats: ChatRow[];
  next?: Uint8Array; // where the next page begins
}

const readPage = (view: 'open' | 'all', after: Uint8Array | undefined): Promise<Page> =>
  call<Page>('desk.chats', { view, limit: pageRows, after });

// The first page is shown at once, the others as they come.
export async function readOpen(): Promise<void> {
  const before = rows.value;
  const open = new Set<string>();
  let after: Uint8Array | undefined;
  do {
    const page = await readPage('open', after);
    for (const row of page.chats) open.add(row.id);
    putRows(page.chats);
    after = page.next;
    rowsLoaded.value = true;
  } while (after && open.size < openRowsMax);
  forgetClosed(before, open);
}

let allNext: Uint8Array | undefined;
let allBusy = false;

// Closed ones, too: another page with each call, until all are there.
export async function readMore(): Promise<void> {
  if (allBusy || allLoaded.value === 'all' || rows.value.size >= allRowsMax) return;
  allBusy = true;
  try {
    const page = await readPage('all', allLoaded.value === 'none' ? undefined : allNext);
    putRows(page.chats);
    allNext = page.next;
    allLoaded.value = page.next ? 'some' : 'all';
  } finally {
    allBusy = false;
  }
}

async function readClock(): Promise<void> {
  const before = Date.now();
  const found = await call<Status>('desk.status');
  skewMs.value = found.now_ms - (before + Date.now()) / 2;
}

// Everything that is in memory, after a connection. Events that come meanwhile only add to it.
function readEverything(): void {
  const tries = [readClock(), readMembers(), readPhrases(), readOpen().then(readOverdue), readQuestions()];
  for (const one of tries) one.catch(() => {}); // a cut: read again after the next connection
  if (allLoaded.value !== 'none') {
    allLoaded.value = 'none';
    readMore().catch(() => {});
  }
  if (chatAsked !== null) touchChat();
}

function take(events: DeskEvent[]): void {
  let membersDirty = false;
  let phrasesDirty = false;
  let ordersDirty = false;
  let workDirty = false;
  for (const event of events) {
    const { facts } = event;
    const chat = hex(facts.chat) || hex(facts.thread);
    const family = event.type.slice(0, event.type.indexOf('.'));
    if (event.type === 'chat.drafted') {
      noteWriting(chat, Number(facts.member), event);
      continue;
    }
    if (chat) touch(chat);
    if (event.type === 'buyer.erased') touchBuyer(hex(facts.buyer));
    const open = openChat.value;
    if (ofOrders.has(family)) ordersDirty = true;
    if (ofWork.has(family)) {
      workDirty = true;
      const about = hex(facts.case);
      if (!chat && open && about && open.cases?.some((one) => one.id === about)) touchChat();
    }
    if (event.type === 'member.listening' && open) touchChat(); // who listens stands in it
    if (family === 'member' || family === 'overtime') membersDirty = true;
    else if (family === 'chat') membersDirty = true; // how many each has
    else if (family === 'phrase') phrasesDirty = true;
    else if (!chat && open) {
      const order = hex(facts.order);
      const request = hex(facts.request);
      const buyer = hex(facts.buyer) || hex(facts.a);
      if (
        (buyer && (buyer === open.buyer || open.accounts.some((a) => a.buyer === buyer))) ||
        (order && open.orders.some((o) => o.id === order)) ||
        (request && (open.entries.some((e) => e.event === request) ||
          open.orders.some((o) => o.requests.some((r) => r.request === request))))
      ) {
        touchChat();
      }
    }
    if (event.type === 'message.received' && facts.auto !== true) {
      onMessage(chat, textOf(event.body.text), textOf(event.body.name), event.atMs);
    }
  }
  if (membersDirty) laterMembers();
  if (phrasesDirty) readPhrases().catch(() => {});
  if (ordersDirty) laterOrders();
  if (workDirty) laterWork();
}

let workTimer: ReturnType<typeof setTimeout> | undefined;
function laterWork(): void {
  workTimer ??= setTimeout(() => {
    workTimer = undefined;
    workNews.value += 1;
    readQuestions().catch(() => {});
  }, gatherMs);
}

let ordersTimer: ReturnType<typeof setTimeout> | undefined;
function laterOrders(): void {
  ordersTimer ??= setTimeout(() => {
    ordersTimer = undefined;
    orderNews.value += 1;
  }, gatherMs);
}

let membersTimer: ReturnType<typeof setTimeout> | undefined;
function laterMembers(): void {
  membersTimer ??= setTimeout(() => {
    membersTimer = undefined;
    readMembers().catch(() => {});
  }, 250);
}

function noteWriting(chat: string, member: number, event: DeskEvent): void {
  if (member === me.value) return;
  const next = new Map(writing.value);
  if (textOf(event.body.text) === '') next.delete(chat);
  else next.set(chat, { member, atMs: event.atMs });
  writing.value = next;
  if (openChat.value?.id === chat) touchChat();
}

export function follow(client: BusClient): void {
  client.read('live', {
    topics,
    from: 'now',
    onEvents: take,
    onOpen: readEverything,
  });
}

// The colours of those who wait change by themselves.
export function age(): void {
  if (link.value !== 'open') return;
  const ids: string[] = [];
  for (const row of rows.value.values()) {
    const ages = row.waiting_since_ms && row.state !== 'closed' && row.colour !== 'red';
    const due = isOverdue(row, now.peek()) && !row.promise_overdue;
    if ((ages || due) && ids.push(row.id) >= idsMax) break;
  }
  for (const id of ids) dirty.add(id);
  if (ids.length > 0) timer ??= setTimeout(() => void readRows(), gatherMs);
}
