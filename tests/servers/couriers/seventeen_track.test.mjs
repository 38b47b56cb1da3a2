// 17TRACK through the running daemon: registration, batches, pushes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../lib/desk.mjs';
import { KEY, push, seventeenTrack } from './seventeen_track.mjs';
import { parcelOf, ship, told, trouble, untilStatus, withDesk } from './stage.mjs';
import { HOUR, World } from './world.mjs';

const plugin = (courier, settings = {}, key = KEY) => ({
  name: 'track', id: 'courier-17track', settings: { url: courier.url, ...settings }, secrets: { key },
});

test('R60 R65 17TRACK: registered once, asked in batches, pushed by signature, overdue seen', async () => {
  const world = new World();
  const courier = await seventeenTrack(world).start();
  const now = Date.now();
  world.send('RR100', {
    carrier: 'China Post', eta: now - HOUR,
    journey: [{ at: now - 3 * HOUR, status: 'picked_up', place: 'Hangzhou', text: 'Accepted' }],
  });
  try {
    await withDesk(plugin(courier), async ({ desk, hook }) => {
      const order = await ship(desk, 'Anyone', 'RR100');
      const parcel = await untilStatus(desk, order, 'picked_up');
      assert.ok((await desk.ask('parcels', '--overdue')).parcels.some((p) => p.id === parcel.id));
      const sizes = courier.requests.map((r) => JSON.parse(r.body).length);
      assert.ok(Math.max(...sizes) > 1 && Math.max(...sizes) <= 40, `batches of ${sizes}`);
      const registered = courier.requests.filter((r) => r.path.endsWith('/register')).flatMap((r) => JSON.parse(r.body)).map((p) => p.number);
      assert.equal(registered.filter((n) => n === 'RR100').length, 1);

      const post = ({ body, sign }) => fetch(hook('/'), { method: 'POST', headers: { 'content-type': 'application/json', sign }, body });
      world.move('RR100', { status: 'returning', place: 'Chicago', text: 'Refused' });
      assert.equal((await post(push(world, 'RR100', 'guessed'))).status, 403);
      const good = push(world, 'RR100');
      assert.equal((await post(good)).status, 200);
      await untilStatus(desk, order, 'returning');
      const events = (await told(desk, parcel)).length;
      assert.equal((await post(good)).status, 200);
      assert.equal((await told(desk, parcel)).length, events);
      world.move('RR100', { status: 'returned', place: 'Hangzhou', text: 'Back' });
      await untilStatus(desk, order, 'returned');
      assert.equal((await parcelOf(desk, order)).stations.length, 3);
    });
    await withDesk(plugin(courier, {}, 'wrong'), async ({ desk }) => {
      await ship(desk, 'Anyone', 'RR200');
      await until('the owner is told', async () => /refuses the key.*401/.test(await trouble(desk, 'track') ?? ''), 30);
    });
  } finally {
    await courier.stop();
  }
});
