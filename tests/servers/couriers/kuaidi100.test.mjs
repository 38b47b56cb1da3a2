// Kuaidi100 through the running daemon: queries, pushes, and what the desk makes of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, until } from '../../lib/desk.mjs';
import { CUSTOMER, KEY, SALT, kuaidi100, push } from './kuaidi100.mjs';
import { parcelOf, ship, told, trouble, untilStatus, withDesk } from './stage.mjs';
import { HOUR, World } from './world.mjs';

const plugin = (courier, settings = {}, secrets = {}) => ({
  name: 'kuaidi100', id: 'courier-kuaidi100',
  settings: { url: courier.url, ...settings },
  secrets: { customer: CUSTOMER, key: KEY, ...secrets },
});

async function withCourier(play) {
  const world = new World();
  const courier = await kuaidi100(world).start();
  try {
    await play(world, courier);
  } finally {
    await courier.stop();
  }
}

const journey = (now) => [
  { at: now - 50 * HOUR, status: 'picked_up', place: '浙江,杭州市', text: '【杭州市】已揽收' },
  { at: now - 49 * HOUR, status: 'in_transit', place: '浙江,杭州市', text: '【杭州市】已发往北京' },
];

test('R60 R65 R68 R95 Kuaidi100: a parcel on its way, found when it stands still, to its end', () => withCourier(async (world, courier) => {
  await withDesk(plugin(courier, { settle_hours: 0 }), async ({ desk }) => {
    const now = Date.now();
    world.send('YD100', { journey: journey(now) });
    const order = await ship(desk, '韵达快递', 'YD100');
    const parcel = await untilStatus(desk, order, 'in_transit');
    assert.deepEqual(parcel.stations.map((s) => s.status), ['picked_up', 'in_transit']);
    assert.equal(parcel.stations[0].text, '【杭州市】已揽收');
    assert.equal(parcel.origin, '浙江,杭州市');
    assert.equal(Math.floor(parcel.moved_ms / 1000), Math.floor((now - 49 * HOUR) / 1000));

    // 49 hours still: stuck by default, and not with a longer patience.
    const stuck = async () => (await desk.ask('parcels', '--stuck')).parcels.some((p) => p.id === parcel.id);
    assert.ok(await stuck());
    const shown = await desk.command('order', order.number);
    assert.match(shown.out, /YD100: on its way/);
    assert.match(shown.out, /【杭州市】已发往北京/);
    desk.writeConfig({ ...desk.options, extra: '[parcels]\nstuck_hours = 50' });
    process.kill(desk.daemon.pid, 'SIGHUP');
    await until('another patience is in force', async () => !(await stuck()));

    // It moves on, a delivery fails, and it arrives. Each station once in the log.
    world.move('YD100', { status: 'attempt_failed', place: '北京,北京市', text: '派送不成功' });
    await untilStatus(desk, order, 'attempt_failed');
    assert.ok((await desk.ask('parcels', '--trouble')).parcels.some((p) => p.id === parcel.id));

    const said = await desk.command('parcel-say', 'YD100', '--grams', '640', '--place', '杭州', '--as', 1);
    assert.equal(said.code, 0, said.err);
    assert.equal((await parcelOf(desk, order)).first_grams, 640);

    world.move('YD100', { status: 'delivered', place: '北京,北京市', text: '已签收' });
    const end = await untilStatus(desk, order, 'delivered');
    assert.equal(end.under_way, false);
    const stations = (await told(desk, parcel)).filter((e) => !e.facts.member).flatMap((e) => e.facts.stations);
    assert.equal(stations.length, 4);

    // It has ended: it is asked about no more.
    await until('it is left in peace', async () => {
      const before = courier.asked('YD100');
      await pause(3000);
      return courier.asked('YD100') === before;
    });
    const row = (await desk.ask('couriers')).couriers.find((c) => c.carrier === '韵达快递');
    assert.deepEqual([row.sent, row.delivered, row.failed, row.attempts], [1, 1, 0, 1]);
    assert.match((await desk.command('couriers')).out, /韵达快递/);
    assert.equal((await desk.command('verify')).code, 0);
  });
}));

