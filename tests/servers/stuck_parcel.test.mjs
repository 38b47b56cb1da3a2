// A parcel of a real Vendure shop stands still, its courier says so, and it is made good: the desk finds
// it before the buyer writes about it, suggests both offers, and what the agent and the buyer agree to is
// done in the shop once, although the desk is killed at every step. The buyer has one mail about it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, until } from '../lib/desk.mjs';
import { CUSTOMER, KEY, kuaidi100 } from './couriers/kuaidi100.mjs';
import { HOUR, World } from './couriers/world.mjs';
import { Buyer as MailBuyer } from './mail/buyer.mjs';
import { chatOf, open, vendurePlugin, withMail } from './stage.mjs';
import { Admin, Buyer as ShopBuyer, startShop } from './vendure/shop.mjs';

const members = [{ number: 1, name: 'Ann', weight: 1 }];
const steps = ['found', 'proposed', 'read back', 'confirmed', 'soon after', 'later'];

test('R65 R80 R82 R83 R121: a stuck parcel is found, offered for and made good once, killed at any step', async (t) => {
  const world = new World();
  const courier = await kuaidi100(world).start();
  t.after(() => courier.stop());
  const shop = await startShop();
  t.after(() => shop.stop());
  const plugins = [
    vendurePlugin(shop),
    { name: 'kuaidi100', id: 'courier-kuaidi100',
      settings: { url: courier.url, poll_s: 1, per_minute: 6000 }, secrets: { customer: CUSTOMER, key: KEY } },
    { name: 'parcels', id: 'rules-parcels' },
  ];
  await withMail({ members, plugins }, async ({ mail, desk }) => {
    await open(desk);
    const admin = await Admin.login(shop.url);
    const kill = async () => { await desk.stop('SIGKILL'); await desk.start(); };
    const problem = async (order, kind) =>
      (await desk.ask('problems', '--kind', kind)).problems.find((p) => p.number === order.code);

    for (const [i, killed] of steps.entries()) {
      await t.test(`killed: ${killed}`, async () => {
        const standard = i % 2 ? 'resend_coupon' : 'refund_coupon';
        const name = `Buyer ${i}`;
        const email = `buyer${i}@buyers.test`;
        const shopper = await ShopBuyer.register(shop.url, { email, first: 'Buyer', last: String(i) });
        const order = await shopper.order({ lines: [{ sku: 'L2201308', quantity: 1 }] });
        const buyer = new MailBuyer(mail, email, name);
        await buyer.write({ subject: 'My order', text: `Thank you, ${order.code} is paid.` });
        const chat = await chatOf(desk, name);
        const before = { orders: (await admin.orders()).length, coupons: (await admin.promotions()).length };

        const now = Date.now();
        const tracking = `YD500${i}`;
        world.send(tracking, { journey: [
          { at: now - 98 * HOUR, status: 'picked_up', place: '浙江,杭州市', text: '【杭州市】已揽收' },
          { at: now - 97 * HOUR, status: 'in_transit', place: '浙江,杭州市', text: '【杭州市】已发往武汉' }] });
        await admin.ship(order.code, { tracking, method: '韵达快递' });

        const found = await until('the desk finds it', () => problem(order, 'parcel_stuck'), 60);
        assert.equal(found.code, 'failed');
        assert.deepEqual(found.fixes.map((f) => f.fix), ['tell_buyer', 'refund_coupon', 'resend_coupon']);
        assert.match((await desk.command('order', order.code)).out, /suggested: .*refund and a coupon.*send again/);
        if (killed === 'found') await kill();

        // Of the rule's own suggestion its words are the reason; another needs one.
        const bare = await desk.command('offer', 'propose', order.code, '--coupon', '1.00', '--as', 1);
        assert.notEqual(bare.code, 0);
        const { offer } = await desk.ask('offer', 'propose', order.code, '--standard', standard, '--chat', chat.chat,
          '--liable', 'courier', '--cause', 'courier', '--as', 1);
        if (killed === 'proposed') await kill();
        await desk.ask('offer', 'read-back', offer, '--as', 1);
        if (killed === 'read back') await kill();
        const shown = await desk.ask('offer', 'show', offer);
        assert.deepEqual([shown.rule, shown.version.startsWith('1.0.0'), shown.liable], ['parcel_stuck', true, 'courier']);
        assert.match(shown.text, /has not moved since/);

        const [asked] = await buyer.inbox({ count: 1, timeout_ms: 60_000 });
        await buyer.reply(asked, 'Yes, please.');
        await until('the answer is there', async () =>
          (await desk.ask('chat', chat.chat)).entries.some((entry) => entry.text?.includes('Yes, please')), 30);
        await desk.ask('offer', 'confirm', offer, '--as', 1);
        if (killed === 'soon after') await pause(30);
        if (killed === 'later') await pause(200);
        if (['confirmed', 'soon after', 'later'].includes(killed)) await kill();
        await until('it is settled', async () => (await desk.ask('offer', 'show', offer)).state === 'settled', 60);

        // What the shop has: once each. And the parcel itself has to be stopped now.
        const told = await until('the parcel is to be stopped', async () => {
          await desk.ask('rules', 'sweep');
          return problem(order, 'parcel_back');
        }, 60);
        assert.equal(told.code, 'intercept');
        assert.equal(await problem(order, 'parcel_stuck'), undefined);
        const { payments } = await admin.order(order.code);
        const refunds = payments[0].refunds.map((r) => r.total);
        const resent = standard === 'resend_coupon';
        assert.deepEqual(refunds, resent ? [] : [order.totalWithTax]);
        assert.equal((await admin.orders()).length, before.orders + (resent ? 1 : 0));
        // A second order is free of charge by a promotion of its own.
        assert.equal((await admin.promotions()).length, before.coupons + (resent ? 2 : 1));
        const mails = await buyer.inbox();
        assert.equal(mails.length, 1, mails.map((m) => m.subject).join());
        await buyer.close();
      });
    }
    assert.equal((await desk.command('verify')).code, 0);
  });
});
