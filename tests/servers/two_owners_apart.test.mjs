// Two co-owners whose line breaks and whose machines die: no buyer gets two answers to one message,
// none is forgotten, and afterwards both say the same and the split is as it should be.
//   DESKMATE_SEED    plays a run again; a failure says it
//   DESKMATE_CUTS    how often; 3, with --full 12
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pause, until } from '../lib/desk.mjs';
import { PEER_PORT, dice, seed, weights, withOwners } from './owners.mjs';

const full = Boolean(process.env.DESKMATE_FULL);
const cuts = Number(process.env.DESKMATE_CUTS ?? (full ? 12 : 3));
const total = Object.values(weights).reduce((a, b) => a + b, 0);
const patience_s = 120; // beyond the time after which a chat of a vanished owner is taken
const none = { 1: 0, 2: 0 };

// What each member was charged, less the exact share.
const surplus = (charged) => {
  const all = Object.values(charged).reduce((a, b) => a + b, 0);
  return Object.fromEntries(Object.entries(weights).map(([member, weight]) => [member, charged[member] - (all * weight) / total]));
};

// After at most ⌈max s·T/w⌉ chats by weight, which is the written rule, all are within 1 again.
async function assertSplitComesBack(t, owners) {
  await owners.untilSame();
  const before = { ...none, ...(await owners.assertSplitAgrees()) };
  const over = surplus(before);
  const chats = Math.ceil(Math.max(...Object.entries(over).map(([member, s]) => (s * total) / weights[member])));
  t.diagnostic(`after the cuts ${JSON.stringify(before)}, within 1 after ${chats} more chats`);
  await owners.write(Math.max(chats, 4), 'later');
  await owners.allAnswered(120);
  await owners.untilSame();
  for (const [member, s] of Object.entries(surplus({ ...none, ...(await owners.assertSplitAgrees()) }))) {
    assert.ok(Math.abs(s) < 1, `member ${member} has ${s} beyond the share`);
  }
}

// Runs `trouble` while buyers write and owners answer, then checks what has to be true.
async function play(t, owners, trouble) {
  t.diagnostic(`seed ${seed}`);
  const stop = owners.work();
  let writing = true;
  const writer = (async () => {
    const roll = dice(seed + 1);
    while (writing) {
      await owners.write(1);
      await pause(200 + roll() * 600); // as buyers do
    }
  })();
  // Why it failed is told only once it was waited for.
  writer.catch(() => {});
  try {
    await trouble(dice());
    writing = false;
    await writer;
    await owners.allAnswered(patience_s);
    await assertSplitComesBack(t, owners);
  } finally {
    writing = false;
    await stop();
  }
  owners.assertAnswersRight();
  const lists = await Promise.all(owners.desks.map((desk) => desk.list('chats', '--all', '--limit', '1000')));
  for (const rows of lists) assert.equal(rows.length, owners.written.length);
  for (const desk of owners.desks) assert.equal((await desk.command('verify')).code, 0);
  t.diagnostic(`given: ${JSON.stringify(await owners.rules())}`);
  t.diagnostic(`${owners.written.length} buyers; not let answer yet: ${JSON.stringify([...owners.reasons])}`);
}

test('R3 R120: the line is cut and healed at random, slow, and loses packets', async (t) => {
  // Each dials the other over a line of 100 ms each way, and there is no shorter one.
  const prepare = async (owners) => {
    const [anna, bo] = owners.machines;
    anna.bar(bo.address);
    const addresses = await Promise.all(owners.machines.map(async (one) =>
      [await owners.network.line(one.address, PEER_PORT, 100)]));
    return { addresses };
  };
  await withOwners({ prepare }, async (owners) => {
    const { lines } = owners.network;
    for (const machine of owners.machines) machine.lose(lines, 0.05);
    await play(t, owners, async (roll) => {
      for (let i = 0; i < cuts; i++) {
        await pause(1_000 + roll() * 4_000);
        // The first is long enough for chats to be claimed on both sides.
        const ms = i === 0 ? 12_000 : 3_000 + roll() * 12_000;
        const way = i === 0 ? 'both' : ['both', 'in', 'out'][Math.floor(roll() * 3)];
        t.diagnostic(`cut ${i + 1}: ${way}, ${Math.round(ms)} ms`);
        owners.machines[Math.floor(roll() * 2)].cut(lines, way);
        await pause(ms);
        for (const machine of owners.machines) machine.heal();
        await until('they see each other', () => owners.seeEachOther(), 60);
      }
    });
    const { cut = 0, 'cut cut': claimed = 0 } = await owners.rules();
    assert.ok(cut + claimed > 0, 'in a cut chats are claimed');
  });
});

test('R3: one machine is killed throughout, and its disk restored from an old backup', async (t) => {
  await withOwners({}, async (owners) => {
    const bo = owners.desks[1];
    const backup = path.join(bo.folder, 'backup');
    await play(t, owners, async (roll) => {
      await until('there is something to back up', async () => owners.closed.size >= 6, 60);
      await bo.ask('backup', backup);
      for (let i = 0; i < cuts + 1; i++) {
        await pause(1_000 + roll() * 4_000);
        await bo.stop('SIGKILL');
        const restored = i === cuts;
        t.diagnostic(`kill ${i + 1}${restored ? ', restored' : ''}`);
        if (restored) {
          fs.rmSync(bo.data, { recursive: true });
          const done = await bo.command('restore', backup);
          assert.equal(done.code, 0, done.err);
        }
        await pause(roll() * 8_000);
        await bo.start();
        await until('they see each other', () => owners.seeEachOther(), 60);
      }
    });
  });
});
