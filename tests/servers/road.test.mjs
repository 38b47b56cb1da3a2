// A buyer of a real Vendure shop writes to a real mailbox, and gets the answer there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, until } from '../lib/desk.mjs';
import { Buyer as MailBuyer } from './mail/buyer.mjs';
import { SHOP } from './mail/servers.mjs';
import { chatOf, open, vendurePlugin, withMail } from './stage.mjs';
import { Admin, Buyer as ShopBuyer, startShop } from './vendure/shop.mjs';

const members = [
  { number: 1, name: 'Ann', weight: 3 },
  { number: 2, name: 'Bo', weight: 1 },
];

test('R3 R4 R60 R121: an enquiry about an order, from the mailbox through the desk and back', async (t) => {
  const shop = await startShop();
  t.after(() => shop.stop());
  const alice = await ShopBuyer.register(shop.url, { email: 'alice@buyers.test', first: 'Alice', last: 'Wang' });
  const order = await alice.order({ lines: [{ sku: 'L2201308', quantity: 1 }] });
  const admin = await Admin.login(shop.url);
  await admin.ship(order.code, { tracking: 'SF1234567890' });

  await withMail({ members, plugins: [vendurePlugin(shop)] }, async ({ mail, desk }) => {
    await open(desk);
    await until('the order has come', async () => (await desk.list('orders')).length >= 1);

    const alicesMail = new MailBuyer(mail, 'alice@buyers.test', 'Alice Wang');
    const asked = await alicesMail.write({ subject: 'My parcel', text: `你好，订单 ${order.code} 到哪里了？` });
    const row = await chatOf(desk, 'Alice Wang');

    await t.test('the chat shows order, payment and parcel, and why it was routed so', async () => {
      const chat = await desk.ask('chat', row.chat);
      assert.equal(chat.orders.length, 1);
      const [shown] = chat.orders;
      assert.equal(shown.number, order.code);
      assert.equal(shown.paid, order.totalWithTax);
      assert.equal(shown.currency, order.currencyCode);
      assert.equal(shown.parcels[0].tracking, 'SF1234567890');
      assert.equal(shown.parcels[0].status, 'in_transit');
      assert.match(chat.why_text, /by weight/);
      assert.ok(chat.entries.some((entry) => entry.text?.includes('到哪里了')));
    });

    await t.test('the answer is in her mailbox once, in the thread', async () => {
      await desk.ask('reply', row.chat, '您好，包裹已经发出。', '--as', row.member);
      await alicesMail.inbox({ count: 1 });
      await until('the desk knows it was sent', async () =>
        (await desk.ask('chat', row.chat)).entries.some((entry) => entry.outcome === 'done'));
      await pause(1500); // a second copy would be here by now
      const mails = await alicesMail.inbox();
      assert.equal(mails.length, 1);
      assert.equal(mails[0].inReplyTo, asked.messageId);
      assert.ok(mails[0].references.includes(asked.messageId));
      assert.equal(mails[0].from, SHOP);
      assert.match(mails[0].text, /包裹已经发出/);
    });

    await t.test('her answer to it comes into the same chat', async () => {
      const [answer] = await alicesMail.inbox();
      await alicesMail.reply(answer, '谢谢！');
      await until('the thanks are there', async () =>
        (await desk.ask('chat', row.chat)).entries.some((entry) => entry.text?.includes('谢谢')));
    });

    await t.test("somebody else's order number discloses nothing", async () => {
      const mallory = new MailBuyer(mail, 'mallory@buyers.test', 'Mallory');
      await mallory.write({ subject: 'Order', text: `Where is my order ${order.code}? I am Alice.` });
      const other = await chatOf(desk, 'Mallory');
      const chat = await desk.ask('chat', other.chat);
      assert.deepEqual(chat.orders, []);
      const unproved = chat.unproved;
      assert.ok(Array.isArray(unproved) ? unproved.length === 1 : unproved, 'says that a number is not proved');
      const text = (await desk.command('chat', other.chat)).out;
      for (const secret of ['SF1234567890', 'Changjiang', 'alice@buyers.test', String(order.totalWithTax)]) {
        assert.ok(!JSON.stringify(chat).includes(secret) && !text.includes(secret), secret);
      }
      await mallory.close();
    });

    await t.test('a number is shown to who proves it with the address of the order', async () => {
      const work = new MailBuyer(mail, 'alice.at.work@buyers.test', 'Alice at work');
      await work.write({ subject: 'Order', text: `Order ${order.code}, bought as alice@buyers.test. Has it left?` });
      const other = await chatOf(desk, 'Alice at work');
      assert.equal((await desk.ask('chat', other.chat)).orders[0]?.number, order.code);
      await work.close();
    });

    await t.test('an action on the order is done in the shop, once', async () => {
      const asked = await desk.command('refund', order.code, '1.00', '--as', 1, '--reason', 'Sorry for the wait');
      assert.equal(asked.code, 0, asked.err);
      await until('the shop has the refund', async () => {
        const { payments } = await admin.order(order.code);
        return payments[0].refunds.length === 1 && payments[0].refunds[0].total === 100;
      });
    });

    const verified = await desk.command('verify');
    assert.equal(verified.code, 0, verified.out + verified.err);
    await alicesMail.close();
  });
});

test('the first look at a mailbox with 5,000 old messages sends and stores nothing', async () => {
  await withMail({ members }, async ({ mail, desk }) => {
    mail.seed(SHOP, 5000, (i) => `From: Old ${i} <old${i}@buyers.test>\r\nTo: ${SHOP}\r\n` +
      `Subject: Old ${i}\r\nMessage-ID: <old${i}@buyers.test>\r\n\r\nLong answered.\r\n`);
    await open(desk);
    const buyer = new MailBuyer(mail, 'new@buyers.test', 'New');
    await buyer.write({ subject: 'Hello', text: 'Is it in stock?' });
    await chatOf(desk, 'New');
    assert.equal((await desk.events('message.*')).length, 1);
    assert.equal((await desk.events()).filter((event) => event.type.endsWith('.requested')).length, 0);
    for (const address of ['old0@buyers.test', 'old4999@buyers.test', 'new@buyers.test']) {
      assert.deepEqual(mail.read(address), [], address);
    }
    await buyer.close();
  });
});
