import { beforeEach, describe, expect, it } from 'vitest';
import { writeCsv } from '../src/sheets/csv';
import { importAsksMax, planOf } from '../src/sheets/import';
import { cellText, kindsIn, parsed, parseTime, shown, table, timeText, visible, type People, type Sheet, type View } from '../src/sheets/sheet';
import { language, t } from '../src/text/i18n';

interface Row {
  id: string;
  name?: string;
  state: string;
  total: number;
  at?: number;
  who?: number;
}

const people: People = {
  nameOf: (n) => ['', 'Ann', '小李'][n] ?? '',
  numberOf: (name) => ({ ann: 1, 小李: 2, '2': 2 })[name.toLowerCase()],
};
const sheet: Sheet<Row> = {
  id: 'test', label: 'nav.orders', empty: 'orders.empty', key: 'number', idOf: (row) => row.id, read: async () => ({ rows: [] }),
  columns: [
    { id: 'number', label: 'sheet.order', kind: 'text', of: (row) => row.id },
    { id: 'name', label: 'sheet.buyer', kind: 'text', of: (row) => row.name, edits: true, adds: true },
    { id: 'state', label: 'sheet.state', kind: 'choice', family: 'order', of: (row) => row.state, choices: ['open', 'paid', 'cancelled'], edits: true },
    { id: 'total', label: 'sheet.total', kind: 'money', of: (row) => row.total, currency: () => 'EUR', edits: true },
    { id: 'at', label: 'sheet.made', kind: 'time', of: (row) => row.at, edits: true },
    { id: 'who', label: 'split.member', kind: 'member', of: (row) => row.who, edits: true },
    { id: 'why', label: 'sheet.why', kind: 'text', of: () => '', edits: true },
  ],
  change: (row, values) => ({ method: 'change', params: { row: row.id, ...Object.fromEntries(values) } }),
  needsWhy: (values) => values.get('state') === 'cancelled',
  add: (values) => (values.get('name') ? { method: 'add', params: Object.fromEntries(values) } : 'phrase.name_needed'),
};
const at = new Date(2026, 10, 23, 7, 5).getTime();
const rows: Row[] = [
  { id: 'T-10', name: 'Zoe', state: 'paid', total: 500, at, who: 1 },
  { id: 'T-9', name: '=Eve', state: 'open', total: 12_050, at: at - 60_000, who: 2 },
  { id: 'T-11', state: 'paid', total: 0 },
];
const view = (over: Partial<View>): View => ({ sort: '', down: false, search: '', only: new Map(), ...over });
const ids = (over: Partial<View>): string[] => visible(sheet, rows, view(over), people).map((row) => row.id);
const plan = (lines: string[][]) => planOf(sheet, rows, writeCsv(lines), people);

beforeEach(() => void (language.value = 'en'));

describe('a sheet', () => {
  it('sorts as people count, with what is empty last, and does not touch the rows', () => {
    expect(ids({ sort: 'number' })).toEqual(['T-9', 'T-10', 'T-11']);
    expect(ids({ sort: 'total', down: true })).toEqual(['T-9', 'T-10', 'T-11']);
    expect(ids({ sort: 'name' })).toEqual(['T-9', 'T-10', 'T-11']);
    expect(ids({ sort: 'name', down: true }).at(-1)).toBe('T-11');
    expect(ids({ sort: 'at' })).toEqual(['T-9', 'T-10', 'T-11']);
    expect(rows[0]!.id).toBe('T-10');
  });
  it('finds any words of a row, and shows one kind only', () => {
    expect(ids({ search: 'ZOE paid' })).toEqual(['T-10']);
    expect(ids({ search: '120.50' })).toEqual(['T-9']);
    expect(ids({ search: 'zoe open' })).toEqual([]);
    expect(ids({ only: new Map([['state', 'Paid']]) })).toEqual(['T-10', 'T-11']);
    expect(kindsIn(sheet.columns[2]!, rows, people)).toEqual(['Open', 'Paid']);
    expect(kindsIn(sheet.columns[5]!, rows, people)).toEqual(['Ann', '小李']);
  });
  it('takes what is typed into a cell, or says that it is nothing', () => {
    const take = (column: number, text: string) => parsed(sheet.columns[column]!, text, 'EUR', people);
    expect(take(2, 'paid')).toBe('paid');
    expect(take(2, '已付款')).toBe('paid');
    expect(take(2, 'PAID')).toBe('paid');
    expect(take(2, 'flying')).toBeNull();
    expect(take(3, '12.5')).toBe(1250);
    expect(take(3, '0.00')).toBe(0);
    expect(take(3, '12.555')).toBeNull();
    expect(take(4, timeText(at))).toBe(at);
    expect(take(4, '2026/11/23 7:05')).toBe(at);
    expect(take(5, '小李')).toBe(2);
    expect(take(5, 'nobody')).toBeNull();
    expect(take(1, '  ')).toBeUndefined();
    for (const text of ['2026-02-30', '2026-11-23 25:00', 'soon']) expect(parseTime(text), text).toBeNull();
  });
});

