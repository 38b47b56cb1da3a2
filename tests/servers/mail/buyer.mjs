// A buyer with an ordinary mail program: writes and answers by SMTP (nodemailer), reads by IMAP
// (imapflow).
//
//   const buyer = new Buyer(mail, 'ann@buyers.test', 'Ann');
//   const sent = await buyer.write({ subject: 'Order T_1', text: 'Where is it?' });
//   const [answer] = await buyer.inbox({ count: 1 });      // waits until it is there
//   await buyer.reply(answer, 'Thank you!');
//   await buyer.close();
import { ImapFlow } from 'imapflow';
import nodemailer from 'nodemailer';

const WAIT_MS = 30_000;

export class Buyer {
  // mail: what startMail() gives, or the JSON that start.mjs prints.
  constructor(mail, address, name = '') {
    this.mail = mail;
    this.address = address;
    this.name = name;
    this.transport = nodemailer.createTransport({
      host: '127.0.0.1', port: mail.ports.smtp, secure: false, ignoreTLS: true,
      pool: true, maxConnections: 2, maxMessages: 50,
    });
  }

  // Sends; options as nodemailer takes them. Resolves to {messageId, …} once the server has it.
  write(options) {
    return this.transport.sendMail({
      from: { name: this.name, address: this.address },
      to: this.mail.shop,
      ...options,
    });
  }

  // Answers a mail of inbox(), in its thread, with the usual headers.
  reply(mail, text, options = {}) {
    const subject = /^re:/i.test(mail.subject) ? mail.subject : `Re: ${mail.subject}`;
    return this.write({
      to: mail.from, subject, text,
      inReplyTo: mail.messageId,
      references: [...mail.references, mail.messageId].join(' '),
      ...options,
    });
  }

  async imap() {
    if (!this.client?.usable) {
      this.client = new ImapFlow({
        host: '127.0.0.1', port: this.mail.ports.imap, secure: false, doSTARTTLS: false,
        auth: { user: this.address, pass: this.mail.password }, logger: false,
      });
      await this.client.connect();
    }
    return this.client;
  }

  // The mails in the inbox, oldest first, once there are at least count of them; fails after
  // timeout_ms. Each: {uid, messageId, inReplyTo, references, from, subject, source}.
  async inbox({ count = 0, timeout_ms = WAIT_MS } = {}) {
    const until = Date.now() + timeout_ms;
    const client = await this.imap();
    for (;;) {
      const mails = [];
      const lock = await client.getMailboxLock('INBOX');
      try {
        await client.noop();
        if (client.mailbox.exists > 0) {
          for await (const m of client.fetch('1:*', { uid: true, envelope: true, source: true })) {
            mails.push(shape(m));
          }
        }
      } finally {
        lock.release();
      }
      if (mails.length >= count) return mails;
      if (Date.now() > until) {
        throw new Error(`${this.address}: ${mails.length} mails instead of ${count} after ${timeout_ms} ms`);
      }
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  async close() {
    this.transport.close();
    if (this.client?.usable) await this.client.logout();
  }
}

function header(source, name) {
  const head = source.split(/\r?\n\r?\n/, 1)[0].replace(/\r?\n[ \t]+/g, ' ');
  const line = head.split(/\r?\n/).find((l) => l.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line ? line.slice(name.length + 1).trim() : '';
}

function shape(m) {
  const source = m.source.toString('utf8');
  return {
    uid: m.uid,
    messageId: m.envelope.messageId,
    inReplyTo: header(source, 'In-Reply-To'),
    references: header(source, 'References').split(/\s+/).filter(Boolean),
    autoSubmitted: header(source, 'Auto-Submitted'),
    from: m.envelope.from?.[0]?.address ?? '',
    subject: m.envelope.subject ?? '',
    text: plainText(source),
    source,
  };
}

// The text of a mail with one plain part, which is what Deskmate sends without files.
function plainText(source) {
  const split = source.search(/\r?\n\r?\n/);
  const body = source.slice(split).replace(/^\r?\n\r?\n/, '');
  const encoding = header(source, 'Content-Transfer-Encoding').toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8').trim();
  if (encoding !== 'quoted-printable') return body.trim();
  const bytes = body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8').trim();
}
