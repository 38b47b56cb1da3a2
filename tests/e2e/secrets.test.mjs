// What protects the keys and what to do when they are lost: the passphrase, a new wrapping key, a lost
// laptop, a disk that went back in time.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Client } from '../faults/wire.mjs';
import { Desk, deskmate, until } from '../lib/desk.mjs';
import { joined, pair, ready, withDesks } from '../lib/pair.mjs';

async function receive(desk, number) {
  const client = await Client.connect(desk.socket, 'mail');
  try {
    await client.call('log.append', { events: [{
      type: 'message.received',
      facts: { shop: 'mail', at: Date.now(), files: 0, auto: false },
      body: { text: `Message ${number}`, name: 'Eve' },
      refs: { message: `m${number}`, thread: `t${number}`, buyer: `b${number}` },
      dedupe: 'message',
    }] });
  } finally {
    client.socket.destroy();
  }
}

const texts = async (desk) => (await desk.list('chats', '--all')).map((chat) => chat.text).sort();
const secretFile = (desk, name, text) => {
  const file = path.join(desk.folder, name);
  fs.writeFileSync(file, text, { mode: 0o600 });
  return file;
};
const secrets = (desk) => ['identity.key', 'wrapping.key', 'passphrase.key']
  .map((name) => fs.readFileSync(path.join(desk.secrets, name), 'utf8')).join('');

// Runs to its end without a terminal; resolves with its exit code and what it said.
const runs = (args, options = {}) => new Promise((resolve) => {
  const child = spawn(deskmate, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { text += data; });
  child.once('exit', (code) => resolve({ code, text }));
});

test('R126: a passphrase protects the keys, and is asked for', async () => {
  const desk = new Desk();
  await withDesks([desk], async () => {
    await desk.start();
    await receive(desk, 1);
    assert.equal((await desk.ask('status')).passphrase, false);
    const right = secretFile(desk, 'right', 'correct horse battery\n');
    const wrong = secretFile(desk, 'wrong', 'incorrect horse battery\n');
    // The desk may run meanwhile.
    assert.equal((await desk.command('passphrase', 'set', '--new-passphrase-file', right)).code, 0);
    assert.equal((await desk.ask('status')).passphrase, true);
    assert.match((await desk.command('status')).out, /protected by a passphrase/);
    await desk.stop();

    const before = secrets(desk);
    const run = (...args) => runs(['--config', desk.config, ...args, 'run']);
    const none = await run();
    assert.equal(none.code, 1);
    assert.match(none.text, /--passphrase-file/);
    const bad = await run('--passphrase-file', wrong);
    assert.equal(bad.code, 1);
    assert.match(bad.text, /passphrase is not the right one/);
    fs.chmodSync(wrong, 0o644);
    assert.match((await run('--passphrase-file', wrong)).text, /can be read by others/);
    fs.chmodSync(wrong, 0o600);
    for (const what of [['change', '--new-passphrase-file', right], ['remove']]) {
      const refused = await desk.command('--passphrase-file', wrong, 'passphrase', ...what);
      assert.equal(refused.code, 1);
      assert.match(refused.err, /not the right one/);
    }
    assert.equal(secrets(desk), before);

    desk.runArgs = ['--passphrase-file', right];
    await desk.start();
    assert.deepEqual(await texts(desk), ['Message 1']);
    await desk.stop();

    const next = secretFile(desk, 'next', 'a longer correct horse');
    const changed = await desk.command('--passphrase-file', right, 'passphrase', 'change', '--new-passphrase-file', next);
    assert.equal(changed.code, 0, changed.err);
    assert.match((await run('--passphrase-file', right)).text, /not the right one/);
    // As systemd hands it over, too.
    fs.renameSync(next, path.join(desk.folder, 'passphrase'));
    desk.runArgs = [];
    process.env.CREDENTIALS_DIRECTORY = desk.folder;
    try {
      await desk.start();
      assert.deepEqual(await texts(desk), ['Message 1']);
      await desk.stop();
      assert.equal((await desk.command('passphrase', 'remove')).code, 0);
    } finally {
      delete process.env.CREDENTIALS_DIRECTORY;
    }
    await desk.start();
    assert.deepEqual(await texts(desk), ['Message 1']);
    assert.match((await desk.command('status')).out, /no passphrase/);
  });
});

