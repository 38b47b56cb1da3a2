// A disk that fills and empties, again and again: whoever appends is told which file found no room,
// reading and verifying go on, and writing goes on by itself once there is room.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Disk, deskOn, root } from './disk.mjs';
import { Ledger, randomFrom, seed, times } from './ledger.mjs';

const rounds = times(30, 3);
const batchesMax = 20_000;
// What the desk writes stays, so each round needs a part of its own.
const diskMegabytes = 24 + 4 * rounds;

test(`a disk fills and empties ${rounds} times, seed ${seed}`, async (t) => {
  const random = randomFrom(seed);
  const disk = new Disk(diskMegabytes);
  disk.mount();
  const desk = deskOn(disk);
  const ledger = new Ledger(desk, { random, buyers: 100_000 }); // keys grow, too
  t.after(async () => {
    ledger.close();
    await desk.remove();
    await disk.remove();
  });
  await desk.start();
  await desk.ask('back', '--as', 1);
  const ballast = path.join(disk.at, 'ballast');
  for (let round = 0; round < rounds; round++) {
    // All but a little: the desk fills the rest by itself.
    const { bavail, bsize } = fs.statfsSync(disk.at);
    const left = Math.floor((60 + random() * 400) * 1024);
    root('fallocate', '-l', String(Math.max(bavail * bsize - left, 4096)), ballast);
    let refused = 0;
    for (let i = 0; i < batchesMax && refused < 5; i++) refused += (await ledger.append(ledger.next())) ? 0 : 1;
    assert.equal(refused, 5, 'the disk never was full');
    for (const error of ledger.refusals.splice(0)) {
      assert.match(error.message, /(data\.mdb|keys).*Make room on the disk/);
    }
    assert.equal(desk.daemon.exitCode, null, desk.logText());
    // Reading goes on; so does what a restart needs.
    assert.ok((await desk.list('chats')).length > 0);
    await ledger.check(`round ${round + 1}, full`);
    if (round % 3 === 1) {
      await desk.stop(round % 2 ? 'SIGTERM' : 'SIGKILL');
      await desk.start();
      await ledger.check(`round ${round + 1}, after a start on the full disk`);
    }
    root('rm', ballast);
    await ledger.settle(10);
    await ledger.check(`round ${round + 1}`);
  }
  t.diagnostic(`${rounds} rounds, ${ledger.acknowledged.size} acknowledged events, 0 lost, 0 twice`);
});
