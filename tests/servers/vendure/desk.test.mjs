// A desk with a real Vendure: what an agent types is done in the shop, once, also when the plugin is
// killed while it works, and what happens in the shop by hand is seen on the desk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk, pause, until } from '../../lib/desk.mjs';
import { open, vendurePlugin } from '../stage.mjs';
import { Admin, Buyer, startShop } from './shop.mjs';

const members = [{ number: 1, name: 'Ann', weight: 1 }];

async function withShop(body) {
  const shop = await startShop();
  const desk = new Desk({ members, plugins: [vendurePlugin(shop)] });
  try {
    await open(desk);
    await body({ shop, desk, admin: await Admin.login(shop.url) });
  } catch (error) {
    error.message += `\n--- the desk's log:\n${desk.logText()}`;
    throw error;
  } finally {
    await desk.remove();
    await shop.stop();
  }
}

const shown = (desk, code) => until(`the desk knows ${code}`, async () => {
  const { code: status, out } = await desk.command('--json', 'order', code);
  return status === 0 && JSON.parse(out).orders?.[0];
}, 60);

async function does(desk, ...words) {
  const { code, err } = await desk.command(...words, '--as', 1);
  assert.equal(code, 0, `${words.join(' ')}: ${err}`);
}

const finished = (desk, count) => until(`${count} actions are done`, async () => {
  const events = await desk.events();
  const failed = events.filter((event) => event.type.endsWith('.failed'));
  if (failed.length) throw new Error(JSON.stringify(failed));
  return events.filter((event) => event.type.endsWith('.done')).length === count;
}, 60);

test('R60 R96 an order comes to the desk, and every action on it is done in the shop once', async () => {
  await withShop(async ({ shop, desk, admin }) => {
    const buyer = await Buyer.register(shop.url, { email: 'ann@buyers.test', first: 'Ann', last: 'Lee' });
    const order = await buyer.order({ lines: [{ sku: 'L2201308', quantity: 2 }] });
    const first = await shown(desk, order.code);
    assert.equal(first.total, order.totalWithTax);
    assert.equal(first.payment, 'paid');

    await does(desk, 'refund', order.code, '10.00', '--reason', 'Late');
    await does(desk, 'ship', order.code, '--carrier', 'SF Express', '--tracking', 'SF1001');
    await does(desk, 'coupon', order.code, '5.00');
    await does(desk, 'resend', order.code, '--reason', 'Lost on the way');
    await finished(desk, 4);

    const now = await admin.order(order.code);
    assert.equal(now.state, 'Shipped');
    assert.deepEqual(now.payments[0].refunds.map((r) => r.total), [1000]);
    assert.deepEqual(now.fulfillments.map((f) => f.trackingCode), ['SF1001']);
    assert.equal((await admin.orders()).length, 2);
    assert.equal((await admin.promotions()).length, 2); // the coupon, and the second order's own

    const parcel = await until('the parcel is on the desk', async () => (await shown(desk, order.code)).parcels[0]);
    assert.equal(parcel.status, 'in_transit');
    await admin.parcel(now.fulfillments[0].id, 'Delivered'); // by hand
    await until('it is delivered', async () => (await shown(desk, order.code)).state === 'delivered', 30);

    const other = await buyer.order();
    await shown(desk, other.code);
    await does(desk, 'cancel', other.code, '--reason', 'Changed her mind');
    await finished(desk, 5);
    assert.equal((await admin.order(other.code)).state, 'Cancelled');
  });
});

// The plugin's process; after five crashes the desk leaves it off, and the owner starts it again.
const running = (desk) => until('the plugin runs', async () => {
  const [plugin] = await desk.list('plugins');
  if (plugin.state === 'off') await desk.command('plugins', 'start', 'vendure');
  return plugin.state === 'running' && plugin.pid;
}, 60);

test('R121 R122 refunds are given once each although the plugin is killed six times meanwhile', async () => {
  await withShop(async ({ shop, desk, admin }) => {
    const buyer = await Buyer.register(shop.url, { email: 'bo@buyers.test' });
    const order = await buyer.order();
    await shown(desk, order.code);
    const cents = Array.from({ length: 12 }, (_, i) => i + 1); // all different
    for (const cent of cents) {
      const pid = await running(desk);
      await does(desk, 'refund', order.code, `0.${String(cent).padStart(2, '0')}`);
      if (cent % 2) continue;
      await pause(20 * cent); // another moment each time
      process.kill(pid, 'SIGKILL');
    }
    await until('every refund is done', async () => {
      await running(desk);
      return (await desk.events()).filter((event) => event.type === 'refund.done').length === cents.length;
    }, 120);
    const given = (await admin.order(order.code)).payments[0].refunds.map((r) => r.total).sort((a, b) => a - b);
    assert.deepEqual(given, cents);
    assert.equal((await desk.command('verify')).code, 0);
  });
});
