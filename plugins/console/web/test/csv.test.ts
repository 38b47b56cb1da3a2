import { describe, expect, it } from 'vitest';
import { csvBytesMax, csvColumnsMax, CsvError, csvRowsMax, csvText, defuse, readCsv, undefuse, writeCsv } from '../src/sheets/csv';

const back = (rows: string[][]): string[][] => readCsv(writeCsv(rows)).map((row) => row.cells);
const fault = (text: string): string => {
  try {
    readCsv(text);
    return 'read';
  } catch (error) {
    return (error as CsvError).message;
  }
};

describe('csv', () => {
  it('writes a byte order mark, CRLF, and quotes where they are needed', () => {
    expect(writeCsv([['a', 'b, c', 'say "x"'], ['二', '', ' y']])).toBe('\ufeffa,"b, c","say ""x"""\r\n二,," y"\r\n');
  });
  it('reads back what it wrote', () => {
    const rows = [['id', 'text'], ['1', 'two\nlines, "quoted"\r\nthree'], ['2', 'tab\there'], ['3', '😀 中文；'], ['', 'x']];
    expect(back(rows)).toEqual(rows);
  });
  it('defuses formulas, and reads them back as they were', () => {
    const cells = ['=1+1', '+86 138', '-5', '@x', '\tx', '\rx', '\nx', '＝1', "'=1", "''=1", "'quoted'", "it's", "'", '=HYPERLINK("http://x","y")'];
    for (const cell of cells) {
      expect(undefuse(defuse(cell)), cell).toBe(cell);
      expect(/^[=+\-@\t\r\n＝＋－＠]/.test(defuse(cell)), cell).toBe(false);
    }
    expect(back([['x', ...cells]])).toEqual([['x', ...cells]]);
    expect(writeCsv([['=1', "'quoted'"]])).toBe("\ufeff'=1,'quoted'\r\n");
  });
  it('takes what others write: no mark, LF, CR, semicolons, tabs, no end of line, empty lines', () => {
    expect(readCsv('a,b\n1,2').map((r) => r.cells)).toEqual([['a', 'b'], ['1', '2']]);
    expect(readCsv('a;b\r1;"x;y"\r').map((r) => r.cells)).toEqual([['a', 'b'], ['1', 'x;y']]);
    expect(readCsv('a\tb\r\n\r\n,\r\n1\t').map((r) => r.cells)).toEqual([['a', 'b'], [','], ['1', '']]);
    expect(readCsv('').length).toBe(0);
    expect(readCsv('"a","b"\n"1\n2",3\n4,5').map((r) => r.line)).toEqual([1, 2, 4]);
  });
  it('says where a file cannot be read', () => {
    expect(fault('a,b\n1,"2\n3')).toBe('quote in line 2');
    expect(fault('a,b\n"1"x,2')).toBe('after_quote in line 2');
    expect(fault('x,'.repeat(csvColumnsMax))).toBe('columns in line 1');
    expect(fault('x\n'.repeat(csvRowsMax + 2))).toBe(`rows in line ${csvRowsMax + 2}`);
    expect(fault(`a\n${'x'.repeat(40_000)}`)).toBe('cell in line 2');
    expect(() => csvText(new ArrayBuffer(csvBytesMax + 1))).toThrow('bytes in line 1');
  });
  it('reads what a Chinese system saves', () => {
    expect(csvText(new Uint8Array([0xd6, 0xd0, 0xce, 0xc4]).buffer)).toBe('中文');
    expect(csvText(new TextEncoder().encode('\ufeff中文').buffer as ArrayBuffer)).toBe('\ufeff中文');
  });
  it('never loses a cell: random ones', () => {
    const signs = ['"', ',', '\r\n', '\n', '=', "'", 'a', '；', ' ', '\t', '-'];
    let seed = 7;
    const random = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
    for (let round = 0; round < 2_000; ++round) {
      const rows = Array.from({ length: 3 }, () =>
        ['k', ...Array.from({ length: 2 }, () => Array.from({ length: random(5) }, () => signs[random(signs.length)]).join(''))]);
      expect(back(rows)).toEqual(rows);
    }
  });
});
