// What the other tests rely on: mail travels both ways, threads, and the faults happen as named.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import nodemailer from 'nodemailer';
import { Buyer } from './buyer.mjs';
import { startMail } from './servers.mjs';

let mail;
before(async () => { mail = await startMail(); });
after(async () => { await mail?.stop(); });

test('mail goes both ways, in a thread', async () => {
  const ann = new Buyer(mail, 'ann@buyers.test', '安');
  const shop = new Buyer(mail, mail.shop, 'Shop');
  const sent = await ann.write({ subject: '订单 1001', text: '在哪？' });
  const [asked] = await shop.inbox({ count: 1 });
  assert.equal(asked.messageId, sent.messageId);
  assert.equal(asked.text, '在哪？');
  await shop.reply(asked, '路上');
  const [answer] = await ann.inbox({ count: 1 });
  assert.equal(answer.inReplyTo, sent.messageId);
  assert.deepEqual(answer.references, [sent.messageId]);
  assert.equal(answer.text, '路上');
  await ann.close();
  await shop.close();
});

test('old mails can be put into a mailbox', async () => {
  mail.seed('old@buyers.test', 50, (i) => `From: a@b.c\nSubject: ${i}\n\nx\n`);
  const old = new Buyer(mail, 'old@buyers.test');
  assert.equal((await old.inbox({ count: 50 })).length, 50);
  await old.close();
});

for (const [port, delivered] of [['smtp_lost_before', 0], ['smtp_lost_after', 1]]) {
  test(`${port} loses the connection, ${delivered} mails arrive`, async () => {
    const to = `${port.replaceAll('_', '-')}@buyers.test`;
    const transport = nodemailer.createTransport({ host: '127.0.0.1', port: mail.ports[port], ignoreTLS: true });
    await assert.rejects(transport.sendMail({ from: mail.shop, to, subject: 's', text: 't' }));
    const direct = new Buyer(mail, to);
    await direct.write({ to, subject: 'marker', text: 'after it' });
    const mails = await direct.inbox({ count: delivered + 1 });
    assert.equal(mails.length, delivered + 1);
    await direct.close();
  });
}

for (const [port, secure] of [['smtps', true], ['submission', false]]) {
  test(`${port} wants TLS and the password`, async () => {
    const connect = (pass) => nodemailer.createTransport({
      host: 'localhost', port: mail.ports[port], secure, requireTLS: true,
      tls: { ca: readFileSync(mail.ca) }, auth: { user: mail.shop, pass },
    });
    const to = `${port}@buyers.test`;
    await connect(mail.password).sendMail({ from: mail.shop, to, subject: 's', text: 't' });
    const buyer = new Buyer(mail, to);
    assert.equal((await buyer.inbox({ count: 1 })).length, 1);
    await buyer.close();
    await assert.rejects(connect('wrong').verify());
  });
}