test('R126: a new wrapping key; older backups need the old one', async () => {
  const desk = new Desk();
  await withDesks([desk], async () => {
    await desk.start();
    await receive(desk, 1);
    const backup = path.join(desk.folder, 'backup');
    await desk.ask('backup', backup);
    const running = await desk.command('rotate');
    assert.equal(running.code, 1);
    assert.match(running.err, /in use/);
    await desk.stop();
    const key = path.join(desk.secrets, 'wrapping.key');
    const old = fs.readFileSync(key, 'utf8');
    const rotated = await desk.command('rotate');
    assert.equal(rotated.code, 0, rotated.err);
    assert.match(rotated.out, /new backup/);
    assert.notEqual(fs.readFileSync(key, 'utf8'), old);
    await desk.start();
    await receive(desk, 2);
    assert.deepEqual(await texts(desk), ['Message 1', 'Message 2']);
    assert.equal((await desk.command('verify')).code, 0);
    await desk.stop();
    fs.rmSync(desk.data, { recursive: true });
    assert.equal((await desk.command('restore', backup)).code, 1);
    fs.rmSync(desk.data, { recursive: true, force: true });
    fs.writeFileSync(key, old);
    assert.equal((await desk.command('restore', backup)).code, 0);
    await desk.start();
    assert.deepEqual(await texts(desk), ['Message 1']);
  });
});

test('R120: a lost laptop is removed, keys are rotated, and its owner comes back with a new one', async () => {
  const { desks: [a, b] } = await pair();
  const laptop = new Desk({ ...b.options, extra: b.options.extra.replace('name = "b"', 'name = "b2"') });
  await withDesks([a, b, laptop], async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 40);
    await receive(a, 1);
    await receive(b, 2);
    await until('each has both', async () => (await texts(a)).length === 2 && (await texts(b)).length === 2, 40);
    const removed = await a.command('peers', 'remove', 'b');
    assert.equal(removed.code, 0, removed.err);
    const standing = async () => (await a.ask('peers')).peers.filter((peer) => !peer.self).map((peer) => peer.standing);
    await until('b is removed', async () => (await standing())[0] === 'removed', 40);
    // What the laptop says from now on is not taken, and it gets nothing, after a restart either.
    await receive(b, 3);
    await a.stop();
    const rotated = await a.command('rotate');
    assert.equal(rotated.code, 0, rotated.err);
    await a.start();
    await receive(a, 4);
    await until('the laptop was refused', () => /removed|no peer|unknown|refused|closed/.test(b.logText()), 40);
    assert.deepEqual(await texts(a), ['Message 1', 'Message 2', 'Message 4']);
    assert.ok(!(await texts(b)).includes('Message 4'));
    await b.stop();
    // The owner has another machine: a new key, paired anew, and the whole desk comes to it.
    await joined(a, laptop);
    await laptop.start();
    await until('all is there', async () => (await texts(laptop)).length === 3, 40);
    assert.deepEqual(await texts(laptop), await texts(a));
    await until('it is here', async () => (await standing()).sort().join() === 'here,removed', 40);
    for (const desk of [a, laptop]) assert.equal((await desk.command('verify')).code, 0);
  });
});

test('R120: a disk that went back in time is noticed, and renewed', async () => {
  const { desks: [a, b] } = await pair();
  await withDesks([a, b], async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 40);
    await receive(b, 1);
    await until('A has it', async () => (await texts(a)).length === 1, 40);
    await b.stop();
    const copy = path.join(b.folder, 'copy');
    fs.cpSync(b.data, copy, { recursive: true });
    await b.start();
    await until('both are ready again', async () => (await ready(a)) && (await ready(b)), 40);
    await receive(b, 2);
    await until('A has that too', async () => (await texts(a)).length === 2, 40);
    await b.stop('SIGKILL');
    fs.rmSync(b.data, { recursive: true });
    fs.renameSync(copy, b.data);
    await b.start();
    await until('it is noticed', async () => (await b.ask('peers')).rolled_back, 40);
    await b.stop();
    const renewed = await b.command('renew');
    assert.equal(renewed.code, 0, renewed.err);
    await b.start();
    await until('what was lost is back', async () => (await texts(b)).length === 2, 40);
    await until('both are ready at last', async () => (await ready(a)) && (await ready(b)), 40);
    await receive(b, 3);
    await until('and it goes on', async () => (await texts(a)).length === 3, 40);
    for (const desk of [a, b]) assert.equal((await desk.command('verify')).code, 0);
  });
});
