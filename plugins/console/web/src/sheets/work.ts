// Cases, promises, calls and missed enquiries.
import { call, me } from '../desk/store';
import {
  caseKinds, caseStates, causes, endStates, parties, promiseKinds, severities, type Call, type CaseRow, type Missed, type Promised,
} from '../desk/work';
import type { Params } from '../bus/frames';
import type { Order } from '../desk/types';
import type { Sheet, Value, Values } from './sheet';

const pageRows = 250;

const pages = <T>(method: string, list: string, params: Params = {}) => async (after: unknown): Promise<{ rows: T[]; next?: unknown }> => {
  const page = await call<Record<string, unknown>>(method, { limit: pageRows, after, ...params });
  return { rows: (page[list] as T[] | undefined) ?? [], ...(page.next !== undefined && { next: page.next }) };
};

// Orders are known by their numbers to people, by ids to cases.
const orderNumbers = new Map<string, string>();
const namedMax = 100; // orders asked for with one page

async function nameOrders(rows: CaseRow[]): Promise<void> {
  const ids = [...new Set(rows.map((row) => row.order ?? ''))].filter((id) => id && !orderNumbers.has(id)).slice(0, namedMax);
  await Promise.all(ids.map(async (id) => {
    const { orders } = await call<{ orders: Order[] }>('desk.order', { order: id }).catch(() => ({ orders: [] as Order[] }));
    orderNumbers.set(id, orders[0]?.number || id);
  }));
}

// What clears a value, in the words of desk.case_change.
const cleared: Record<string, Value> = { assignee: 0, deadline_ms: 0, cause: '', severity: '', waiting_for: '', liable: '', title: '' };
const caseParams: Record<string, string> = { deadline: 'deadline_ms', why: 'text' };

export function caseChange(row: { case: number; currency?: string }, values: Values): Params {
  const params: Params = { case: row.case, member: me.peek() };
  for (const [id, value] of values) {
    const name = caseParams[id] ?? id;
    const put = value ?? cleared[name];
    if (put !== undefined) params[name] = put;
  }
  if (params.amount !== undefined && params.currency === undefined) params.currency = row.currency;
  return params;
}

export const casesOf = (kinds?: readonly string[]): Sheet<CaseRow> => ({
  id: kinds ? kinds[0]! : 'cases',
  label: !kinds ? 'nav.cases' : kinds[0] === 'return' ? 'sheet.returns' : 'sheet.complaints',
  empty: 'sheet.no_cases',
  key: 'case',
  idOf: (row) => row.id,
  link: (row) => `/ledgers/cases/${row.case}`,
  read: async (after) => {
    const page = await pages<CaseRow>('desk.cases', 'cases', { view: 'all' })(after);
    await nameOrders(page.rows);
    return kinds ? { ...page, rows: page.rows.filter((row) => kinds.includes(row.kind)) } : page;
  },
  columns: [
    { id: 'case', label: 'sheet.case', kind: 'number', of: (c) => c.case },
    { id: 'title', label: 'case.title', kind: 'text', of: (c) => c.title, edits: true, adds: true },
    { id: 'kind', label: 'sheet.kind', kind: 'choice', family: 'case_kind', of: (c) => c.kind, choices: caseKinds, free: true, edits: true, adds: true },
    { id: 'state', label: 'sheet.state', kind: 'choice', family: 'case_state', of: (c) => c.state, choices: caseStates, edits: true },
    { id: 'assignee', label: 'case.assignee', kind: 'member', of: (c) => c.assignee, edits: true, adds: true },
    { id: 'deadline', label: 'case.deadline', kind: 'time', of: (c) => c.deadline_ms, edits: true, adds: true },
    { id: 'severity', label: 'case.severity', kind: 'choice', family: 'severity', of: (c) => c.severity, choices: severities, edits: true, adds: true },
    { id: 'cause', label: 'case.cause', kind: 'choice', family: 'cause', of: (c) => c.cause, choices: causes, edits: true },
    { id: 'waiting_for', label: 'case.waiting_for', kind: 'choice', family: 'party', of: (c) => c.waiting_for, choices: parties, free: true, edits: true },
    { id: 'liable', label: 'case.liable', kind: 'choice', family: 'party', of: (c) => c.liable, choices: parties, edits: true },
    { id: 'amount', label: 'case.amount', kind: 'money', of: (c) => c.amount, currency: (c) => c.currency ?? '', edits: true },
    { id: 'currency', label: 'sheet.currency', kind: 'text', of: (c) => c.currency, edits: true },
    { id: 'chat', label: 'sheet.chat', kind: 'number', of: (c) => c.chat, adds: true },
    { id: 'order', label: 'sheet.order', kind: 'text', of: (c) => c.order && (orderNumbers.get(c.order) ?? c.order), adds: true },
    { id: 'shop', label: 'numbers.shop', kind: 'choice', family: 'shop', of: (c) => c.shop, adds: true },
    { id: 'member', label: 'case.opened_by', kind: 'member', of: (c) => c.member },
    { id: 'opened', label: 'case.opened', kind: 'time', of: (c) => c.opened_ms },
    { id: 'changed', label: 'sheet.updated', kind: 'time', of: (c) => c.changed_ms },
    { id: 'why', label: 'sheet.why', kind: 'text', of: () => '', edits: true, adds: true },
  ],
  needsWhy: (values) => endStates.has(String(values.get('state') ?? '')) || !!values.get('liable'),
  change: (row, values) => ({ method: 'desk.case_change', params: caseChange(row, values) }),
  add: (values) => {
    if (!values.get('kind') || !['chat', 'order', 'shop'].some((one) => values.get(one))) return 'case.kind_needed';
    const { case: _none, ...params } = caseChange({ case: 0 }, values);
    return { method: 'desk.case_open', params };
  },
});

