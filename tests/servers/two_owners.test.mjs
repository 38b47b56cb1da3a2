// Two co-owners on machines of their own, no server between them, one shop's mailbox that both read.
// DESKMATE_BUYERS: how many write; 80, with --full 400.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { deskmate, until } from '../lib/desk.mjs';
import { PEER_PORT, assertExact, withOwners } from './owners.mjs';

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
  owners.assertAnswersRight();
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

test('R121: two owners, each behind a router, through a relay', async () => {
  const prepare = async (owners) => {
    const relay = owners.network.machine('relay');
    const where = `${relay.address}:${PEER_PORT}`;
    const [program, args] = relay.wrap(deskmate, ['relay', '--listen', where]);
    const child = spawn(program, args);
    let out = '';
    child.stdout.on('data', (data) => { out += data; });
    const ended = new Promise((done) => child.once('exit', done));
    owners.ends = [() => { child.kill('SIGTERM'); return ended; }];
    await until('the relay runs', () => out.includes(where));
    owners.relay = relay;
    return { addresses: [[], []], relays: [where] };
  };
  await withOwners({ machines: (net) => [net.home('anna'), net.home('bo')], prepare }, async (owners) => {
    await serve(owners, buyers / 2);
    // There was no other way than the relay: without it they are apart, with it together again.
    const seen = async (desk) => (await desk.ask('peers')).peers.every((peer) => peer.seen);
    for (const machine of owners.machines) owners.relay.cut(machine.outside);
    await until('they do not see each other', async () => !(await seen(owners.desks[0])) && !(await seen(owners.desks[1])), 40);
    owners.relay.heal();
    await until('they see each other again', async () => (await seen(owners.desks[0])) && (await seen(owners.desks[1])), 60);
    await owners.untilSame();
  });
});
