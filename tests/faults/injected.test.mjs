// Every kind of write refused, at every place of a session's life: the k-th call that makes, writes,
// syncs, cuts or renames a file of the desk's fails with EIO or ENOSPC; or it is done and fails all
// the same; or half of it is done; or from then on all fail until the disk is well again. The desk
// goes on or ends with words, nothing acknowledged is lost, nothing is there twice.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Desk } from '../lib/desk.mjs';
import { Ledger, assertEndedClearly, full, randomFrom, seed } from './ledger.mjs';
import { Faults, every, kinds } from './preload.mjs';

const workers = 3;          // sessions at a time
const shortSamples = 6;     // of each plan's calls, in the short form
const lastingCount = 1e9;   // calls that fail, when the disk stays broken
const appendsMax = 12;      // batches of one session

const plans = [
  { error: 'EIO' },
  { error: 'EIO', mode: 'done' },
  { error: 'EIO', mode: 'done once', kind: kinds.write, count: 3 },
  { error: 'EIO', lasting: true },
  { error: 'ENOSPC' },
  { error: 'ENOSPC', mode: 'half done', kind: kinds.write },
  { error: 'ENOSPC', lasting: true },
];

function make() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'deskmate-faults-'));
  const faults = new Faults(folder);
  const desk = new Desk({ folder: path.join(folder, 'desk'), wrap: faults.wrap });
  return { folder, faults, desk };
}

// One life of a desk: made, written to, a buyer erased, a file stored, a backup made, stopped. Says how
// it ended. Whoever is refused asks again.
async function live(desk, ledger, faults) {
  try {
    await desk.start();
    const client = await ledger.client();
    const tried = async (method, params) => client.call(method, params, 5_000).catch((error) => ledger.refusals.push(error));
    for (let i = 0; i < appendsMax; i++) {
      if (!(await ledger.append(ledger.next())) && ledger.connection?.closed) break;
      if (i === 3) await tried('desk.erase', { buyer: '00'.repeat(16) });
      if (i === 5) await erase(ledger, tried);
      if (i === 7) await storeFile(client, ledger);
      if (i === 9) await tried('desk.backup', { file: path.join(desk.folder, `backup-${i}`) });
    }
    // Reading goes on, whatever the disk refuses.
    if (!client.closed) await client.call('desk.log', { limit: 5 }, 5_000);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    ledger.refusals.push(error);
  }
  const ended = await desk.stop();
  faults.clear();
  return ended;
}

async function erase(ledger, tried) {
  const { events } = await ledger.audit();
  const one = events.find((event) => event.facts.buyer);
  if (one) await tried('desk.erase', { buyer: one.facts.buyer.toString('hex') });
}

async function storeFile(client, ledger) {
  try {
    const { file } = await client.call('file.create', { buyer: 'b1' });
    await client.call('file.write', { file, piece: Buffer.alloc(100_000, 7) });
    const { hash } = await client.call('file.finish', { file });
    ledger.files = [...(ledger.files ?? []), hash];
  } catch (error) {
    ledger.refusals.push(error);
  }
}

async function checkFiles(ledger) {
  const client = await ledger.client();
  for (const hash of ledger.files ?? []) {
    const bytes = await client.call('file.read', { hash, offset: 0, size: 10 });
    assert.deepEqual([...bytes], Array(10).fill(7), 'a stored file');
  }
}

// The fault at call `from` of the session; then a start without faults, and all is counted.
async function session(plan, from, random) {
  const { folder, faults, desk } = make();
  const ledger = new Ledger(desk, { random });
  const name = `${plan.error}${plan.mode ? `, ${plan.mode}` : ''}${plan.lasting ? ', lasting' : ''} at call ${from}`;
  let where = name;
  let ok = false;
  try {
    faults.plan({ kind: every, at: desk.folder, mode: 'not done', ...plan, from, count: plan.lasting ? lastingCount : plan.count ?? 1 });
    const ended = await live(desk, ledger, faults);
    const { failed, last } = { failed: faults.get('failed'), last: faults.last };
    where = `${name} (${last.replace(folder, '')})`;
    if (from !== Infinity) assertEndedClearly(desk, ended, where);
    const seen = faults.get('seen');
    desk.writeConfig();
    await desk.start();
    await ledger.settle();
    await ledger.check(where);
    await checkFiles(ledger);
    assert.deepEqual(await desk.stop(), { code: 0, signal: null }, where);
    ok = true;
    return { seen, failed, refusals: ledger.refusals.length, events: ledger.acknowledged.size, last };
  } catch (error) {
    error.message = `${where}, seed ${seed}, folder ${folder}: ${error.message}\n${desk.logText()}`;
    throw error;
  } finally {
    ledger.close();
    await desk.stop('SIGKILL');
    faults.close();
    if (ok || !process.env.DESKMATE_TEST_KEEP) fs.rmSync(folder, { recursive: true, force: true });
  }
}

