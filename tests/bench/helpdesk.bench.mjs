// A buyer's mail on its way to a chat that is stored and has its member, beside Request Tracker 5 of
// Debian (request_tracker.sh), which opens a ticket for it: how many a second, how many a second of
// CPU, and what both take at rest.
//
// Ours: the mails lie in the shop's mailbox (Dovecot), the connector fetches them by IMAP, and the
// desk stores, folds and assigns them; counted are the daemon and the connector's process. Theirs:
// the mails are posted to its mail gateway over HTTP by two clients, without the Perl program that
// usually does that; its scrips are off, so that it sends no mail, as the desk sends none. Counted
// are its server's processes. What brings the mail to the machine is counted for neither.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Desk, pause, until } from '../lib/desk.mjs';
import { PASSWORD, SHOP, startMail } from '../servers/mail/servers.mjs';
import { figure, note } from './figures.mjs';
import { cpu, family, mib, pss } from './processes.mjs';

const OURS = 2_000; // mails
const THEIRS = 60;
const CLIENTS = 2;
const PORT = 18_081;
const REST_S = 35; // a desk looks every half minute whether it is at rest
const script = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'request_tracker.sh');

const mail = (number) => [
  `From: Buyer ${number} <buyer${number}@buyers.test>`,
  `To: ${SHOP}`,
  `Subject: My order ${number}`,
  `Message-ID: <bench-${number}@buyers.test>`,
  'Date: Sun, 01 Mar 2026 12:00:00 +0000',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  '',
  `Hello, ${'could you tell me when the parcel is on its way? '.repeat(6).slice(0, 280)}`,
  '',
].join('\r\n');

const used = (pids) => pids.reduce((sum, pid) => sum + cpu(pid), 0);
const held = (pids) => pids.reduce((sum, pid) => sum + pss(pid), 0);

// {rate, perCore, memory}
async function ours() {
  const server = await startMail();
  const desk = new Desk({
    members: [{ number: 1, name: 'Ann', weight: 3, capacity: OURS }, { number: 2, name: 'Bo', weight: 1, capacity: OURS }],
    routing: { suspend_at: 10_000 },
    plugins: [{
      name: 'mail', id: 'chat-email',
      settings: { address: SHOP, imap_host: '127.0.0.1', imap_port: server.ports.imap, tls: 'none', smtp_port: server.ports.smtp, smtp_login: false },
      secrets: { password: PASSWORD },
    }],
  });
  try {
    await desk.start();
    for (const number of [1, 2]) await desk.ask('back', '--as', number);
    const looked = () => desk.logText().includes('first connection to the mailbox');
    await until('the mailbox has been looked at', looked, 30);
    // All are there before the connector begins, so that it is not Dovecot that is measured.
    await desk.stop();
    const box = path.join(server.dir, 'mail', SHOP);
    const inbox = path.join([path.join(box, 'Maildir'), box].find((at) => fs.existsSync(path.join(at, 'new'))), 'new');
    const owner = fs.statSync(inbox);
    for (let number = 0; number < OURS; ++number) {
      const file = path.join(inbox, `1700000000.M${number}.bench`);
      fs.writeFileSync(file, mail(number));
      fs.chownSync(file, owner.uid, owner.gid);
    }
    const begun = Date.now(); // starting is counted too
    await desk.start();
    await until('all chats have their member', async () => {
      const { chats } = await desk.ask('status');
      return chats.open === OURS && chats.waiting === OURS && chats.queued === 0;
    }, 240);
    const seconds = (Date.now() - begun) / 1000;
    const all = [desk.daemon.pid, (await desk.list('plugins'))[0].pid];
    const core = used(all);
    await pause(REST_S * 1000);
    return { rate: OURS / seconds, perCore: OURS / core, memory: held(all) };
  } finally {
    await desk.remove();
    await server.stop();
  }
}

async function theirs() {
  execFileSync(script, ['install'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const count = () => Number(execFileSync(script, ['count'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  const server = spawn(script, ['run', String(PORT)], { stdio: 'ignore' });
  try {
    const url = `http://127.0.0.1:${PORT}`;
    await until('Request Tracker answers', async () => (await fetch(url)).ok, 120);
    const open = async (number) => {
      const form = new FormData();
      for (const [key, value] of Object.entries({ SessionType: 'REST', queue: 'General', action: 'correspond' })) form.set(key, value);
      form.set('message', mail(number));
      const answer = await (await fetch(`${url}/REST/1.0/NoAuth/mail-gateway`, { method: 'POST', body: form })).text();
      if (!answer.startsWith('ok')) throw new Error(`Request Tracker: ${answer}`);
    };
    const mark = Date.now() * 1000; // addresses of this run alone
    for (let i = 0; i < 2 * CLIENTS; ++i) await open(mark + i); // each worker has loaded what it needs
    const before = count();
    const coreBefore = used(family(server.pid));
    const begun = Date.now();
    let next = 0;
    await Promise.all(Array.from({ length: CLIENTS }, async () => {
      while (next < THEIRS) await open(mark + 100 + next++);
    }));
    const seconds = (Date.now() - begun) / 1000;
    const core = used(family(server.pid)) - coreBefore;
    const made = count() - before;
    if (made !== THEIRS) throw new Error(`Request Tracker made ${made} tickets of ${THEIRS} mails`);
    await pause(REST_S * 1000);
    return { rate: THEIRS / seconds, perCore: THEIRS / core, memory: held(family(server.pid)) };
  } finally {
    const all = family(server.pid);
    for (const pid of all) process.kill(pid, 'SIGTERM');
    await until('Request Tracker has ended', () => server.exitCode !== null || server.signalCode !== null);
  }
}

const a = await ours();
const b = await theirs();
figure('helpdesk.mail', a.rate, 'chats/s', 'request-tracker', b.rate, '>=1');
figure('helpdesk.mail-per-core', a.perCore, 'chats/s', 'request-tracker', b.perCore, '>=1');
figure('helpdesk.memory', mib(a.memory), 'MiB', 'request-tracker', mib(b.memory), '<=1');
note(`helpdesk: ${OURS} mails, daemon and connector; ${THEIRS} mails, Request Tracker 5 with SQLite and two workers`);