export const promises: Sheet<Promised> = {
  id: 'promises', label: 'nav.promises', empty: 'sheet.no_promises', key: 'id',
  idOf: (one) => one.promise,
  link: (one) => `/inbox/${one.chat}?view=all`,
  read: pages('desk.promises', 'promises'),
  columns: [
    { id: 'chat', label: 'sheet.chat', kind: 'number', of: (p) => p.chat, adds: true },
    { id: 'name', label: 'sheet.buyer', kind: 'text', of: (p) => p.name },
    { id: 'text', label: 'promise.what', kind: 'text', of: (p) => p.text, adds: true },
    { id: 'due', label: 'promise.due', kind: 'time', of: (p) => p.due_ms, adds: true },
    { id: 'overdue', label: 'promise.overdue', kind: 'choice', family: 'yes', of: (p) => (p.overdue ? 'yes' : '') },
    { id: 'member', label: 'split.member', kind: 'member', of: (p) => p.member },
    { id: 'kind', label: 'sheet.kind', kind: 'choice', family: 'promise_kind', of: (p) => p.kind, choices: promiseKinds, adds: true },
    { id: 'made', label: 'sheet.made', kind: 'time', of: (p) => p.made_ms },
    { id: 'outcome', label: 'promise.outcome', kind: 'choice', family: 'promise_end', of: () => '', choices: ['kept', 'dropped'], edits: true },
    { id: 'why', label: 'sheet.why', kind: 'text', of: () => '', edits: true },
    { id: 'id', label: 'sheet.id', kind: 'text', of: (p) => p.promise },
  ],
  needsWhy: (values) => values.get('outcome') === 'dropped',
  change: (row, values) => values.get('outcome') === 'dropped'
    ? { method: 'desk.promise_dropped', params: { promise: row.promise, reason: values.get('why') } }
    : { method: 'desk.promise_kept', params: { promise: row.promise } },
  add: (values) => {
    if (!values.get('chat') || !values.get('text') || !values.get('due')) return 'promise.needs';
    return {
      method: 'desk.promise',
      params: { chat: values.get('chat'), text: values.get('text'), due_ms: values.get('due'), kind: values.get('kind') ?? 'answer' },
    };
  },
};

export const calls: Sheet<Call> = {
  id: 'calls', label: 'nav.calls', empty: 'sheet.no_calls', key: 'id',
  idOf: (one) => one.call,
  link: (one) => (one.chat ? `/inbox/${one.chat}?view=all` : one.case ? `/ledgers/cases/${one.case}` : ''),
  read: pages('desk.calls', 'calls'),
  columns: [
    { id: 'at', label: 'call.at', kind: 'time', of: (c) => c.at_ms, adds: true },
    { id: 'direction', label: 'call.direction', kind: 'choice', family: 'direction', of: (c) => c.direction, choices: ['in', 'out'], adds: true },
    { id: 'party', label: 'call.party', kind: 'choice', family: 'party', of: (c) => c.party, choices: parties, adds: true },
    { id: 'answered', label: 'call.answered', kind: 'choice', family: 'yes', of: (c) => (c.answered ? 'yes' : 'no'), choices: ['yes', 'no'], adds: true },
    { id: 'seconds', label: 'call.seconds', kind: 'number', of: (c) => c.seconds, adds: true },
    { id: 'text', label: 'call.text', kind: 'text', of: (c) => c.text, adds: true },
    { id: 'chat', label: 'sheet.chat', kind: 'number', of: (c) => c.chat, adds: true },
    { id: 'case', label: 'sheet.case', kind: 'number', of: (c) => c.case, adds: true },
    { id: 'member', label: 'split.member', kind: 'member', of: (c) => c.member },
    { id: 'id', label: 'sheet.id', kind: 'text', of: (c) => c.call },
  ],
  add: (values) => {
    if (!values.get('chat') && !values.get('case')) return 'call.needs';
    return {
      method: 'desk.call',
      params: {
        chat: values.get('chat'), case: values.get('case'), direction: values.get('direction') ?? 'in',
        party: values.get('party') ?? 'buyer', answered: values.get('answered') !== 'no', seconds: values.get('seconds'),
        at_ms: values.get('at'), text: values.get('text') ?? '',
      },
    };
  },
};

export const missed: Sheet<Missed> = {
  id: 'missed', label: 'nav.missed', empty: 'sheet.no_missed', key: 'chat',
  idOf: (one) => `${one.chat_id} ${one.asked_ms}`,
  link: (one) => `/inbox/${one.chat}?view=all`,
  read: pages('desk.missed', 'missed'),
  columns: [
    { id: 'chat', label: 'sheet.chat', kind: 'number', of: (m) => m.chat },
    { id: 'name', label: 'sheet.buyer', kind: 'text', of: (m) => m.name },
    { id: 'text', label: 'missed.text', kind: 'text', of: (m) => m.text },
    { id: 'asked', label: 'missed.asked', kind: 'time', of: (m) => m.asked_ms },
    { id: 'waited', label: 'missed.waited', kind: 'number', of: (m) => Math.round(m.waited_ms / 60_000) },
    { id: 'outcome', label: 'sheet.outcome', kind: 'choice', family: 'missed_end', of: (m) => m.outcome },
    { id: 'lost', label: 'missed.lost', kind: 'choice', family: 'yes', of: (m) => (m.lost ? 'yes' : '') },
    { id: 'ordered', label: 'missed.ordered', kind: 'choice', family: 'yes', of: (m) => (m.ordered ? 'yes' : '') },
    { id: 'member', label: 'split.member', kind: 'member', of: (m) => m.member },
    { id: 'shop', label: 'numbers.shop', kind: 'choice', family: 'shop', of: (m) => m.shop },
  ],
};
