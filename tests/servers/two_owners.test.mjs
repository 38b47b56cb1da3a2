// Two co-owners on machines of their own, no server between them, one shop's mailbox that both read.
// DESKMATE_BUYERS: how many write; 80, with --full 400.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../lib/desk.mjs';
import { assertExact, withOwners } from './owners.mjs';

const buyers = Number(process.env.DESKMATE_BUYERS ?? (process.env.DESKMATE_FULL ? 400 : 80));

// Everybody writes, everybody is answered, once; divided 3:1 after each chat; both say the same.
async function serve(owners, count) {
  const stop = owners.work();
  try {
    await owners.write(count);
    await owners.allAnswered(count * 1.5 + 60);
  } finally {
    await stop();
  }
  await owners.untilSame();
  const given = await owners.given();
  assert.equal(given.length, count, 'one assignment for each mail, though both connectors saw it');
  for (const { why } of given) assert.equal(why.rule, 'weight');
  assert.deepEqual(assertExact(given.map(({ member }) => member)), { 1: (count * 3) / 4, 2: count / 4 });
  assert.deepEqual(await owners.assertSplitAgrees(), { 1: (count * 3) / 4, 2: count / 4 });
  owners.assertNoneTwice();
}

test('R1 R3 R6: two owners on one network, paired by code, share a mailbox 3:1', async () => {
  await withOwners({}, async (owners) => {
    await serve(owners, buyers);
    const lists = await Promise.all(owners.desks.map((desk) => desk.list('chats', '--all', '--limit', '1000')));
    for (const rows of lists) assert.equal(rows.length, buyers);
    // Either owner reads any chat; each mail is in it once.
    for (let i = 0; i < buyers; i += 7) {
      const row = lists[0][i];
      const seen = await Promise.all(owners.desks.map((desk) => desk.ask('chat', row.id)));
      for (const chat of seen) {
        const texts = chat.entries.filter((entry) => entry.text).map((entry) => entry.text);
        assert.deepEqual(texts, ['Is it in stock?', `Yes, ${row.name}.`]);
      }
    }
    for (const desk of owners.desks) assert.equal((await desk.command('verify')).code, 0);
  });
});
