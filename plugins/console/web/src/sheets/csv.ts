// Comma-separated values as RFC 4180 has them, in UTF-8 with a byte order mark, as spreadsheet
// programs read and write them. A cell that such a program would take for a formula is written with an
// apostrophe before it, and read back without.

// Named limits, of a file that is read.
export const csvBytesMax = 8 * 1024 * 1024;
export const csvRowsMax = 20_000;
export const csvColumnsMax = 64;
export const csvCellCharsMax = 32 * 1024;

const mark = '\ufeff';
// What a spreadsheet program takes for a formula, or for the end of a cell: also in full width. After
// any number of apostrophes, so that each that was there already comes back.
const formula = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const defused = /^'+[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

export const defuse = (cell: string): string => (formula.test(cell) ? `'${cell}` : cell);
export const undefuse = (cell: string): string => (defused.test(cell) ? cell.slice(1) : cell);

const written = (cell: string): string => {
  const safe = defuse(cell);
  return /[",\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};

export const writeCsv = (rows: string[][]): string =>
  mark + rows.map((row) => `${row.map(written).join(',')}\r\n`).join('');

export type CsvFault = 'quote' | 'after_quote' | 'rows' | 'columns' | 'cell' | 'bytes' | 'empty';

// Where a file cannot be read: the line that somebody sees in an editor, from 1.
export class CsvError extends Error {
  constructor(
    readonly fault: CsvFault,
    readonly line: number,
  ) {
    super(`${fault} in line ${line}`);
  }
}

// Some programs write semicolons or tabs instead: whichever the first line has most of, outside quotes.
function separatorOf(text: string): string {
  const counts = new Map([[',', 0], [';', 0], ['\t', 0]]);
  let quoted = false;
  for (const c of text) {
    if (c === '"') quoted = !quoted;
    else if (!quoted && (c === '\n' || c === '\r')) break;
    else if (!quoted && counts.has(c)) counts.set(c, counts.get(c)! + 1);
  }
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

export interface CsvRow {
  line: number;
  cells: string[];
}

// Rows without anything in them are left out. Throws CsvError.
export function readCsv(whole: string): CsvRow[] {
  const text = whole.startsWith(mark) ? whole.slice(1) : whole;
  const separator = separatorOf(text);
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let line = 1;
  let begun = 1; // the line in which the row began
  let at = 0;
  const endRow = (): void => {
    if (cells.some((cell) => cell !== '')) {
      if (rows.length > csvRowsMax) throw new CsvError('rows', begun); // one more is the head
      rows.push({ line: begun, cells });
    }
    cells = [];
  };
  const endCell = (cell: string): void => {
    if (cell.length > csvCellCharsMax) throw new CsvError('cell', begun);
    if (cells.length >= csvColumnsMax) throw new CsvError('columns', begun);
    cells.push(undefuse(cell));
  };
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      const from = line;
      for (++at; ; ++at) {
        if (at >= text.length) throw new CsvError('quote', from);
        if (text[at] === '"') {
          if (text[at + 1] !== '"') break;
          ++at;
        }
        if (text[at] === '\n' || (text[at] === '\r' && text[at + 1] !== '\n')) ++line;
        cell += text[at];
      }
      ++at;
      if (at < text.length && text[at] !== separator && text[at] !== '\r' && text[at] !== '\n') {
        throw new CsvError('after_quote', line);
      }
    } else {
      const from = at;
      while (at < text.length && text[at] !== separator && text[at] !== '\r' && text[at] !== '\n') ++at;
      cell = text.slice(from, at);
    }
    endCell(cell);
    if (text[at] === separator) {
      ++at;
      if (at === text.length) endCell('');
      else continue;
    }
    if (text[at] === '\r' && text[at + 1] === '\n') ++at;
    if (at < text.length) {
      ++at;
      ++line;
    }
    endRow();
    begun = line;
  }
  endRow();
  return rows;
}

// What a spreadsheet program saved: UTF-8, or, by those of a Chinese system, GB 18030.
export function csvText(bytes: ArrayBuffer): string {
  if (bytes.byteLength > csvBytesMax) throw new CsvError('bytes', 1);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030', { ignoreBOM: true }).decode(bytes);
  }
}
