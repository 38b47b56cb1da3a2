// What a desk takes: bytes on disk, memory at rest, the time from its start until it answers.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build, Desk, deskmate, pause, until } from '../lib/desk.mjs';
import { figure, median, note } from './figures.mjs';
import { mib, parts, pss } from './processes.mjs';

const SMALL = 10_000;
const LARGE = process.env.DESKMATE_FULL === '1' ? 10_000_000 : 1_000_000;
const STARTS = 7;
const DAEMON_MIB = 10;
const PLUGIN_MIB = 3;
const REST_S = 5; // without anything to do, before memory is looked at

// {folder, bodies}: the log of a shop, with its tables
function shop(events) {
  const out = execFileSync(path.join(build, 'bin/make_shop_log'), [String(events)],
    { encoding: 'utf8', env: { ...process.env, DESKMATE_BUILD: build } });
  const [folder, bodies] = out.trim().split(' ');
  return { folder, bodies: Number(bodies) };
}

// Blocks, as a file may have holes.
const bytesOnDisk = (folder) => Number(execFileSync('du', ['-s', '-B1', folder], { encoding: 'utf8' }).split('\t')[0]);

function deskOn(events, options = {}) {
  const data = fs.mkdtempSync(`${shop(events).folder}.run-`);
  execFileSync('cp', ['-r', `${shop(events).folder}/.`, data]);
  const desk = new Desk({ data, members: [], ...options });
  fs.cpSync(path.join(data, 'secrets'), desk.secrets, { recursive: true });
  return { desk, done: async () => { await desk.remove(); fs.rmSync(data, { recursive: true, force: true }); } };
}

// Seconds until it says that it is ready.
async function readyIn(desk) {
  const begun = process.hrtime.bigint();
  const daemon = spawn(deskmate, ['--config', desk.config, 'run'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const took = await new Promise((resolve, reject) => {
    const hear = (data) => {
      said += data;
      if (/\bready\b/.test(said)) resolve(Number(process.hrtime.bigint() - begun) / 1e9);
    };
    daemon.stdout.on('data', hear);
    daemon.stderr.on('data', hear);
    daemon.once('exit', () => reject(new Error(`the daemon ended: ${said}`)));
  });
  daemon.removeAllListeners('exit');
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGTERM');
  await ended;
  return took;
}

const small = deskOn(SMALL);
const large = deskOn(LARGE);
try {
  const { folder, bodies } = shop(LARGE);
  const size = bytesOnDisk(folder);
  figure('size.disk', size / 1e6, 'MB', 'bodies', bodies / 1e6, '<=2');
  note(`size.disk: ${LARGE} events, four of ten with a body; with all tables, ${(size / LARGE).toFixed(0)} bytes an event`);

  const starts = { small: [], large: [] };
  for (let round = 0; round <= STARTS; ++round) {
    const times = { small: await readyIn(small.desk), large: await readyIn(large.desk) };
    if (round === 0) continue;
    for (const key of ['small', 'large']) starts[key].push(times[key] * 1000);
  }
  figure('size.start', median(starts.large), 'ms', `start-${SMALL}`, median(starts.small), '<=1.5');

  // At rest: nothing to do since REST_S.
  const memory = {};
  for (const [key, { desk }] of Object.entries({ small, large })) {
    await desk.start();
    await pause(REST_S * 1000);
    memory[key] = pss(desk.daemon.pid);
    note(`size.memory: ${key} desk: MiB ${parts(desk.daemon.pid)}`);
    await desk.stop();
  }
  figure('size.memory', mib(memory.small), 'MiB', 'MiB', 1 / 1, `<=${DAEMON_MIB}`);
  figure('size.memory-large', mib(memory.large), 'MiB', `memory-${SMALL}`, mib(memory.small), '<=1.5');
} finally {
  await small.done();
  await large.done();
}

const plugins = new Desk({
  plugins: [
    { name: 'sample', id: 'shop-sample' },
    { name: 'mail', id: 'chat-email', settings: { address: 'shop@shop.test', imap_host: '127.0.0.1', imap_port: 9, smtp_port: 9, tls: 'none' }, secrets: { password: 'x' } },
    { name: 'vendure', id: 'shop-vendure', settings: { url: 'http://127.0.0.1:9' }, secrets: { username: 'x', password: 'x' } },
  ],
});
try {
  await plugins.start();
  await until('the plugins run', async () => (await plugins.list('plugins')).every((plugin) => plugin.state === 'running'));
  await pause(REST_S * 1000);
  for (const { name, plugin, pid } of await plugins.list('plugins')) {
    figure(`size.plugin-${name}`, mib(pss(pid)), 'MiB', 'MiB', 1, `<=${PLUGIN_MIB}`);
    note(`size.plugin-${name}: ${plugin}: MiB ${parts(pid)}`);
    if (plugin === 'chat-email') note('size.plugin-mail: GMime brings GLib, GObject and GIO, libetpan brings Berkeley DB and SASL: their data and relocations');
  }
} finally {
  await plugins.remove();
}
