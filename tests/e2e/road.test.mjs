// The whole road on the sample shop: a buyer writes, the chat is routed and explained, somebody
// answers, the answer is delivered; and what a solo seller does to the desk itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Desk, until } from '../lib/desk.mjs';

const sample = (settings = {}, more = {}) => ({
  name: 'sample', id: 'shop-sample', settings: { seed: 7, quick: true, ...settings }, ...more,
});
const two = [
  { number: 1, name: 'Ann', weight: 3 },
  { number: 2, name: 'Bo', weight: 1 },
];

async function withDesk(options, body) {
  const desk = new Desk(options);
  try {
    await desk.start();
    for (const member of options.members ?? [{ number: 1 }]) await desk.ask('back', '--as', member.number);
    await body(desk);
  } catch (error) {
    error.message += `\n--- the desk's log:\n${desk.logText()}`;
    throw error;
  } finally {
    await desk.remove();
  }
}

for (const isolation of ['process', 'daemon']) {
  test(`R3 R121: a buyer's message is routed, explained, answered and delivered (plugin in ${isolation})`, async () => {
    await withDesk({ members: two, plugins: [sample({}, { isolation })] }, async (desk) => {
      const chat = await until('a chat is assigned', async () =>
        (await desk.list('chats')).find((c) => c.member), 30);
      assert.match(chat.why_text, /by weight/);
      const shown = await desk.ask('chat', chat.chat);
      assert.ok(shown.entries.some((e) => e.text?.includes(chat.text.slice(0, 10))), JSON.stringify(shown.entries));

      await desk.ask('reply', chat.chat, 'It left our warehouse this morning.', '--as', chat.member);
      const sent = await until('the reply is delivered', async () =>
        (await desk.ask('chat', chat.chat)).entries.find((e) => e.outcome === 'done'));
      assert.equal(sent.text, 'It left our warehouse this morning.');

      const plugins = await desk.list('plugins');
      assert.equal(plugins[0].state, 'running');
      assert.equal(plugins[0].isolation, isolation);
      const verified = await desk.command('verify');
      assert.equal(verified.code, 0, verified.out + verified.err);
    });
  });
}

test('R18: SIGTERM ends the desk within 10 s, and what was acknowledged is there after', async () => {
  await withDesk({ plugins: [sample()] }, async (desk) => {
    const chat = await until('a chat', async () => (await desk.list('chats')).find((c) => c.member));
    await desk.ask('note', chat.chat, 'Prefers to be called in the morning.', '--as', 1);
    const before = Date.now();
    const { code } = await desk.stop('SIGTERM');
    assert.equal(code, 0);
    assert.ok(Date.now() - before < 10_000);
    await desk.start();
    const shown = await desk.ask('chat', chat.chat);
    assert.ok(shown.entries.some((e) => e.text === 'Prefers to be called in the morning.'));
  });
});

test('R124: a second desk on the same folder is refused and says what to do', async () => {
  await withDesk({ plugins: [] }, async (desk) => {
    const second = await desk.command('run');
    assert.notEqual(second.code, 0);
    assert.match(second.err, new RegExp(String(desk.daemon.pid)));
  });
});

test('R124: a backup taken while the desk works is restored with a new incarnation', async () => {
  await withDesk({ plugins: [sample()] }, async (desk) => {
    await until('some chats', async () => (await desk.list('chats')).length >= 2);
    const file = path.join(desk.folder, 'desk.backup');
    await desk.ask('backup', file);
    const chats = (await desk.list('chats')).map((c) => c.chat);
    await desk.stop();
    fs.renameSync(desk.data, `${desk.data}.old`);
    const restored = await desk.command('restore', file);
    assert.equal(restored.code, 0, restored.err);
    await desk.start();
    const now = (await desk.list('chats')).map((c) => c.chat);
    assert.ok(now.length >= 2 && chats.length >= 2);
    const verified = await desk.command('verify');
    assert.equal(verified.code, 0, verified.out + verified.err);
  });
});

test('R125: what was written cannot be changed unnoticed', async () => {
  await withDesk({ plugins: [sample()] }, async (desk) => {
    const chat = await until('a chat', async () => (await desk.list('chats')).find((c) => c.member));
    await desk.ask('note', chat.chat, 'Promised a gift.', '--as', 1);
    await desk.stop();
    assert.equal((await desk.command('verify')).code, 0);

    const file = path.join(desk.data, fs.readdirSync(desk.data).find((name) => name.endsWith('.mdb') && !name.startsWith('lock')));
    const bytes = fs.readFileSync(file);
    let found = 0; // old pages may hold copies that nobody reads
    for (let at = bytes.indexOf('chat.noted'); at >= 0; at = bytes.indexOf('chat.noted', at + 1)) {
      bytes[at + 'chat.'.length] = 'v'.charCodeAt(0); // chat.voted
      found += 1;
    }
    assert.ok(found > 0);
    fs.writeFileSync(file, bytes);
    const verified = await desk.command('--json', 'verify');
    assert.equal(verified.code, 1);
    assert.ok(JSON.parse(verified.out).faults.length > 0);
  });
});

test('a mistake in the configuration names file, line and column', async () => {
  const desk = new Desk({ plugins: [], extra: '[routing]\nsticky_hour = 3\n' });
  try {
    const checked = await desk.command('config', 'check');
    assert.notEqual(checked.code, 0);
    const line = fs.readFileSync(desk.config, 'utf8').split('\n').findIndex((l) => l.startsWith('sticky_hour')) + 1;
    assert.match(checked.err, new RegExp(`deskmate\\.toml:${line}:1`));
    assert.match(checked.err, /sticky_hours/);
  } finally {
    await desk.remove();
  }
});

test('the command line says in two languages that no desk runs, with its own exit code', async () => {
  const desk = new Desk({ plugins: [] });
  try {
    const english = await desk.command('--language', 'en', 'chats');
    const chinese = await desk.command('--language', 'zh', 'chats');
    assert.equal(english.code, 3);
    assert.equal(chinese.code, 3);
    assert.match(english.err, /[a-z]/);
    assert.match(chinese.err, /[\u4e00-\u9fff]/);
  } finally {
    await desk.remove();
  }
});
