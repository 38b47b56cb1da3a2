// R122: whatever a plugin does wrong, the desk and the other plugins go on, and `deskmate plugins`
// says what happened.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { build, Desk, until } from '../lib/desk.mjs';

const folders = [path.join(build, 'core/host/testdata/plugins')];
const member = { number: 1, name: 'Ann', weight: 1 };
const sample = { name: 'sample', id: 'shop-sample', settings: { seed: 7, quick: true, poll_ms: 100 } };
const bad = (how) => ({ name: how.replaceAll('_', '-'), id: 'bad', settings: { how } });

// What each is expected to be told about: the cause, and what the reason says in words.
const crashes = {
  crash_at_start: { cause: 'signal', reason: /SIGSEGV/ },
  fail_at_start: { cause: 'start', reason: /the mailbox is not there/ },
  crash_on_message: { cause: 'signal', reason: /SIGSEGV/ },
  throw: { cause: 'exception', reason: /thrown across/ },
  exit: { cause: 'exit', reason: /3/ },
  hang: { cause: 'hang', reason: /heartbeat|answer/i },
  leak: { cause: 'memory', reason: /memory/i },
  wrong_thread: { cause: 'thread', reason: /thread/i },
};
const denied = {
  undeclared_read: /message\.received/,
  undeclared_append: /order\.seen/,
};

test('R122: nine ways to go wrong, at once, beside a shop that works', async (t) => {
  const plugins = [sample, ...[...Object.keys(crashes), ...Object.keys(denied), 'flood'].map(bad),
    { name: 'broken-frames', id: 'broken-frames' }];
  const desk = new Desk({ members: [member], plugins, plugin_folders: folders });
  try {
    await desk.start();
    await desk.ask('back', '--as', 1);
    const plugin = async (name) => (await desk.list('plugins')).find((p) => p.name === name);
    await until('orders', async () => (await desk.list('orders')).length > 0, 30);
    await until('the others run', async () => (await plugin('hang')).state === 'running', 30);

    // Most go wrong when an order is seen: make the shop say something new of one.
    const orders = await desk.list('orders');
    for (const order of orders) await desk.command('ship', order.number, '--as', '1');

    for (const [how, told] of Object.entries(crashes)) {
      await t.test(how, async () => {
        const name = how.replaceAll('_', '-');
        const found = await until(`${name} is told of`, async () => {
          const p = await plugin(name);
          return p.cause === told.cause && p;
        }, 60);
        assert.match(found.reason, told.reason);
        assert.ok(found.starts >= 1);
      });
    }
    for (const [how, told] of Object.entries(denied)) {
      await t.test(how, async () => {
        const name = how.replaceAll('_', '-');
        const found = await until(`${name} is told of`, async () => {
          const p = await plugin(name);
          return p.denied.length > 0 && p;
        }, 30);
        assert.match(found.denied.join(' '), told);
        assert.equal(found.state, 'running');
      });
    }
    await t.test('broken frames', async () => {
      const found = await until('told of', async () => {
        const p = await plugin('broken-frames');
        return p.cause === 'frame' && p;
      }, 30);
      assert.ok(found.reason.length > 0);
    });
    await t.test('a plugin that crashes five times in ten minutes is switched off', async () => {
      const found = await until('it is off', async () => {
        const p = await plugin('crash-at-start');
        return p.state === 'off' && p;
      }, 60);
      assert.equal(found.crashes, 5);
    });

    await t.test('the desk and the shop go on', async () => {
      assert.equal((await plugin('sample')).state, 'running');
      assert.equal((await plugin('sample')).starts, 1);
      const chat = await until('a chat', async () => (await desk.list('chats')).find((c) => c.member));
      await desk.ask('reply', chat.chat, 'We are still here.', '--as', 1);
      await until('the reply is delivered', async () =>
        (await desk.ask('chat', chat.chat)).entries.some((e) => e.outcome === 'done' && e.text === 'We are still here.'));
      assert.equal((await desk.command('verify')).code, 0);
    });
  } catch (error) {
    error.message += `\n--- the desk's log:\n${desk.logText()}`;
    throw error;
  } finally {
    await desk.remove();
  }
});

test('R122: a plugin is added, replaced and removed while the desk runs', async () => {
  const desk = new Desk({ members: [member], plugins: [], plugin_folders: folders });
  try {
    await desk.start();
    await desk.ask('back', '--as', 1);
    assert.deepEqual(await desk.list('plugins'), []);
    const reload = async (plugins) => {
      desk.writeConfig({ ...desk.options, plugins });
      process.kill(desk.daemon.pid, 'SIGHUP');
    };
    await reload([sample]);
    const chat = await until('a chat of the new plugin', async () => (await desk.list('chats')).find((c) => c.member), 30);
    const before = (await desk.events('message.received')).length;
    await reload([{ ...sample, settings: { ...sample.settings, poll_ms: 200 } }]);
    await until('it was started again', async () => (await desk.list('plugins'))[0].since_ms > chat.last_in_ms && (await desk.list('plugins'))[0].state === 'running', 30);
    await desk.ask('reply', chat.chat, 'Yes, we do.', '--as', 1);
    await until('the reply is delivered', async () =>
      (await desk.ask('chat', chat.chat)).entries.some((e) => e.outcome === 'done'));
    const messages = await desk.events('message.received');
    assert.ok(messages.length >= before);
    assert.equal(new Set(messages.map((m) => m.facts.message)).size, messages.length);
    await reload([]);
    await until('it is gone', async () => (await desk.list('plugins')).length === 0, 30);
  } catch (error) {
    error.message += `\n--- the desk's log:\n${desk.logText()}`;
    throw error;
  } finally {
    await desk.remove();
  }
});
