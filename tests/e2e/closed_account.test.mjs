// R111: a marketplace account is closed, or its connector thrown out of the configuration: what was said,
// bought and argued about there stays, is searched, settled and exported, and an answer says that it cannot go out.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Desk, until } from '../lib/desk.mjs';
import { withDesks } from '../lib/pair.mjs';

const box = { name: 'box', id: 'shop-sample', settings: { seed: 5, poll_ms: 100, quick: true, messages_per_hour: 3_600 } };

test('R111: chats, orders and cases outlive the account they came from', async () => {
  const desk = new Desk({ plugins: [box] });
  await withDesks([desk], async () => {
    await desk.start();
    await desk.ask('back', '--as', 1);
    const chat = await until('a buyer with an order writes', async () =>
      (await desk.list('chats')).find((c) => c.member === 1 && c.shop === 'box'), 60);
    const before = await until('the desk knows orders', async () => {
      const orders = await desk.list('orders');
      return orders.length > 2 && orders;
    }, 60);
    await desk.ask('reply', chat.chat, 'Which cup was broken?', '--as', 1);
    await until('it has gone out', async () =>
      (await desk.ask('chat', chat.chat)).entries.some((e) => e.kind === 'reply' && !e.auto && e.outcome === 'done'), 60);
    await desk.ask('case', 'open', 'damaged', '--chat', chat.chat, '--title', 'Broken cup', 'One of six.', '--as', 1);

    // The account is gone, and then the daemon is started anew without it.
    desk.writeConfig({ ...desk.options, plugins: [] });
    desk.daemon.kill('SIGHUP');
    await until('the connector is gone', async () => (await desk.list('plugins')).length === 0);
    await desk.stop();
    await desk.start();
    const said = (await desk.ask('chat', chat.chat)).entries.map((e) => e.text).filter(Boolean);
    assert.ok(said.includes('Which cup was broken?'), said.join(' | '));
    const orders = await desk.list('orders');
    assert.ok(before.every((old) => orders.some((o) => o.number === old.number && o.total === old.total)));
    const { orders: [shown] } = await desk.ask('order', before[0].number);
    assert.deepEqual([shown.number, shown.total], [before[0].number, before[0].total]);

    // The matter goes on without it.
    await desk.ask('case', 'say', 1, 'buyer', 'By telephone: money back, please.', '--as', 1);
    const folder = path.join(desk.folder, 'evidence');
    await desk.ask('case', 'file', 1, folder);
    const files = fs.readdirSync(folder, { recursive: true });
    const page = files.find((name) => name.endsWith('.html'));
    assert.match(fs.readFileSync(path.join(folder, page), 'utf8'), /Which cup was broken\?/);
    await desk.ask('case', 'change', 1, '--state', 'settled', 'Paid by hand.', '--as', 1);
    assert.equal((await desk.ask('case', 'show', 1)).state, 'settled');

    // Nobody thinks that a buyer was answered who cannot be.
    const reply = await desk.command('reply', chat.chat, 'It is on its way.', '--as', 1);
    assert.notEqual(reply.code, 0);
    assert.match(reply.err, /nothing connects this desk with "box" any more/);
    assert.ok(!(await desk.ask('chat', chat.chat)).entries.some((e) => e.text === 'It is on its way.'));
    assert.equal((await desk.command('verify')).code, 0);
  });
});
