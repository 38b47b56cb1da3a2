// The console under load: 150 chats of one member and 1,000 in the queue, 20 messages a second for a
// minute, five of them into the open chat, while somebody types. `tests/run.sh browser --bench`.
//
//   commit-to-pixels    from the stamp of the message, before it is on disk, until after the frame in
//                       which the open chat shows it
//   written-to-pixels   from the line in the shop's file, which the connector looks at every 50 ms
//   longest-task        of the page's main thread, by Chromium's own trace, all that time
//   memory              the page's heap after a collection, at the end against before that minute
//   first-load, usable  without anything in the browser's caches; until the first row can be clicked
import { median, figure, note } from '../bench/figures.mjs';
import { pause } from '../lib/desk.mjs';
import { press, row, until, weigh, withStage } from './stage.mjs';

const OPEN = 150;
const QUEUED = 1_000;
const PER_SECOND = 20;
const SHOWN_EVERY = 4; // of the messages, one goes into the open chat
const SECONDS = Number(process.env.DESKMATE_BENCH_SECONDS ?? 60);
const PART_SECONDS = 20;
const KEY_MS = 200; // between two typed letters
const bounds = { commitMs: 100, writtenMs: 2_000, taskMs: 50, loadKiB: 150, usableMs: 1_000 };

const at = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

// Notes when the frame after a message's appearance is over: {number: wall clock in ms}.
const watch = () => {
  window.seen = {};
  new MutationObserver((changes) => {
    const fresh = [];
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        const found = /load (\d+)\./.exec(node.textContent ?? '');
        if (found && !(found[1] in window.seen)) fresh.push(found[1]);
      }
    }
    if (fresh.length === 0) return;
    requestAnimationFrame(() => {
      const after = new MessageChannel();
      after.port1.onmessage = () => {
        for (const one of fresh) window.seen[one] ??= performance.timeOrigin + performance.now();
      };
      after.port2.postMessage(0);
    });
  }).observe(document.querySelector('.entries'), { childList: true, subtree: true });
};

async function heap(session) {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find((one) => one.name === 'JSHeapUsedSize').value / (1 << 20);
}