// Runs the jobs, some at a time; fails with all that failed.
async function all(jobs) {
  const failures = [];
  await Promise.all(Array.from({ length: workers }, async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      try {
        await job();
      } catch (error) {
        failures.push(error);
      }
    }
  }));
  if (failures.length) {
    throw new Error(`${failures.length} failed:\n${failures.slice(0, 5).map((error) => error.message).join('\n----\n')}`);
  }
}

test(`each write refused in turn, seed ${seed}`, async (t) => {
  // How many calls there are in a life without faults, of all kinds and of those that write.
  const calls = async (kind) => (await session({ error: 'EIO', kind }, 1e9, randomFrom(seed))).seen;
  const counts = new Map([[every, await calls(every)], [kinds.write, await calls(kinds.write)]]);
  assert.ok(counts.get(every) > 60, `only ${counts.get(every)} calls`);
  for (const plan of plans) {
    const kind = plan.kind ?? every;
    const name = `${plan.error}${plan.mode ? `, ${plan.mode}` : ''}${plan.lasting ? ', until the disk is well' : ''}`;
    await t.test(name, async () => {
      const random = randomFrom(seed);
      const count = counts.get(kind);
      const places = full
        ? Array.from({ length: count }, (_, i) => i + 1)
        : Array.from({ length: shortSamples }, (_, i) => 1 + Math.floor((i + random()) * count / shortSamples));
      const hit = new Map();
      let refusals = 0;
      await all(places.map((from) => async () => {
        const result = await session(plan, from, randomFrom(seed));
        refusals += result.refusals;
        if (result.failed) hit.set(from, result.last);
      }));
      const called = {};
      for (const last of hit.values()) called[last.split(' ')[0]] = (called[last.split(' ')[0]] ?? 0) + 1;
      t.diagnostic(`${name}: ${places.length} of ${count} calls, ${hit.size} failed (${Object.entries(called).map(([k, v]) => `${k} ${v}`).join(', ')}), ${refusals} refusals`);
      assert.ok(hit.size > places.length / 2, `only ${hit.size} of ${places.length} were hit`);
    });
  }
});

// While a desk runs: the next call of each kind on each file, and whether it takes writes again.
test('a desk that runs takes writes again when the disk is well', async (t) => {
  const { folder, faults, desk } = make();
  const ledger = new Ledger(desk, { batch: 3, buyers: 100_000 }); // every event makes a key
  t.after(async () => {
    ledger.close();
    await desk.remove();
    faults.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  await desk.start();
  const data = { at: 'data.mdb', kinds: ['write', 'sync'] };
  const keys = { at: '/keys', kinds: ['write', 'sync', 'truncate'] };
  // From every call of a commit on: the last is the page that makes it valid.
  const places = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12];
  for (const { at, kinds: some } of [data, keys]) {
    for (const kind of some) {
      for (const error of ['EIO', 'ENOSPC']) {
        for (const mode of ['not done', 'done', 'done once']) {
          await t.test(`${error} at ${kind} of ${at}, ${mode}`, async () => {
            for (const from of at === 'data.mdb' && kind === 'write' ? places : [1, 2]) {
              for (const count of [1, 2, lastingCount]) {
                faults.plan({ kind: kinds[kind], at, error, mode, from, count });
                for (let i = 0; i < 12 && !faults.get('failed'); i++) await ledger.append(ledger.next());
                assert.ok(faults.get('failed') > 0, 'there was no such call');
                if (count === lastingCount && kind !== 'truncate') {
                  // Something new: what was done and refused all the same may be recognised.
                  assert.ok(!(await ledger.append([ledger.asked++])), 'nothing is acknowledged meanwhile');
                  assert.match(ledger.refusals.at(-1).message, /data\.mdb|keys/);
                }
                await (await ledger.client()).call('desk.log', { limit: 5 });
                faults.clear();
                await ledger.settle(10);
                const wrong = (await ledger.audit()).faults;
                assert.deepEqual(wrong, [], `call ${from}, ${count} times`);
              }
            }
            assert.equal(desk.daemon.exitCode, null, desk.logText());
          });
        }
      }
    }
  }
  await ledger.check('after all of them');
  await desk.stop();
  await desk.start();
  await ledger.check('after a restart');
  assert.deepEqual(await desk.stop(), { code: 0, signal: null });
});
