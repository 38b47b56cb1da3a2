import { describe, expect, it } from 'vitest';
import { datesOf, hoursText, weekOf } from '../src/desk/shifts';

const texts = (lines: string[]): string[] | undefined =>
  weekOf(lines)?.map((day) => day.map(hoursText).join(' '));

describe('a week of shifts', () => {
  it('takes days, several stretches, and midnight', () => {
    expect(texts(['06:00-24:00'])).toEqual(Array.from({ length: 7 }, () => '06:00–24:00'));
    expect(texts(['mon-fri 09:00-12:00, 13:00-18:00'])?.slice(3)).toEqual(
      ['09:00–12:00 13:00–18:00', '09:00–12:00 13:00–18:00', '', '']);
    expect(texts(['sun 22:00-06:00'])).toEqual(['00:00–06:00', '', '', '', '', '', '22:00–24:00']);
    expect(texts(['sat,mon 10:00-11:00', 'Mon 11:00-12:00'])).toEqual(['10:00–12:00', '', '', '', '', '10:00–11:00', '']);
    expect(texts(['sat-mon 10:00-11:00'])?.filter(Boolean)).toHaveLength(3);
  });
  it('R15: has the lines for dates apart, those that are over left out', () => {
    const lines = ['2027-12-25 closed', 'mon 09:00-10:00', '2027-02-06..2027-02-12 10:00-12:00', '2026-10-01..2026-10-07 closed'];
    expect(texts(lines)).toEqual(['09:00–10:00', '', '', '', '', '', '']);
    expect(datesOf(lines, '2026-10-08')).toEqual([
      { first: '2027-02-06', last: '2027-02-12', hours: '10:00-12:00' },
      { first: '2027-12-25', last: '2027-12-25', hours: '' }]);
    expect(datesOf(lines, '2026-10-07')).toHaveLength(3);
    expect(texts(['2027-12-25 closed'])).toEqual(Array.from({ length: 7 }, () => '00:00–24:00'));
  });
  it('claims nothing of a line that it cannot read', () => {
    for (const line of ['', 'noday 09:00-10:00', '09:00', '9-10', '09:00-25:00', 'mon 09:70-10:00']) {
      expect(weekOf([line]), line).toBeNull();
    }
    expect(weekOf([])).toEqual([[], [], [], [], [], [], []]);
  });
});
