// What a file would change in a sheet, found out before anything is asked of the desk.
import { dictionaries, t, type Key } from '../text/i18n';
import { line as oneLine } from '../text/plain';
import { readCsv, CsvError } from './csv';
import { cellText, parsed, whyColumn, type Ask, type Column, type People, type Sheet, type Value } from './sheet';

// Named limits.
export const importAsksMax = 1_000; // of one file
export const faultsShownMax = 20;

export interface Step {
  line: number;
  kind: 'change' | 'add';
  what: string; // in words
  ask: Ask;
}

export interface Fault {
  line: number;
  text: string;
}

export interface Plan {
  steps: Step[];
  faults: Fault[];
  same: number; // rows that change nothing
  ignored: string[]; // columns of the file that the sheet does not have
}

const csvKeys: Record<CsvError['fault'], Key> = {
  quote: 'csv.quote', after_quote: 'csv.after_quote', rows: 'csv.rows', columns: 'csv.columns', cell: 'csv.cell',
  bytes: 'csv.bytes', empty: 'csv.empty',
};
export const csvSentence = (error: CsvError): string => t(csvKeys[error.fault], { line: error.line });

// By the column's name in a file, or its label in either language.
function columnOf<T>(sheet: Sheet<T>, head: string): Column<T> | undefined {
  const wanted = head.trim().toLowerCase();
  return sheet.columns.find((column) =>
    [column.id, dictionaries.en[column.label], dictionaries.zh[column.label]].some((one) => one.toLowerCase() === wanted));
}

export function planOf<T>(sheet: Sheet<T>, rows: readonly T[], text: string, people: People): Plan {
  const plan: Plan = { steps: [], faults: [], same: 0, ignored: [] };
  const [head, ...lines] = readCsv(text);
  if (!head) throw new CsvError('empty', 1);
  const columns = head.cells.map((cell) => columnOf(sheet, cell));
  columns.forEach((column, i) => {
    if (!column && head.cells[i]!.trim()) plan.ignored.push(oneLine(head.cells[i], 40));
  });
  const keyColumn = sheet.columns.find((column) => column.id === sheet.key)!;
  const known = new Map<string, T | null>(); // null: several rows have it
  for (const row of rows) {
    const key = cellText(keyColumn, row, people).trim();
    known.set(key, known.has(key) ? null : row);
  }
  for (const { line, cells } of lines) {
    if (cells.length > head.cells.length) {
      plan.faults.push({ line, text: t('import.cells') });
      continue;
    }
    const texts = new Map<Column<T>, string>();
    columns.forEach((column, i) => column && texts.set(column, cells[i] ?? ''));
    const key = (texts.get(keyColumn) ?? '').trim();
    const row = key ? known.get(key) : undefined;
    if (key && !row) {
      plan.faults.push({ line, text: t(row === null ? 'import.several' : 'import.unknown', { key: oneLine(key, 40) }) });
    } else if (plan.steps.length >= importAsksMax) {
      plan.faults.push({ line, text: t('import.too_many', { n: importAsksMax }) });
      break;
    } else if (row) takeChange(sheet, plan, line, key, row, texts, people);
    else takeNew(sheet, plan, line, texts, people);
  }
  return plan;
}

function takeChange<T>(
  sheet: Sheet<T>, plan: Plan, line: number, key: string, row: T, texts: Map<Column<T>, string>, people: People,
): void {
  const values = new Map<string, Value>();
  const names: string[] = [];
  for (const [column, text] of texts) {
    if (!column.edits || text.trim() === cellText(column, row, people).trim()) continue;
    const value = parsed(column, text, column.currency?.(row) ?? '', people);
    if (value === null) {
      plan.faults.push({ line, text: t('import.bad', { column: t(column.label), text: oneLine(text, 40) }) });
      return;
    }
    if (value === column.of(row)) continue; // the same, in the other language's words
    values.set(column.id, value);
    if (column.id !== whyColumn) names.push(t(column.label));
  }
  if (names.length === 0 && !values.has(whyColumn)) return void ++plan.same;
  if (!sheet.change) return void plan.faults.push({ line, text: t('import.no_change') });
  if (sheet.needsWhy?.(values) && !values.get(whyColumn)) {
    return void plan.faults.push({ line, text: t('import.why', { column: t('sheet.why') }) });
  }
  plan.steps.push({
    line, kind: 'change', what: `${key}: ${names.join(', ') || t('sheet.why')}`, ask: sheet.change(row, values),
  });
}

function takeNew<T>(sheet: Sheet<T>, plan: Plan, line: number, texts: Map<Column<T>, string>, people: People): void {
  if (!sheet.add) return void plan.faults.push({ line, text: t('import.no_new') });
  const values = new Map<string, Value>();
  const words: string[] = [];
  const currency = [...texts].find(([column]) => column.id === 'currency')?.[1].trim() ?? '';
  for (const [column, text] of texts) {
    if (!column.adds) continue;
    const value = parsed(column, text, currency, people);
    if (value === null) {
      return void plan.faults.push({ line, text: t('import.bad', { column: t(column.label), text: oneLine(text, 40) }) });
    }
    if (value === undefined) continue;
    values.set(column.id, value);
    if (words.length < 3) words.push(oneLine(text, 30));
  }
  if (values.size === 0) return void ++plan.same;
  const ask = sheet.add(values);
  if (typeof ask === 'string') return void plan.faults.push({ line, text: t(ask) });
  plan.steps.push({ line, kind: 'add', what: words.join(', '), ask });
}
