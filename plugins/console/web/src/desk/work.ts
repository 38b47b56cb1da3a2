// Promises, cases, calls, questions and missed enquiries, as the desk's methods answer them.
import type { Attachment } from './types';

export interface Promised {
  promise: string;
  chat: number;
  chat_id: string;
  buyer?: string;
  member: number;
  kind: string;
  due_ms: number;
  overdue: boolean;
  made_ms: number;
  text?: string;
  name?: string;
  erased?: boolean;
}

export interface CaseRow {
  case: number;
  id: string;
  kind: string;
  state: string;
  member: number;
  assignee?: number;
  opened_ms: number;
  changed_ms: number;
  title?: string;
  shop?: string;
  chat?: number;
  chat_id?: string;
  buyer?: string;
  order?: string;
  parcel?: string;
  cause?: string;
  severity?: string;
  deadline_ms?: number;
  overdue?: boolean;
  waiting_for?: string;
  liable?: string;
  amount?: number;
  currency?: string;
  wants?: string[];
  hardship?: boolean;
  evidence?: string[];
  statements?: number;
  erased?: boolean;
}

export interface CaseLine {
  kind: 'opened' | 'changed' | 'said' | 'linked' | 'call';
  event: string;
  at_ms: number;
  made_ms?: number;
  member?: number;
  text?: string;
  party?: string;
  evidence?: string;
  files?: number;
  attachments?: Attachment[];
  changes?: Record<string, unknown>;
  link?: Record<string, string>;
  removed?: boolean;
  direction?: string;
  answered?: boolean;
  seconds?: number;
}

export interface CaseView extends CaseRow {
  text?: string;
  lines: CaseLine[];
  earlier: boolean;
  before?: unknown;
  links: { chats: { chat: number; id: string }[]; buyers: string[]; orders: string[]; parcels: string[] };
}

export interface Call {
  call: string;
  direction: string;
  party: string;
  answered?: boolean;
  seconds?: number;
  at_ms: number;
  member?: number;
  chat?: number;
  chat_id?: string;
  buyer?: string;
  case?: number;
  case_id?: string;
  text?: string;
}

export interface Question {
  question: string;
  chat: number;
  chat_id: string;
  buyer?: string;
  from: number;
  to?: number;
  to_role?: string;
  asked_ms: number;
  text?: string;
}

export interface Missed {
  chat: number;
  chat_id: string;
  shop: string;
  buyer?: string;
  name?: string;
  member?: number;
  asked_ms: number;
  waited_ms: number;
  outcome: string;
  ordered?: boolean;
  lost?: boolean;
  text?: string;
}

export interface Listener {
  member: number;
  until_ms: number;
}

export const caseKinds = [
  'lost', 'damaged', 'missing_item', 'wrong_item', 'refund', 'return', 'exchange', 'complaint', 'question', 'platform', 'other',
] as const;
export const caseStates = ['open', 'waiting', 'settled', 'dropped'] as const;
export const causes = ['purchasing', 'warehouse', 'packing', 'courier', 'listing', 'buyer', 'none'] as const;
export const severities = ['low', 'normal', 'high'] as const;
export const parties = ['buyer', 'shop', 'courier', 'platform', 'third'] as const;
export const promiseKinds = ['answer', 'gift', 'other'] as const;
// With these, the desk wants to know why.
export const endStates: ReadonlySet<string> = new Set(['settled', 'dropped']);