test('R65 R121 Kuaidi100: pushes are believed by their signature only, and once', () => withCourier(async (world, courier) => {
  const settings = { callback_url: 'https://desk.example.org/hooks/kuaidi100/push', poll_s: 600 };
  await withDesk(plugin(courier, settings, { salt: SALT }), async ({ desk, hook }) => {
    const now = Date.now();
    world.send('YD200', { journey: journey(now) });
    const order = await ship(desk, '韵达', 'YD200');
    await untilStatus(desk, order, 'in_transit');
    assert.equal(courier.registered.get('YD200').callbackurl, settings.callback_url);
    assert.equal(courier.registered.get('YD200').salt, SALT);

    const post = (body) => fetch(hook('/push'), {
      method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body,
    });
    world.move('YD200', { status: 'out_for_delivery', place: '北京,北京市', text: '派件中' });
    const bad = await post(push(world, 'YD200', { salt: 'guessed' }));
    assert.equal(bad.status, 403);
    assert.equal((await parcelOf(desk, order)).status, 'in_transit');

    const body = push(world, 'YD200');
    const good = await post(body);
    assert.equal(good.status, 200);
    assert.deepEqual(await good.json(), { result: true, returnCode: '200', message: '成功' });
    const parcel = await untilStatus(desk, order, 'out_for_delivery');
    const events = (await told(desk, parcel)).length;
    assert.equal((await post(body)).status, 200);
    assert.equal((await told(desk, parcel)).length, events);
    assert.equal((await parcelOf(desk, order)).stations.length, 3);

    world.send('NOBODYS', { journey: journey(now) });
    assert.equal((await post(push(world, 'NOBODYS'))).status, 200);
    assert.equal((await post('param=%zz')).status, 400);
    assert.equal((await fetch(hook('/push'))).status, 405);

    assert.equal((await post(push(world, 'YD200', { status: 'abort' }))).status, 200);
    await untilStatus(desk, order, 'expired');
  });
}));

test('R18 R65 Kuaidi100: a wrong key is told of, a limit kept, a kill -9 loses and repeats nothing', () => withCourier(async (world, courier) => {
  const now = Date.now();
  world.send('YD300', { journey: journey(now) });
  await withDesk(plugin(courier, {}, { key: 'wrong' }), async ({ desk }) => {
    const order = await ship(desk, '韵达', 'YD300');
    await until('the owner is told', async () => /refuses the key.*503/.test(await trouble(desk, 'kuaidi100') ?? ''), 30);
    const asked = courier.requests.length;
    await pause(2500);
    assert.equal(courier.requests.length, asked, 'a refused key is not tried again at once');

    await desk.stop('SIGKILL');
    desk.writeConfig({ ...desk.options, plugins: [desk.options.plugins[0], plugin(courier, { poll_s: 1, per_minute: 6000 })] });
    await desk.start();
    const parcel = await untilStatus(desk, order, 'in_transit');
    assert.equal(await trouble(desk, 'kuaidi100') ?? '', '');
    const before = await told(desk, parcel);

    await desk.stop('SIGKILL');
    await desk.start();
    const again = courier.asked('YD300');
    await until('it is asked about again', () => courier.asked('YD300') > again + 1, 30);
    assert.deepEqual((await told(desk, parcel)).map((e) => e.id), before.map((e) => e.id));

    // More queries than it likes: it says how long to wait, and that is kept.
    courier.perSecond = 0;
    courier.retryAfter = 4;
    await until('it was refused', () => courier.refused > 0, 30);
    const refusedAt = courier.requests.at(-1).at;
    await until('it asks again', () => courier.requests.at(-1).at > refusedAt, 30);
    assert.ok(courier.requests.at(-1).at - refusedAt >= 3900);
    courier.perSecond = Infinity;
    world.move('YD300', { status: 'delivered', place: '北京,北京市', text: '已签收' });
    await untilStatus(desk, order, 'delivered', 40);
  });
}));
