// A shop that is closed says when it is back, through the running daemon with the sample shop; its hours
// change while everything runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk, until } from '../lib/desk.mjs';
import { withDesks } from '../lib/pair.mjs';

const DAY_MS = 86_400_000;
const date = (days) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

const box = (more) => ({
  name: 'box', id: 'shop-sample', zone: 'UTC',
  greeting: 'Good day, {buyer}.', closed: 'We answer again from {back}. 我们将于 {back} 恢复接待。',
  settings: { seed: 5, poll_ms: 100, quick: true, messages_per_hour: 3_600 }, ...more,
});
// Closed today, whenever that ends.
const holiday = [`${date(-1)}..${date(1)} closed`, '08:30-24:00'];

// What was sent by itself, once one that is like the pattern has gone out.
async function firstWords(desk, pattern) {
  const done = new Set((await desk.events('reply.done')).map((e) => e.facts.request));
  const sent = (await desk.events('reply.requested')).filter((e) => e.facts.auto);
  return sent.some((e) => done.has(e.id) && pattern.test(e.body.text)) && sent.map((e) => e.body.text);
}

test('R15: a closed shop names the time of its return, and its hours change while it runs', async () => {
  const desk = new Desk({ plugins: [box({ hours: holiday })] });
  await withDesks([desk], async () => {
    await desk.start();
    const back = `${date(2)} 08:30`;
    const texts = await until('a buyer is told', () => firstWords(desk, /We answer/), 60);
    for (const text of texts) assert.equal(text, `We answer again from ${back}. 我们将于 ${back} 恢复接待。`);

    desk.writeConfig({ ...desk.options, plugins: [box({ hours: ['00:00-24:00'] })] });
    desk.daemon.kill('SIGHUP');
    const open = await until('a buyer is greeted', () => firstWords(desk, /Good day/), 60);
    assert.ok(open.every((text) => !/\{(back|buyer)\}/.test(text)), open.join(' | '));

    // What cannot be read changes nothing.
    desk.writeConfig({ ...desk.options, plugins: [box({ hours: ['all day'] })] });
    const checked = await desk.command('config', 'check');
    assert.notEqual(checked.code, 0);
    assert.match(checked.err + checked.out, /deskmate\.toml:\d+:\d+: "all day" is no schedule/);
  });
});
