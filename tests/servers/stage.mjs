// What the tests on real servers share: a mail server, a desk that reads the shop's mailbox, and,
// where asked for, a Vendure shop.
import fs from 'node:fs';
import { Desk, until } from '../lib/desk.mjs';
import { PASSWORD, SHOP, startMail } from './mail/servers.mjs';

export function mailPlugin(mail, settings = {}) {
  return {
    name: 'mail',
    id: 'chat-email',
    settings: {
      address: SHOP,
      imap_host: '127.0.0.1', imap_port: mail.ports.imap, tls: 'none',
      smtp_port: mail.ports.smtp, smtp_login: false,
      ...settings,
    },
    secrets: { password: PASSWORD },
  };
}

export function vendurePlugin(shop) {
  return {
    name: 'vendure',
    id: 'shop-vendure',
    settings: { url: shop.url, poll_seconds: 1 },
    secrets: { username: 'superadmin', password: 'superadmin' },
  };
}

// Puts the members online and waits until the plugins run and the mailbox has been looked at: what
// was there before the first look is old.
export async function open(desk) {
  await desk.start();
  for (const { number } of desk.options.members ?? [{ number: 1 }]) {
    await desk.ask('back', '--as', number);
  }
  await until('the plugins run', async () => (await desk.list('plugins')).every((p) => p.state === 'running'), 30);
  if (desk.options.plugins.some((plugin) => plugin.id === 'chat-email')) await mailboxRead(desk);
  return desk;
}

export const mailboxRead = (desk) => until('the mailbox has been looked at', () =>
  fs.readFileSync(desk.log, 'utf8').includes('first connection to the mailbox'), 30);

// Runs body({mail, desk}) with a mail server and a desk of these options; says what the desk logged
// when it fails.
export async function withMail(options, body) {
  const mail = await startMail();
  const { plugins = [], settings, ...rest } = options;
  const desk = new Desk({ ...rest, plugins: [mailPlugin(mail, settings), ...plugins] });
  try {
    await body({ mail, desk });
  } catch (error) {
    error.message += `\n--- the desk's log:\n${desk.logText()}`;
    throw error;
  } finally {
    await desk.remove();
    await mail.stop();
  }
}

// The open chat of a buyer's address, once it has a member.
export async function chatOf(desk, name, seconds = 30) {
  return until(`the chat of ${name}`, async () =>
    (await desk.list('chats')).find((chat) => chat.name === name && chat.member), seconds);
}
