// The order of the queue: who has waited longest first; each nudge counts as a minute more (R11).
import type { ChatRow } from './types';

export const nudgeMs = 60_000;

export type View = 'mine' | 'queue' | 'open' | 'all';
export const views: View[] = ['mine', 'queue', 'open', 'all'];

// What was promised is due: whoever has it owes an answer, in a closed chat, too.
export const isOverdue = (row: ChatRow, nowMs: number): boolean => row.due_ms !== undefined && row.due_ms <= nowMs;
export const isWaiting = (row: ChatRow, nowMs: number): boolean =>
  !row.blocked && ((!!row.waiting_since_ms && row.state !== 'closed') || isOverdue(row, nowMs));

const waits = (row: ChatRow): number => {
  if (row.blocked) return Number.POSITIVE_INFINITY;
  const asked = row.waiting_since_ms && row.state !== 'closed' ? row.waiting_since_ms - row.nudges * nudgeMs : Number.POSITIVE_INFINITY;
  return row.promise_overdue ? Math.min(asked, row.due_ms ?? asked) : asked;
};

export function priority(a: ChatRow, b: ChatRow): number {
  const wa = waits(a);
  const wb = waits(b);
  if (wa !== wb) return wa < wb ? -1 : 1;
  const la = Math.max(a.last_in_ms ?? 0, a.last_out_ms ?? 0);
  const lb = Math.max(b.last_in_ms ?? 0, b.last_out_ms ?? 0);
  return lb - la || b.chat - a.chat;
}

export const belongs = (row: ChatRow, view: View, member: number): boolean => {
  switch (view) {
    case 'mine':
      return (row.state !== 'closed' || !!row.promise_overdue) && row.member === member;
    case 'queue':
      return row.state === 'queued' || row.state === 'fresh';
    case 'open':
      return row.state !== 'closed' || !!row.promise_overdue;
    case 'all':
      return true;
  }
};

export function listOf(rows: Iterable<ChatRow>, view: View, member: number, search: string): ChatRow[] {
  const words = search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const out: ChatRow[] = [];
  for (const row of rows) {
    if (!belongs(row, view, member)) continue;
    if (words.length > 0) {
      const text = `${row.chat} ${row.name ?? ''} ${row.text ?? ''} ${row.subject ?? ''} ${row.shop}`.toLowerCase();
      if (!words.every((word) => text.includes(word))) continue;
    }
    out.push(row);
  }
  return out.sort(priority);
}
