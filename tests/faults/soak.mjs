// Hours of ordinary work: 500 events a second over the socket. Every minute the daemon's memory, its
// open descriptors and how long an append took; at the end the first ten minutes after the warm-up
// against the last ten. Not a test by itself: run by tests/parts/faults.sh in the full form.
//   DESKMATE_SOAK_SECONDS=120 node tests/faults/soak.mjs
import { Desk, pause } from '../lib/desk.mjs';
import { Ledger, randomFrom, seed } from './ledger.mjs';
import { descriptors, memory } from './process.mjs';

const seconds = Number(process.env.DESKMATE_SOAK_SECONDS ?? 3600);
const perSecond = 500;
const batch = 5; // events of one append
const rows = Math.max(4, Math.min(60, Math.floor(seconds / 60))); // of the table; a minute each in an hour
const rowMs = (seconds * 1000) / rows;
const compared = Math.max(1, Math.floor(rows / 6)); // ten minutes of an hour
const warmUp = Math.max(1, Math.floor(rows / 12)); // rows left out at the start
const memoryMax = 1.2; // last against first
const latencyMax = 2;
const buyers = 500;

const random = randomFrom(seed);
const desk = new Desk({});
const ledger = new Ledger(desk, { random, buyers });
const table = [];
let failed = false;
try {
  await desk.start();
  await desk.ask('back', '--as', 1);
  const { pid } = desk.daemon;
  const started = performance.now();
  let latencies = [];
  let sent = 0;
  const waiting = new Set();
  for (let row = 0; row < rows; row++) {
    const end = started + (row + 1) * rowMs;
    while (performance.now() < end) {
      const due = ((performance.now() - started) / 1000) * perSecond;
      while (sent + batch <= due) {
        const numbers = Array.from({ length: batch }, () => ledger.asked++);
        sent += batch;
        const at = performance.now();
        const one = ledger.append(numbers).then((done) => {
          if (!done) throw ledger.refusals.at(-1);
          latencies.push(performance.now() - at);
        }).finally(() => waiting.delete(one));
        waiting.add(one);
      }
      await pause(5);
    }
    await Promise.all(waiting);
    latencies.sort((a, b) => a - b);
    const at = (share) => latencies[Math.floor(latencies.length * share)] ?? 0;
    const now = { ...memory(pid), descriptors: descriptors(pid), p50: at(0.5), p99: at(0.99), events: ledger.acknowledged.size };
    latencies = [];
    table.push(now);
    if (row === 0) console.log('   min    events  anon MB   PSS MB   fds  p50 ms  p99 ms');
    console.log([((row + 1) * rowMs / 60_000).toFixed(1).padStart(6), String(now.events).padStart(9),
      (now.anonymous / 1e6).toFixed(1).padStart(8), (now.pss / 1e6).toFixed(1).padStart(8), String(now.descriptors).padStart(5),
      now.p50.toFixed(2).padStart(7), now.p99.toFixed(2).padStart(7)].join(' '));
  }
  await ledger.check(`soak, seed ${seed}`);

  const first = table.slice(warmUp, warmUp + compared);
  const last = table.slice(-compared);
  const median = (list, of) => list.map(of).sort((a, b) => a - b)[Math.floor(list.length / 2)];
  // Mapped pages of the log are the system's cache, and grow with the log; what the daemon itself holds
  // is anonymous.
  const ratios = [
    ['memory', median(last, (r) => r.anonymous) / median(first, (r) => r.anonymous), memoryMax],
    ['p99', median(last, (r) => r.p99) / median(first, (r) => r.p99), latencyMax],
    ['descriptors', median(last, (r) => r.descriptors) / median(first, (r) => r.descriptors), 1],
  ];
  for (const [name, ratio, most] of ratios) {
    const holds = ratio <= most;
    failed ||= !holds;
    console.log(`soak ${name} last/first ${ratio.toFixed(2)} target <= ${most} ${holds ? 'holds' : 'short'}`);
  }
  console.log(`soak PSS last/first ${(median(last, (r) => r.pss) / median(first, (r) => r.pss)).toFixed(2)} (with the log's pages in the cache)`);
  console.log(`${ledger.acknowledged.size} acknowledged events, 0 lost, 0 twice`);
} catch (error) {
  failed = true;
  console.error(`soak, seed ${seed}: ${error.message}\n${desk.logText()}`);
} finally {
  ledger.close();
  await desk.remove();
}
process.exitCode = failed ? 1 : 0;
