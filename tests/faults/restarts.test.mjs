// A hundred restarts in a row, asked for and killed, with events coming in all the time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk, pause, until } from '../lib/desk.mjs';
import { Ledger, randomFrom, seed, times } from './ledger.mjs';

const restarts = times(100, 10);
const sample = { name: 'sample', id: 'shop-sample', settings: { seed: 7, quick: true, poll_ms: 100 } };

test(`${restarts} restarts in a row, seed ${seed}`, async (t) => {
  const random = randomFrom(seed);
  const desk = new Desk({ plugins: [sample] });
  const ledger = new Ledger(desk, { random, every_ms: 5 });
  t.after(async () => {
    ledger.close();
    await desk.remove();
  });
  await desk.start();
  await desk.ask('back', '--as', 1);
  ledger.start(3);
  for (let i = 0; i < restarts; i++) {
    await pause(random() * 200);
    const gentle = random() < 0.5;
    const ended = await desk.stop(gentle ? 'SIGTERM' : 'SIGKILL');
    if (gentle) assert.deepEqual(ended, { code: 0, signal: null }, `restart ${i + 1}, seed ${seed}: ${desk.logText()}`);
    await desk.start();
    if (i % 10 === 9) assert.deepEqual((await ledger.audit()).faults, [], `after ${i + 1}`);
  }
  await ledger.stop();
  await ledger.settle();
  await until('the shop runs', async () => (await desk.list('plugins'))[0].state === 'running', 60);
  const events = await ledger.check('at the end');
  const messages = events.filter((event) => event.type === 'message.received' && event.facts.shop === 'sample');
  const ids = messages.map((event) => event.facts.message.toString('hex'));
  assert.equal(new Set(ids).size, ids.length, 'a message of the shop is there twice');
  t.diagnostic(`${restarts} restarts, ${ledger.acknowledged.size} acknowledged events, ${ids.length} of the shop, 0 lost, 0 twice`);
});