describe('a file', () => {
  it('that comes back as it was changes nothing, in either language', () => {
    for (const one of ['en', 'zh'] as const) {
      language.value = one;
      const text = writeCsv(table(sheet, rows, people));
      language.value = 'en';
      const found = planOf(sheet, rows, text, people);
      expect(found).toEqual({ steps: [], faults: [], same: 3, ignored: [] });
    }
  });
  it('changes what differs, adds what is new, and leaves the rest', () => {
    const found = plan([
      ['Order', 'Buyer', 'State', 'Total', 'Colour'],
      ['T-10', 'Zoë', '已付款', '5.00', 'red'],
      ['T-9', '=Eve', 'Paid', '120.50', ''],
      ['', 'Mia', '', '', ''],
      ['', '', '', '', 'blue'],
    ]);
    expect(found.faults).toEqual([]);
    expect(found.ignored).toEqual(['Colour']);
    expect(found.same).toBe(1);
    expect(found.steps.map((step) => [step.line, step.kind, step.ask.params])).toEqual([
      [2, 'change', { row: 'T-10', name: 'Zoë' }],
      [3, 'change', { row: 'T-9', state: 'paid' }],
      [4, 'add', { name: 'Mia' }],
    ]);
  });
  it('says what it cannot take, by line', () => {
    const found = plan([
      ['Order', 'Total', 'State', 'Why'],
      ['T-10', 'a lot', '', ''],
      ['T-12', '1.00', '', ''],
      ['T-9', '120.50', 'cancelled', ''],
      ['T-11', '0.00', 'cancelled', 'He said so'],
      ['T-10', '5.00', 'paid', '', 'more'],
    ]);
    expect(found.faults.map((one) => one.line)).toEqual([2, 3, 4, 6]);
    expect(found.faults[0]!.text).toBe('“a lot” is nothing for “Total”.');
    expect(found.faults[1]!.text).toContain('T-12');
    expect(found.faults[2]!.text).toContain(t('sheet.why'));
    expect(found.steps.map((step) => step.ask.params)).toEqual([{ row: 'T-11', state: 'cancelled', why: 'He said so' }]);
  });
  it('never guesses which of several rows is meant, and makes at most so many changes', () => {
    const twice = [rows[0]!, { ...rows[1]!, id: 'T-10' }];
    const found = planOf(sheet, twice, writeCsv([['Order', 'Buyer'], ['T-10', 'Mia']]), people);
    expect(found.steps).toEqual([]);
    expect(found.faults[0]!.text).toContain('Several');
    const many = plan([['Buyer'], ...Array.from({ length: importAsksMax + 5 }, (_, i) => [`Buyer ${i}`])]);
    expect(many.steps).toHaveLength(importAsksMax);
    expect(many.faults).toHaveLength(1);
  });
  it('shows and writes the same cell', () => {
    expect(shown(sheet.columns[5]!, rows[1]!, people)).toBe('小李');
    expect(cellText(sheet.columns[3]!, rows[1]!, people)).toBe('120.50');
    expect(shown(sheet.columns[3]!, rows[1]!, people)).toContain('120.50');
  });
});