// The tasks of the page's main thread, in ms.
function tasksOf(trace) {
  const { traceEvents } = JSON.parse(trace.toString());
  const mains = new Set(traceEvents
    .filter((one) => one.name === 'thread_name' && one.args?.name === 'CrRendererMain')
    .map((one) => `${one.pid} ${one.tid}`));
  const byThread = new Map();
  for (const one of traceEvents) {
    const thread = `${one.pid} ${one.tid}`;
    if (one.ph !== 'X' || !/RunTask$/.test(one.name) || !mains.has(thread)) continue;
    byThread.set(thread, [...(byThread.get(thread) ?? []), one.dur / 1000]);
  }
  return [...byThread.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}

async function firstLoad(stage, page) {
  const load = await weigh(page);
  const times = [];
  for (let i = 0; i < 5; ++i) {
    load.bytes = 0;
    await page.goto('about:blank');
    const begun = performance.now();
    await page.goto(`${stage.base}/inbox?view=open`);
    await row(page, 'Buyer').first().waitFor();
    times.push(performance.now() - begun);
  }
  await load.end();
  return { kib: load.bytes / 1024, ms: median(times) };
}

const members = [{ number: 1, name: 'Ann', weight: 1, role: 'presale', access: 'owner', capacity: OPEN }];
await withStage({ members, routing: { suspend_at: OPEN } }, async (stage) => {
  const ann = await stage.page(1);
  for (let i = 0; i < OPEN + QUEUED; ++i) stage.writes(`b${i}`, '请问什么时候发货？'.repeat(6), `Buyer ${i}`);
  await stage.arrived(OPEN + QUEUED, 120);
  const { chats } = await stage.desk.ask('status');
  if (chats.queued !== QUEUED) throw new Error(`${chats.queued} chats are queued`);
  const begin = await firstLoad(stage, ann);

  await press(ann, 'v', 'm');
  await row(ann, 'Buyer').first().waitFor();
  const buyer = /Buyer (\d+)/.exec(await row(ann, 'Buyer').first().innerText())[1];
  await row(ann, `Buyer ${buyer}`).first().click();
  await ann.locator('.entry.theirs .bubble').waitFor();
  await ann.evaluate(watch);
  const session = await ann.context().newCDPSession(ann);
  await session.send('Performance.enable');
  await ann.locator('.composer textarea').focus();

  const written = new Map();
  let typing = true;
  const types = (async () => {
    while (typing) {
      await ann.keyboard.type('x');
      await pause(KEY_MS);
    }
  })();
  let next = 0;
  const buyersWrite = async (seconds) => {
    const begun = performance.now();
    for (let i = 0; i < seconds * PER_SECOND; ++i, ++next) {
      const due = begun + (i * 1000) / PER_SECOND;
      if (due > performance.now()) await pause(due - performance.now());
      const watched = next % SHOWN_EVERY === 0;
      if (watched) written.set(String(next), Date.now());
      stage.writes(watched ? `b${buyer}` : `b${(next * 7919) % (OPEN + QUEUED)}`, `load ${next}.`, `Buyer ${next}`);
    }
  };
  const shown = (count) =>
    until('all are shown', async () => Object.keys(await ann.evaluate(() => window.seen)).length >= count, 60);
  // A while to fill what has a limit; collecting the heap stops the page, so that is not measured.
  await buyersWrite(SECONDS / 3);
  await shown(written.size);
  const early = await heap(session);
  const before = written.size;
  written.clear();
  await stage.browser.startTracing(ann, { categories: ['toplevel', 'devtools.timeline'] });
  // The desk gives the latest 1,000 events at a time: when each message was stamped is asked for
  // before there are more.
  const stamped = new Map();
  const ask = async () => {
    for (const event of await stage.desk.events('message.received')) {
      const found = /^load (\d+)\.$/.exec(event.body?.text ?? '');
      if (found) stamped.set(found[1], event.at_ms);
    }
  };
  for (let left = SECONDS; left > 0; left -= PART_SECONDS) {
    await buyersWrite(Math.min(left, PART_SECONDS));
    await ask();
  }
  await shown(written.size + before);
  typing = false;
  await types;
  const trace = await stage.browser.stopTracing();
  const late = await heap(session);
  const seen = await ann.evaluate(() => window.seen);

  await ask();
  const missing = [...written.keys()].filter((one) => !stamped.has(one));
  if (missing.length > 0) throw new Error(`not in the log: ${missing}`);
  const commits = [...written.keys()].map((one) => seen[one] - stamped.get(one));
  const all = [...written].map(([one, ms]) => seen[one] - ms);
  const tasks = tasksOf(trace);
  if (tasks.length === 0) throw new Error('the trace has no tasks');
  figure('console.commit-to-pixels.p99', at(commits, 0.99), 'ms', 'bound', bounds.commitMs, '<=1');
  figure('console.written-to-pixels.p99', at(all, 0.99), 'ms', 'bound', bounds.writtenMs, '<=1');
  figure('console.longest-task', Math.max(...tasks), 'ms', 'bound', bounds.taskMs, '<=1');
  figure('console.memory', late, 'MiB', 'before', early, '<=1.1');
  figure('console.first-load', begin.kib, 'KiB', 'bound', bounds.loadKiB, '<=1');
  figure('console.usable', begin.ms, 'ms', 'bound', bounds.usableMs, '<=1');
  note(`console: ${commits.length} messages shown of ${SECONDS * PER_SECOND}; commit to pixels: median ${median(commits).toFixed(0)}, most ${Math.max(...commits).toFixed(0)} ms`);
  note(`console: ${tasks.length} tasks, p99 ${at(tasks, 0.99).toFixed(1)} ms, ${tasks.filter((one) => one > bounds.taskMs).length} longer than ${bounds.taskMs} ms`);
});
