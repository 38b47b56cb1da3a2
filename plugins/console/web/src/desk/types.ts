// The answers of the desk's methods, as core/daemon/README.md lists them. Ids are hex.
import type { Call, CaseRow, Listener, Promised, Question } from './work';

export type Access = 'owner' | 'agent' | 'viewer';

export interface Session {
  member: number;
  name: string;
  access: Access;
  desk: string;
  language: string;
  version: string;
  members: { number: number; name: string }[];
}

export type Colour = 'none' | 'green' | 'amber' | 'red';
export type ChatState = 'closed' | 'fresh' | 'queued' | 'assigned';

export interface ChatRow {
  chat: number;
  id: string;
  shop: string;
  buyer?: string;
  state: ChatState;
  member?: number;
  wants_role?: string;
  topic?: string;
  blocked?: boolean;
  waiting_since_ms?: number;
  colour: Colour;
  nudges: number;
  last_in_ms?: number;
  last_out_ms?: number;
  last_word_theirs: boolean;
  name?: string;
  text?: string;
  subject?: string;
  why_text?: string;
  due_ms?: number; // of the earliest open promise
  promises_open?: number;
  promise_overdue?: boolean;
  questions_open?: number;
  open_cases?: number[];
  answering?: { member: number; peer: string; since_ms: number; request: string };
}

export type Outcome = 'pending' | 'attempted' | 'again' | 'done' | 'failed' | 'unknown' | 'dropped';

export interface Attachment {
  hash: string;
  size: number;
  name?: string;
  type?: string;
}

export interface Entry {
  kind:
    | 'received' | 'sent' | 'reply' | 'note' | 'transfer' | 'assigned' | 'queued' | 'flagged' | 'closed' | 'released'
    | 'promised' | 'kept' | 'dropped' | 'call' | 'asked' | 'answered' | 'case';
  event: string;
  at_ms: number;
  member?: number;
  to?: number;
  to_role?: string;
  topic?: string;
  auto?: boolean;
  files?: number;
  attachments?: Attachment[];
  outcome?: Outcome;
  text?: string;
  name?: string;
  subject?: string;
  erased?: boolean;
  key?: string;
  why_text?: string;
  due_ms?: number; // of a promise
  promise?: string;
  what?: string; // the kind of a promise or a case
  question?: string;
  case?: number;
  direction?: string; // of a call
  party?: string;
  answered?: boolean;
  seconds?: number;
}

export interface Account {
  buyer: string;
  joined: boolean;
  shop?: string;
  name?: string;
  email?: string;
  phone?: string;
  address?: unknown;
}

export interface DeskRequest {
  request: string;
  kind: string;
  shop: string;
  state: Outcome;
  attempts: number;
  made_ms: number;
  chat?: string;
  order?: string;
  member?: number;
  tried_ms?: number;
  after_ms?: number;
  code?: string;
  detail?: string;
}

export interface Parcel {
  id: string;
  status: string;
  carrier: string;
  at_ms: number;
  raw_code?: string;
  tracking?: string;
  raw_text?: string;
}

export interface Order {
  id: string;
  shop: string;
  buyer?: string;
  state: string;
  payment: string;
  total: number;
  paid: number;
  currency: string;
  placed_ms: number;
  updated_ms: number;
  number?: string;
  name?: string;
  address?: unknown;
  link: 'own' | 'joined' | 'contact' | 'quoted';
  lines: { sku: string; name: string; quantity: number; price: number }[];
  parcels: Parcel[];
  requests: DeskRequest[];
}

export interface Draft {
  member: number;
  at_ms: number;
  text: string;
}

export interface Chat extends ChatRow {
  entries: Entry[];
  earlier: boolean;
  account?: Account;
  accounts: Account[];
  history: ChatRow[];
  orders: Order[];
  unproved: number;
  drafts: Draft[];
  blocked_until_ms?: number;
  promises?: Promised[];
  questions?: Question[];
  cases?: CaseRow[];
  calls?: Call[];
  listeners?: Listener[];
}

export type Presence = 'online' | 'back_soon' | 'away' | 'off' | 'suspended';

export interface Member {
  number: number;
  name: string;
  role: string;
  weight: number;
  zone: string;
  schedule: string[];
  experts: string[];
  presence: Presence;
  until_ms?: number;
  on_shift: boolean;
  full: boolean;
  open: number;
  waiting: number;
  limit: number;
  takes_chats: boolean;
  cooling_until_ms?: number;
  shift_ends_ms?: number; // of the one that is on, with overtime
  overtime_until_ms?: number;
  overtime_asked_ms?: number; // nobody has answered yet
  overtime_answerers?: number[]; // who may
  listeners?: Listener[];
  listening?: { to?: number; chat?: number; chat_id?: string; until_ms: number };
}

export interface Phrase {
  name: string;
  language: string;
  text: string;
}

export interface PluginStatus {
  name: string;
  plugin: string;
  version: string;
  kind: string;
  title: string;
  isolation: string;
  state: string;
  since_ms: number;
  next_start_ms?: number;
  pid?: number;
  crashes: number;
  starts: number;
  denied: string[];
  trouble?: string; // what it says itself is wrong now
  reason?: string;
}

export interface Change {
  change: string;
  member: number;
  name: string;
  weight: number;
  removed: boolean;
  peer: string;
  by: string;
  asked_ms: number;
  agreed: string[];
  waits_for: string[];
  in_force: boolean;
  in_force_ms: number;
}

export interface Peer {
  id: string;
  name: string;
  self: boolean;
  standing: string;
  ready: boolean;
  book: boolean;
  since_ms: number;
  seen: boolean;
  linked: boolean;
  rtt_ms?: number;
  skew_ms?: number;
  missing?: number;
}

export interface Alarm {
  at_ms: number;
  what: string;
  peer: string;
  detail: string;
  raised: boolean;
}

export interface Peers {
  self: string;
  peers: Peer[];
  skewed: boolean;
  rolled_back: boolean;
  alarms: Alarm[];
  changes: Change[];
  frozen: string[];
}

export interface SplitRow {
  member: number;
  given: Record<string, number>;
  charged: number;
  total: number;
}

export interface Debt {
  member: number;
  weight: number;
  count: number;
  owed: number;
  of: number;
}

export interface Split {
  zone: string;
  days: { date: string; rows: SplitRow[]; debt: Debt[][]; changes: Change[] }[];
  rows: SplitRow[];
  waiting: Change[];
}

export interface Waits {
  count: number;
  mean_ms: number;
  median_ms: number;
}

export interface Measures {
  received: number;
  answers: number;
  visits: number;
  ordered: number;
  in_time: number;
  first: Waits;
  reply: Waits;
}

export interface Numbers {
  all: Measures;
  members: (Measures & { member: number })[];
  shops: (Measures & { shop: string })[];
  days: (Measures & { date: string })[];
  hours: Measures[];
  left_out: boolean;
}

export interface Status {
  desk: string;
  version: string;
  started_ms: number;
  now_ms: number;
  chats: { open: number; waiting: number; queued: number };
  requests: { pending: number; unknown: number };
}
