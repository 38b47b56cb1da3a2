// Too little memory, too few file descriptors: the desk refuses or ends with words, loses nothing,
// does not spin, and goes on when it may have more.
import assert from 'node:assert/strict';
import net from 'node:net';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Desk, pause, until } from '../lib/desk.mjs';
import { Ledger, assertEndedClearly, full, randomFrom, seed } from './ledger.mjs';
import { Client } from './wire.mjs';
import { cpuSeconds, descriptors } from './process.mjs';

const megabyte = 1 << 20;
const measured = 2; // seconds
const spinShare = 0.5; // of a processor: a loop that spins takes all of it
const crowd = 200; // connections at a time
const ofMemory = full ? [60, 80, 100, 150, 200, 250, 300, 400, 600, 800, 1200] : [100, 200, 1200];
const ofData = full ? [2, 4, 8, 12, 16, 24, 32, 48] : [4, 12, 24];
const ofFiles = full ? [6, 8, 10, 12, 14, 16, 20, 24, 32, 48] : [8, 14, 24];

// As much work as is let; then without the limit, and all is counted.
async function underLimit(t, limit, where) {
  const desk = new Desk({});
  const ledger = new Ledger(desk, { random: randomFrom(seed), batch: 60, buyers: 100_000 });
  t.after(async () => {
    ledger.close();
    await desk.remove();
  });
  // A first life without a limit, so that there is something to lose.
  await desk.start();
  ledger.start(2);
  await until('some are acknowledged', () => ledger.acknowledged.size > 500);
  await ledger.stop();
  await desk.stop();
  desk.options.wrap = ['prlimit', limit];
  let ended;
  try {
    await desk.start();
    ledger.start(6);
    const enough = ledger.acknowledged.size + 3000;
    await until('it has done enough, or has ended', () =>
      ledger.acknowledged.size > enough || desk.daemon.exitCode !== null || desk.daemon.signalCode !== null, 10).catch(() => {});
    await ledger.stop().catch(() => {});
  } catch {
    // It did not start: it has said why.
  }
  ended = desk.daemon.exitCode === null && desk.daemon.signalCode === null ? 'went on' : 'ended';
  assertEndedClearly(desk, await desk.stop(), where);
  desk.options.wrap = undefined;
  await desk.start();
  await ledger.settle();
  await ledger.check(where);
  return ended;
}

test('limits of memory', async (t) => {
  for (const [option, sizes] of [['--as', ofMemory], ['--data', ofData]]) {
    for (const size of sizes) {
      const where = `${option} ${size} MiB`;
      await t.test(where, async (one) => {
        t.diagnostic(`${where}: ${await underLimit(one, `${option}=${size * megabyte}`, where)}`);
      });
    }
  }
});

test('limits of file descriptors from the start', async (t) => {
  for (const size of ofFiles) {
    const where = `${size} descriptors`;
    await t.test(where, async (one) => {
      t.diagnostic(`${where}: ${await underLimit(one, `--nofile=${size}`, where)}`);
    });
  }
});

test(`${crowd} connections to a desk with few descriptors`, async (t) => {
  const sample = { name: 'sample', id: 'shop-sample', settings: { seed: 7, quick: true, poll_ms: 200 } };
  const desk = new Desk({ plugins: [sample] });
  const ledger = new Ledger(desk, { random: randomFrom(seed), every_ms: 10 });
  const held = [];
  t.after(async () => {
    for (const socket of held) socket.destroy();
    ledger.close();
    await desk.remove();
  });
  await desk.start();
  const plugin = async () => (await desk.list('plugins'))[0];
  await until('the shop runs', async () => (await plugin()).state === 'running');
  await ledger.append(ledger.next()); // is connected
  const { pid } = desk.daemon;
  const limit = descriptors(pid) + 8;
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:4096`]);
  for (let i = 0; i < crowd; i++) {
    const socket = net.connect(desk.socket);
    socket.on('error', () => {});
    held.push(socket);
    socket.once('connect', () => socket.write('')); // says nothing, as a stranger does
  }
  await until('all descriptors are taken', () => descriptors(pid) >= limit);

  // Who is in goes on.
  ledger.start(1);
  const before = { cpu: cpuSeconds(pid), acknowledged: ledger.acknowledged.size };
  await pause(measured * 1000); // measured, not waited for
  const used = (cpuSeconds(pid) - before.cpu) / measured;
  assert.ok(ledger.acknowledged.size > before.acknowledged + 10, 'the session that was there goes on');
  assert.ok(used < spinShare, `takes ${Math.round(used * 100)} % of a processor while it cannot accept`);
  await ledger.stop();

  // A backup needs one.
  const client = await ledger.client();
  await assert.rejects(client.call('desk.backup', { file: `${desk.folder}/backup` }), /Too many open files/);

  // A plugin that dies now is started again later.
  const shop = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).split('\n')[0];
  process.kill(Number(shop), 'SIGKILL');

  for (const socket of held.splice(0)) socket.destroy();
  const other = await until('another is let in', () => Client.connect(desk.socket));
  other.close();
  execFileSync('prlimit', ['--pid', String(pid), '--nofile=1024:4096']);
  await until('the shop runs again', async () => {
    const { state } = await plugin();
    if (state === 'off') await desk.ask('plugins', 'start', 'sample');
    return state === 'running';
  }, 60);
  await ledger.settle();
  await ledger.check('after the crowd');
  t.diagnostic(`${(used * 100).toFixed(1)} % of a processor while out of descriptors`);
});
