// EasyPost through the running daemon: trackers, webhooks, a number that it refuses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, until } from '../../lib/desk.mjs';
import { KEY, SECRET, easypost, push } from './easypost.mjs';
import { parcelOf, ship, told, untilStatus, withDesk } from './stage.mjs';
import { HOUR, World } from './world.mjs';

const plugin = (courier) => ({
  name: 'easypost', id: 'courier-easypost', settings: { url: courier.url },
  secrets: { key: KEY, webhook_secret: SECRET },
});

test('R60 R65 R66 R95 EasyPost: a tracker made once, its weight, its webhook, a refused number', async () => {
  const world = new World();
  const courier = await easypost(world).start();
  const now = Date.now();
  world.send('EZ100', { journey: [{ at: now - 3 * HOUR, status: 'in_transit', place: 'CHICAGO', text: 'Arrived' }] });
  world.parcels.get('EZ100').ounces = 17.6;
  try {
    await withDesk(plugin(courier), async ({ desk, hook }) => {
      const order = await ship(desk, 'USPS', 'EZ100');
      const parcel = await untilStatus(desk, order, 'in_transit');
      assert.equal(parcel.first_grams, 499);
      assert.ok(!parcel.here);
      assert.equal(courier.made, 1);

      const city = order.address.city;
      world.move('EZ100', { status: 'out_for_delivery', place: city.toUpperCase(), text: 'Out' });
      const post = ({ body, sign }) => fetch(hook('/'), { method: 'POST', headers: { 'content-type': 'application/json', 'x-hmac-signature': sign }, body });
      assert.equal((await post(push(world, 'EZ100', 'guessed'))).status, 403);
      const good = push(world, 'EZ100');
      assert.equal((await post(good)).status, 200);
      const there = await untilStatus(desk, order, 'out_for_delivery');
      assert.equal(there.here, true, `the parcel is in ${city}`);
      const events = (await told(desk, parcel)).length;
      assert.equal((await post(good)).status, 200);
      assert.equal((await told(desk, parcel)).length, events);

      // What it refuses is asked about ever more rarely, and holds up nothing.
      const wrong = await ship(desk, 'UPS', 'not-a-code');
      await until('it was refused', () => courier.asked('not-a-code') > 0, 30);
      world.move('EZ100', { status: 'delivered', place: city, text: 'Delivered' });
      await untilStatus(desk, order, 'delivered');
      await pause(3000);
      assert.ok(courier.asked('not-a-code') <= 8, 'asked ever more rarely');
      assert.equal((await parcelOf(desk, wrong)).courier, undefined);
      assert.equal(courier.made, 1);
    });
  } finally {
    await courier.stop();
  }
});
