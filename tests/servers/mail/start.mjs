#!/usr/bin/env node
// Runs the mail servers until its standard input is closed or it gets SIGTERM or SIGINT.
//
// First it prints one line of JSON:
//   {"ports": {"imap", "imaps", "smtp", "submission", "smtps", "lmtp",
//              "smtp_lost_before", "smtp_lost_after"},
//    "shop": "shop@shop.test", "password", "ca": file, "dir": folder}
// smtp: without TLS and log-in; submission: STARTTLS; smtps: TLS and log-in; imap: without TLS or
// with STARTTLS; smtp_lost_…: see faults.mjs.
//
// Then it takes commands, one a line on standard input, and answers each with a line of JSON:
//   seed ADDRESS COUNT      so many old mails
//   uidvalidity ADDRESS     the mailbox's UIDs mean something else from now on
//   read ADDRESS            {"mails": [text, …]}, the INBOX, oldest first
import readline from 'node:readline';
import { startMail } from './servers.mjs';

if (process.argv.includes('--help')) {
  console.log('usage: start.mjs   (see the comment at its head)');
  process.exit(0);
}

const old = (i) =>
  `From: old${i}@buyers.test\nTo: shop@shop.test\nSubject: old ${i}\nMessage-ID: <old${i}@buyers.test>\n` +
  `Date: Wed, 01 Jan 2025 00:00:00 +0000\n\nAn old mail.\n`;

let mail;
try {
  mail = await startMail();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
say({ ports: mail.ports, shop: mail.shop, password: mail.password, ca: mail.ca, dir: mail.dir });

let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  await mail.stop();
  process.exit(0);
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

const commands = {
  seed: (address, count) => mail.seed(address, Number(count), old),
  uidvalidity: (address) => mail.changeUidValidity(address),
  read: (address) => ({ mails: mail.read(address) }),
  log: () => ({ log: mail.log() }),
};
const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [name, ...args] = line.trim().split(' ');
  try {
    if (!Object.hasOwn(commands, name)) throw new Error(`no such command: ${name}`);
    say(commands[name](...args) ?? {});
  } catch (error) {
    say({ error: error.message });
  }
});
lines.on('close', stop);
