// A member's working hours as core/desk/schedule.hpp has them ("06:00-24:00", "mon-fri 09:00-12:00,
// 13:00-18:00", "sat 22:00-06:00"), made into minutes of each day of a week that begins on Monday.
// Lines for dates ("2027-02-06..2027-02-12 closed") are apart.
export const dayMinutes = 1_440;
export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

export interface Stretch {
  from: number; // minutes since midnight
  to: number; // at most dayMinutes
}

const minutesOf = (text: string): number | null => {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (!match) return null;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  return Number(match[2]) < 60 && minutes <= dayMinutes ? minutes : null;
};

function daysOf(text: string): number[] | null {
  const out: number[] = [];
  for (const part of text.split(',')) {
    const [first = '', last = first] = part.trim().split('-');
    const from = days.indexOf(first as (typeof days)[number]);
    const to = days.indexOf(last as (typeof days)[number]);
    if (from < 0 || to < 0) return null;
    for (let day = from; ; day = (day + 1) % 7) {
      out.push(day);
      if (day === to) break;
    }
  }
  return out;
}

// What overlaps or touches becomes one.
export function joined(list: Stretch[]): Stretch[] {
  const out: Stretch[] = [];
  for (const one of [...list].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && one.from <= last.to) last.to = Math.max(last.to, one.to);
    else out.push({ ...one });
  }
  return out;
}

export interface Dates {
  first: string; // "2027-02-06"
  last: string;
  hours: string; // as written; empty: closed
}

const dated = /^\s*(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))? +(\S.*?)\s*$/;

// The lines for dates that are not over on this date, the soonest first.
export function datesOf(schedule: string[], today: string): Dates[] {
  const out: Dates[] = [];
  for (const line of schedule) {
    const match = dated.exec(line);
    if (!match || (match[2] ?? match[1]!) < today) continue;
    out.push({ first: match[1]!, last: match[2] ?? match[1]!, hours: match[3] === 'closed' ? '' : match[3]! });
  }
  return out.sort((a, b) => a.first.localeCompare(b.first));
}

// By day, Monday first; null: a line that cannot be read, so nothing is claimed. Only lines for dates:
// all day.
export function weekOf(schedule: string[]): Stretch[][] | null {
  const lines = schedule.filter((line) => !dated.test(line));
  const allDay = lines.length === 0 && schedule.length > 0;
  const week: Stretch[][] = days.map(() => (allDay ? [{ from: 0, to: dayMinutes }] : []));
  for (const line of lines) {
    const match = /^\s*([a-z,\s-]*?)\s*(\d.*)$/i.exec(line);
    const on = match && (match[1] === '' ? days.map((_, i) => i) : daysOf(match[1]!.toLowerCase().replace(/\s/g, '')));
    if (!match || !on) return null;
    for (const part of match[2]!.split(',')) {
      const [from, to] = part.split('-').map((one) => minutesOf(one.trim()));
      if (from === null || from === undefined || to === null || to === undefined) return null;
      for (const day of on) {
        if (from < to) {
          week[day]!.push({ from, to });
          continue;
        }
        week[day]!.push({ from, to: dayMinutes });
        if (to > 0) week[(day + 1) % 7]!.push({ from: 0, to });
      }
    }
  }
  return week.map(joined);
}

const two = (n: number): string => String(n).padStart(2, '0');
export const hoursText = (one: Stretch): string =>
  `${two(Math.floor(one.from / 60))}:${two(one.from % 60)}–${two(Math.floor(one.to / 60))}:${two(one.to % 60)}`;
