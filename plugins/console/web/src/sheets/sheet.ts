// A sheet: rows of the desk with columns that are sorted, filtered, changed, and written to and read
// from a file. What is here knows neither the screen nor the desk.
import { dateTime, money, moneyInput, parseMoney } from '../text/format';
import { dictionaries, t, word, type Key } from '../text/i18n';
import { message } from '../text/plain';

export type Value = string | number | undefined; // time in ms, money in minor units, a member by number
export type Kind = 'text' | 'number' | 'money' | 'time' | 'choice' | 'member';

export interface Column<T> {
  id: string; // in a file, too
  label: Key;
  kind: Kind;
  of: (row: T) => Value;
  currency?: (row: T) => string; // of money
  family?: string; // of a choice: the words of its codes
  choices?: readonly string[]; // of a choice: the codes that may be set
  free?: boolean; // of a choice: any other name, too
  edits?: boolean; // in its cell, and by a file
  adds?: boolean; // by a file, for a new row
}

export type Values = ReadonlyMap<string, Value>;

export interface Ask {
  method: string;
  params: Record<string, unknown>;
}

export interface Sheet<T> {
  id: string;
  label: Key;
  empty: Key; // what to do when there is no row
  columns: Column<T>[];
  key: string; // the column by which a row of a file is known
  idOf: (row: T) => string;
  read: (after: unknown) => Promise<{ rows: T[]; next?: unknown }>;
  link?: (row: T) => string; // where its key leads
  change?: (row: T, values: Values) => Ask;
  needsWhy?: (values: Values) => boolean;
  add?: (values: Values) => Ask | Key; // the key: what is missing
}

// The column in which a file says why something is changed.
export const whyColumn = 'why';

export interface People {
  nameOf: (member: number) => string;
  numberOf: (name: string) => number | undefined;
}

// --- a cell -------------------------------------------------------------------------------------

export function shown<T>(column: Column<T>, row: T, people: People): string {
  const value = column.of(row);
  if (value === undefined || value === '') return '';
  switch (column.kind) {
    case 'time':
      return dateTime(Number(value));
    case 'money':
      return money(Number(value), column.currency?.(row) ?? '');
    case 'choice':
      return word(column.family ?? column.id, String(value));
    case 'member':
      return value === 0 ? '' : people.nameOf(Number(value));
    default:
      return message(String(value));
  }
}

const two = (n: number): string => String(n).padStart(2, '0');

// "2026-11-23 07:05" by this machine's clock: spreadsheet programs know it.
export function timeText(ms: number): string {
  const d = new Date(ms);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}`;
}

export function parseTime(text: string): number | null {
  const match = /^\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(\d{1,2}):(\d{2})(?::\d{2})?)?\s*$/.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute] = match.slice(1).map((one) => Number(one ?? 0)) as [number, number, number, number, number];
  const date = new Date(year, month - 1, day, hour, minute);
  const same = date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60;
  return same ? date.getTime() : null;
}

// As a file has it.
export function cellText<T>(column: Column<T>, row: T, people: People): string {
  const value = column.of(row);
  if (value === undefined) return '';
  if (column.kind === 'time') return timeText(Number(value));
  if (column.kind === 'money') return moneyInput(Number(value), column.currency?.(row) ?? '');
  return shown(column, row, people);
}

// A code by itself, or by its words in either language.
function codeOf<T>(column: Column<T>, text: string): string | null {
  const wanted = text.trim().toLowerCase();
  const family = column.family ?? column.id;
  for (const code of column.choices ?? []) {
    if (code.toLowerCase() === wanted) return code;
    const key = `${family}.${code}` as Key;
    for (const words of [dictionaries.en, dictionaries.zh]) if (words[key]?.toLowerCase() === wanted) return code;
  }
  return column.free ? text.trim() : null;
}

// What was typed into a cell; null: it is none of this column. Nothing typed: undefined.
export function parsed<T>(column: Column<T>, text: string, currency: string, people: People): Value | null {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  switch (column.kind) {
    case 'number':
      return /^-?\d{1,15}$/.test(trimmed) ? Number(trimmed) : null;
    case 'money':
      return /^0+([.,]0*)?$/.test(trimmed) ? 0 : parseMoney(trimmed, currency);
    case 'time':
      return parseTime(trimmed);
    case 'choice':
      return codeOf(column, trimmed);
    case 'member':
      return people.numberOf(trimmed) ?? null;
    default:
      return text;
  }
}

// --- all of them --------------------------------------------------------------------------------

export interface View {
  sort: string; // a column
  down: boolean;
  search: string;
  only: ReadonlyMap<string, string>; // of a choice's or member's column: the text shown
}

export function visible<T>(sheet: Sheet<T>, rows: readonly T[], view: View, people: People): T[] {
  const words = view.search.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const filters = sheet.columns.filter((column) => view.only.has(column.id));
  const out = rows.filter((row) => {
    for (const column of filters) if (shown(column, row, people) !== view.only.get(column.id)) return false;
    if (words.length === 0) return true;
    const text = sheet.columns.map((column) => shown(column, row, people)).join('\n').toLowerCase();
    return words.every((one) => text.includes(one));
  });
  const column = sheet.columns.find((one) => one.id === view.sort);
  if (!column) return out;
  const textual = column.kind === 'text' || column.kind === 'choice' || column.kind === 'member';
  const keys = new Map(out.map((row) => [row, textual ? shown(column, row, people) : (column.of(row) ?? '')]));
  const sign = view.down ? -1 : 1;
  return out.sort((a, b) => {
    const x = keys.get(a)!;
    const y = keys.get(b)!;
    if (x === '' || y === '') return x === y ? 0 : x === '' ? 1 : -1; // those without stay last
    if (typeof x === 'number' && typeof y === 'number') return (x - y) * sign;
    return String(x).localeCompare(String(y), undefined, { numeric: true }) * sign;
  });
}

// What a column has, for a choice of what is shown.
export function kindsIn<T>(column: Column<T>, rows: readonly T[], people: People): string[] {
  const found = new Set<string>();
  for (const row of rows) {
    const text = shown(column, row, people);
    if (text) found.add(text);
  }
  return [...found].sort((a, b) => a.localeCompare(b));
}

export const table = <T>(sheet: Sheet<T>, rows: readonly T[], people: People): string[][] => [
  sheet.columns.map((column) => t(column.label)),
  ...rows.map((row) => sheet.columns.map((column) => cellText(column, row, people))),
];
