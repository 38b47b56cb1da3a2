// A holiday near, through the running daemon with the sample shop: which orders still arrive before it,
// as the settings change while everything runs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Desk, until } from '../lib/desk.mjs';
import { withDesks } from '../lib/pair.mjs';

const sample = { name: 'box', id: 'shop-sample', settings: { seed: 5, buyers: 60, messages_per_hour: 0, poll_ms: 100 } };
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const day = (ms) => new Date(ms).toISOString().slice(0, 10);

test('R67 R32: orders that will not arrive before the holiday are found, and what to stock up on', async () => {
  const desk = new Desk({ plugins: [], extra: '[rules]\nquiet = ""\n' });
  const file = path.join(desk.folder, 'calendar.toml');
  // A pause begins in five to six days; how long a parcel takes decides.
  const from = (Math.floor(Date.now() / dayMs) + 6) * dayMs;
  const hours = (from - Date.now()) / hourMs;
  const settings = (travels, more = '') =>
    `utc_offset = "+00:00"\ncountries = []\n[[pause]]\nname = "停运"\nfrom = "${day(from)}"\nto = "${day(from + 3 * dayMs)}"\n` +
    `[cutoff]\ntravels_hours = ${Math.round(travels)}\n[stock_up]\non = false\n${more}`;
  fs.writeFileSync(file, settings(hours - 30));
  desk.writeConfig({ ...desk.options, plugins: [sample, { name: 'calendar', id: 'rules-calendar', settings: { file } }] });
  await withDesks([desk], async () => {
    await desk.start();
    const codes = async () => {
      const all = (await desk.ask('problems', '--limit', 1000)).problems;
      return [...new Set(all.map((p) => `${p.kind}/${p.code}`))].sort().join();
    };
    const found = (wanted) => until(`found: ${wanted || 'nothing'}`, async () => {
      const [lane] = (await desk.ask('rules', 'show')).rules;
      return lane.judged > 0 && !lane.sweeping && (await codes()) === wanted;
    }, 30);
    await found('');
    fs.writeFileSync(file, settings(hours - 10));
    await found('cutoff/soon');
    fs.writeFileSync(file, settings(hours + 3));
    await found('cutoff/late_pickup');
    assert.match((await desk.command('problems')).out, /ask for a late pickup/);
    fs.writeFileSync(file, settings(hours + 10));
    await found('cutoff/missed');
    const [missed] = (await desk.ask('problems', '--limit', 1000)).problems;
    assert.equal(missed.params.until_ms, from + 4 * dayMs);
    assert.match((await desk.command('--language', 'zh', 'order', missed.number)).out, /停运前无法送达/);

    fs.writeFileSync(file, `[stock_up]\npieces = 1000000\ndays_before = 30\nfestivals = ["${day(Date.now() + 29 * dayMs)} Sale"]\n[cutoff]\non = false\n`);
    await found('stock_up/low');
    fs.writeFileSync(file, `[stock_up]\npieces = 1000000\ndays_before = 27\nfestivals = ["${day(Date.now() + 29 * dayMs)} Sale"]\n[cutoff]\non = false\n`);
    await found('');

    const good = (await desk.ask('rules', 'show')).rules[0].version;
    fs.writeFileSync(file, '[[pause]]\nfrom = "2027-02-30"\nto = "2027-03-01"\n');
    const bad = await until('the mistake is seen', async () => {
      const [lane] = (await desk.ask('rules', 'show')).rules;
      return lane.faults.length > 0 && lane;
    });
    assert.deepEqual([bad.version, bad.faults[0].line], [good, 2]);
    fs.writeFileSync(file, '');
    await until('all at their defaults', async () => (await desk.ask('rules', 'show')).rules[0].faults.length === 0);
    assert.equal((await desk.ask('rules', 'test')).failed, 0);
    assert.equal((await desk.command('verify')).code, 0);
  });
});
