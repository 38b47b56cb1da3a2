// SF through the running daemon.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../lib/desk.mjs';
import { CHECK_WORD, PARTNER, sf } from './sf.mjs';
import { ship, told, trouble, untilStatus, withDesk } from './stage.mjs';
import { HOUR, World } from './world.mjs';

const plugin = (courier, secrets = {}) => ({
  name: 'sf', id: 'courier-sf', settings: { url: courier.url },
  secrets: { partner_id: PARTNER, check_word: CHECK_WORD, ...secrets },
});

test('R60 R65 SF: signed calls, routes that move, a limit and a wrong check word told', async () => {
  const world = new World();
  const courier = await sf(world).start();
  const now = Date.now();
  world.send('SF700', {
    journey: [
      { at: now - 2 * HOUR, status: 'picked_up', place: '杭州市', text: '顺丰速运 已收取快件' },
      { at: now - HOUR, code: '607', place: '杭州市', text: '说明' },
    ],
  });
  try {
    await withDesk(plugin(courier, { check_word: 'wrong' }), async ({ desk }) => {
      const order = await ship(desk, '顺丰速运', 'SF700');
      await until('the owner is told', async () => /refuses the key.*A1006/.test(await trouble(desk, 'sf') ?? ''), 30);
      await desk.stop('SIGKILL');
      const right = plugin(courier);
      desk.writeConfig({ ...desk.options, plugins: [desk.options.plugins[0], { ...right, settings: { poll_s: 1, per_minute: 6000, ...right.settings } }] });
      await desk.start();
      const parcel = await untilStatus(desk, order, 'picked_up');
      assert.deepEqual(parcel.stations.map((s) => [s.code, s.place]), [['50', '杭州市'], ['607', '杭州市']]);

      courier.overLimit = true;
      world.move('SF700', { status: 'delivered', place: '北京市', text: '已签收' });
      const before = courier.requests.length;
      await until('it was refused', () => courier.requests.length > before, 30);
      const refused = courier.requests.length;
      await new Promise((resolve) => setTimeout(resolve, 3000));
      assert.ok(courier.requests.length <= refused + 1, 'a minute is waited');
      courier.overLimit = false;
      await desk.stop();
      await desk.start();
      const end = await untilStatus(desk, order, 'delivered');
      assert.equal(end.stations.length, 3);
      assert.equal((await told(desk, end)).flatMap((e) => e.facts.stations ?? []).length, 3);
    });
  } finally {
    await courier.stop();
  }
});
