// The power fails while events come in: whatever was acknowledged is there afterwards, and nothing
// twice. With syncing switched off behind the daemon's back the same test finds events lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause } from '../lib/desk.mjs';
import { Disk, deskOn } from './disk.mjs';
import { Ledger, randomFrom, seed, times } from './ledger.mjs';
import { Faults } from './preload.mjs';

const cuts = Number(process.env.DESKMATE_CUTS ?? times(100, 5));
const freshEvery = 5; // so often the folder is new, and the cut comes while it is made or soon after
const triesMax = 5;

async function cutDuring(desk, disk, ledger, random) {
  ledger.start(4);
  await pause(20 + random() * 250);
  disk.cut();
  await pause(random() * 30);
  await desk.stop('SIGKILL');
  await ledger.stop();
  await disk.unmount();
  disk.repair();
  disk.mount();
}

test(`${cuts} power cuts while events come in, seed ${seed}`, async (t) => {
  const random = randomFrom(seed);
  const disk = new Disk(128);
  let desk;
  let ledger;
  let events = 0;
  const renew = async () => {
    if (desk) {
      await ledger.settle();
      await ledger.check('the last of a folder');
      events += ledger.acknowledged.size;
      ledger.close();
      await desk.remove();
      await disk.unmount();
      disk.format();
    }
    disk.mount();
    desk = deskOn(disk);
    ledger = new Ledger(desk, { random });
  };
  t.after(async () => {
    ledger?.close();
    await desk?.remove();
    await disk.remove();
  });
  for (let i = 0; i < cuts; i++) {
    if (i % freshEvery === 0) {
      await renew();
      if (i > 0) { // while the folder is made
        const starting = desk.start().catch(() => {});
        await pause(random() * 120);
        disk.cut();
        await desk.stop('SIGKILL');
        await starting;
        await disk.unmount();
        disk.repair();
        disk.mount();
        desk.writeConfig(); // makes the folder for secrets
      }
      await desk.start();
      await desk.ask('back', '--as', 1);
    }
    await cutDuring(desk, disk, ledger, random);
    await desk.start();
    await ledger.check(`after cut ${i + 1} of ${cuts}, seed ${seed}`);
  }
  await ledger.settle();
  await ledger.check('at the end');
  events += ledger.acknowledged.size;
  t.diagnostic(`${cuts} cuts, ${events} acknowledged events, 0 lost, 0 twice`);
  assert.ok(events > cuts * 10, `only ${events} events were acknowledged`);
});

test('without syncing a power cut loses acknowledged events, and the ledger finds it', async (t) => {
  const random = randomFrom(seed);
  const disk = new Disk(128);
  const faults = new Faults(disk.folder);
  disk.mount();
  const desk = deskOn(disk, { wrap: faults.wrap });
  const ledger = new Ledger(desk, { random });
  t.after(async () => {
    ledger.close();
    await desk.remove();
    await disk.remove();
    faults.close();
  });
  let lost = 0;
  let tries = 0;
  for (; tries < triesMax && lost === 0; tries++) {
    // What is on the disk for certain, to begin with.
    faults.set('sync_off', 0);
    await desk.start();
    await ledger.settle();
    ledger.start(4);
    await pause(100);
    await ledger.stop();
    await ledger.check('with syncing');
    await desk.stop();
    faults.set('sync_off', 1);
    await desk.start();
    await cutDuring(desk, disk, ledger, random);
    faults.set('sync_off', 0);
    try {
      await desk.start();
      lost = (await ledger.audit()).lost;
    } catch {
      assert.match(desk.logText(), /damaged/);
      lost = ledger.acknowledged.size; // nothing can be read at all
    }
  }
  assert.ok(lost > 0, `nothing was lost in ${tries} tries: the power test would not notice`);
  t.diagnostic(`${lost} of ${ledger.acknowledged.size} acknowledged events lost, try ${tries}`);
});
