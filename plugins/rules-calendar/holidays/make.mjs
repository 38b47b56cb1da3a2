// Writes the table of public holidays, from the package date-holidays, whose lockfile stands here:
//   npm ci && npm run -s make > ../holidays.inc
// Days in a row are one, also over a weekend between them. Once a year the years are moved on.
import Holidays from 'date-holidays';

const countries = ['AT', 'AU', 'BE', 'CA', 'CH', 'CN', 'DE', 'ES', 'FR', 'GB', 'HK', 'IE', 'IT', 'JP', 'KR', 'NL', 'SG', 'TW', 'US'];
const [first, last] = [2026, 2031];
const dayMs = 86_400_000;
const iso = (day) => new Date(day * dayMs).toISOString().slice(0, 10);
const weekend = (day) => [0, 6].includes(new Date(day * dayMs).getUTCDay());

function daysOf(country) {
  const days = new Map();
  const calendar = new Holidays(country);
  for (let year = first; year <= last; year += 1) {
    for (const one of calendar.getHolidays(year)) {
      const length = Math.round((one.end - one.start) / dayMs); // an hour less or more in spring and autumn
      if (one.type !== 'public' || length < 1) continue;
      const from = Date.parse(`${one.date.slice(0, 10)}T00:00:00Z`) / dayMs;
      for (let day = from; day < from + length; day += 1) if (!days.has(day)) days.set(day, one.name);
    }
  }
  return new Map([...days].sort(([a], [b]) => a - b));
}

const rows = [];
for (const country of countries) {
  let row;
  for (const [day, name] of daysOf(country)) {
    let next = row && row.to + 1;
    while (row && next < day && weekend(next)) next += 1;
    if (row && next === day) {
      row.to = day;
    } else {
      row = { country, from: day, to: day, name };
      rows.push(row);
    }
  }
}
console.log(`// Made by holidays/make.mjs from date-holidays (https://github.com/commenthol/date-holidays, data
// under CC BY 3.0). Do not edit. ${first} to ${last}.`);
for (const { country, from, to, name } of rows) {
  console.log(`{"${country}", "${iso(from)}", "${iso(to)}", ${JSON.stringify(name)}},`);
}
