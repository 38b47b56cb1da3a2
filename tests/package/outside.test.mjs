// A plugin outside the tree is built against the installed package alone, and works in both
// isolations in a desk that is installed, too.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build } from '../lib/desk.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'deskmate-package-'));
const prefix = path.join(folder, 'prefix');
const out = path.join(folder, 'outside');
const example = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../examples/plugin-reference');

before(() => {
  execFileSync('cmake', ['--install', build, '--prefix', prefix], { stdio: 'pipe' });
  execFileSync(path.join(example, 'build.sh'), [prefix, out], { stdio: 'pipe' });
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

for (const isolation of ['process', 'daemon']) {
  test(`the reference plugin in an installed desk (${isolation})`, async () => {
    process.env.DESKMATE_BIN = path.join(prefix, 'bin/deskmate');
    const { Desk, until } = await import(`../lib/desk.mjs?${isolation}`);
    const desk = new Desk({
      members: [{ number: 1, name: 'Ann', weight: 1 }],
      plugins: [{ name: 'outside', id: 'shop-reference', isolation, settings: { poll_ms: 100 } }],
      plugin_folders: [path.join(out, 'plugins')],
    });
    try {
      await desk.start();
      await desk.ask('back', '--as', 1);
      const chat = await until('its buyer writes', async () => (await desk.list('chats')).find((c) => c.member));
      await desk.ask('reply', chat.chat, 'Of course.', '--as', 1);
      await until('the reply is delivered', async () =>
        (await desk.ask('chat', chat.chat)).entries.some((e) => e.outcome === 'done'));
      const [order] = await until('its order', async () => {
        const orders = await desk.list('orders');
        return orders.length > 0 && orders;
      });
      await desk.ask('order-note', order.number, 'Gift wrap', '--as', 1);
      await until('the note is written', async () =>
        (await desk.events('order_note.done')).length === 1);

      // Killed, or stopped and started, it goes on where it was: nothing comes twice.
      const [plugin] = await desk.list('plugins');
      assert.equal(plugin.isolation, isolation);
      if (isolation === 'process') process.kill(plugin.pid, 'SIGKILL');
      else await desk.ask('plugins', 'restart', 'outside');
      await until('it runs again', async () => {
        const [now] = await desk.list('plugins');
        return now.state === 'running' && now.starts > plugin.starts;
      });
      const messages = await desk.events('message.received');
      assert.equal(new Set(messages.map((m) => m.facts.message)).size, messages.length);
      assert.equal((await desk.command('verify')).code, 0);
    } catch (error) {
      error.message += `\n--- the desk's log:\n${desk.logText()}`;
      throw error;
    } finally {
      await desk.remove();
    }
  });
}
