// The machine's clock jumps by hours and by years, forwards and backwards, while the desk runs and
// between two runs. Stamps keep rising, nothing spins, buyers are still assigned and answered, and
// every answer is in its mailbox once.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pause, until } from '../lib/desk.mjs';
import { Buyer } from '../servers/mail/buyer.mjs';
import { chatOf, open, withMail } from '../servers/stage.mjs';
import { Ledger, randomFrom, seed, times } from './ledger.mjs';
import { Faults } from './preload.mjs';
import { cpuSeconds } from './process.mjs';

const hour = 3_600_000;
const year = 365 * 24 * hour;
const jumps = [hour, -hour, -25 * hour, 73 * hour, year, -year, -10 * year, 9 * year, -1, 500, -60_000, 30 * 24 * hour];
const quietSeconds = 2;
const quietShare = 0.25; // of a processor, at most, with nothing to do: a timer that spins takes it all

test(`the clock jumps ${times(4, 1) * jumps.length} times, seed ${seed}`, async (t) => {
  const random = randomFrom(seed);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'deskmate-clock-'));
  const faults = new Faults(folder);
  t.after(() => {
    faults.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const members = [{ number: 1, name: 'Ann', weight: 1 }];
  await withMail({ members, wrap: faults.wrap, settings: { copy_grace_s: 2 } }, async ({ mail, desk }) => {
    const ledger = new Ledger(desk, { random, every_ms: 20 });
    await open(desk);
    const post = new Buyer(mail, 'load@buyers.test');
    const answered = [];
    let shift = 0;
    const schedule = Array.from({ length: times(4, 1) }, () => jumps).flat();
    for (const [i, jump] of schedule.entries()) {
      ledger.start(1);
      const name = `c${i}`;
      await post.write({ from: { name, address: `${name}@buyers.test` }, subject: `Question ${i}`, text: `Question ${i}` });
      if (i % 4 === 3) { // between two runs
        await ledger.stop();
        await desk.stop(i % 8 === 3 ? 'SIGTERM' : 'SIGKILL');
        shift += jump;
        faults.set('clock_ms', shift);
        await desk.start();
        ledger.start(1);
      } else {
        shift += jump;
        faults.set('clock_ms', shift);
      }
      await desk.ask('back', '--as', 1);
      const chat = await chatOf(desk, name);
      await desk.ask('reply', chat.chat, `Answer to ${name}!`, '--as', 1);
      await desk.command('close', chat.chat, '--as', 1);
      answered.push(name);
      await ledger.stop();
    }
    await until('every answer is in its mailbox', () =>
      answered.every((name) => mail.read(`${name}@buyers.test`).some((m) => m.includes(`Answer to ${name}!`))), 60);
    await until('nothing is pending', async () => (await desk.ask('status')).requests.pending === 0, 60);

    const before = cpuSeconds(desk.daemon.pid);
    await pause(quietSeconds * 1000); // measured, not waited for
    const used = (cpuSeconds(desk.daemon.pid) - before) / quietSeconds;
    assert.ok(used < quietShare, `the daemon takes ${Math.round(used * 100)} % of a processor with nothing to do`);

    for (const name of answered) {
      const mails = mail.read(`${name}@buyers.test`).filter((m) => m.includes(`Answer to ${name}!`));
      assert.equal(mails.length, 1, `${name} has the answer ${mails.length} times`);
    }
    await ledger.settle();
    await ledger.check('after the jumps'); // stamps among it
    await post.close();
    ledger.close();
    t.diagnostic(`${schedule.length} jumps, ${answered.length} answers, ${ledger.acknowledged.size} events, at rest ${(used * 100).toFixed(1)} % of a processor`);
  });
});
