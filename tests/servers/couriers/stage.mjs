// A desk with the sample shop and one courier, and what the tests of couriers do alike.
import { Desk, until } from '../../lib/desk.mjs';
import { freePort } from '../../lib/port.mjs';

const shop = { name: 'shop', id: 'shop-sample', settings: { seed: 7, quick: false, messages_per_hour: 0, poll_ms: 100 } };

// courier: an entry of plugins. Runs play(stage); ends all. stage: {desk, port, hook(path), orders}.
export async function withDesk(courier, play, options = {}) {
  const port = await freePort();
  const desk = new Desk({
    plugins: [shop, { ...courier, settings: { poll_s: 1, per_minute: 6000, ...courier.settings } }],
    console: [`127.0.0.1:${port}`],
    ...options,
  });
  try {
    await desk.start();
    await desk.ask('back', '--as', 1);
    await until('orders to be sent', async () => (await desk.list('orders')).some((o) => o.state === 'paid'), 30);
    await play({ desk, hook: (path) => `http://127.0.0.1:${port}/hooks/${courier.name}${path}` });
  } catch (error) {
    error.message += `\n--- the desk's log:\n${desk.logText()}`;
    throw error;
  } finally {
    await desk.remove();
  }
}

// Sends a paid order that was not sent yet; resolves with it.
export async function ship(desk, carrier, tracking) {
  const order = (await desk.list('orders')).find((o) => o.state === 'paid' && o.parcels.length === 0);
  if (!order) throw new Error('no order is left to be sent');
  const shipped = await desk.command('ship', order.number, '--carrier', carrier, '--tracking', tracking, '--as', 1);
  if (shipped.code !== 0) throw new Error(shipped.err);
  await until('the parcel is seen', async () => (await desk.ask('order', order.number)).orders[0].parcels.length > 0);
  return (await desk.ask('order', order.number)).orders[0];
}

export async function parcelOf(desk, order) {
  return (await desk.ask('order', order.number)).orders[0].parcels[0];
}

// Waits until the order's parcel has that status at the courier's word.
export function untilStatus(desk, order, status, seconds = 30) {
  return until(`the parcel is ${status}`, async () => {
    const parcel = await parcelOf(desk, order);
    return parcel.courier && parcel.status === status && parcel;
  }, seconds);
}

// What the courier's plugin told the log of a parcel.
export async function told(desk, parcel) {
  return (await desk.events('parcel.seen')).filter((e) => e.facts.of && e.facts.parcel === parcel.id);
}

export async function trouble(desk, name) {
  return (await desk.list('plugins')).find((p) => p.name === name)?.trouble;
}
