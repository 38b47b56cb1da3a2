// Attachments between two daemons: what a buyer has sent to one is read at the other, fetched behind
// the log, also after a cut in the middle and while the other peer is away.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Client } from '../faults/wire.mjs';
import { until } from '../lib/desk.mjs';
import { pair, ready, withDesks } from '../lib/pair.mjs';

const pieceBytes = 64 << 10; // at most what file.write takes

// A message of a buyer with these attachments, as a connector brings it in.
async function receive(desk, number, files) {
  const client = await Client.connect(desk.socket, 'mail');
  try {
    const stored = [];
    for (const bytes of files) {
      const { file } = await client.call('file.create', { buyer: 'eve@example.org' });
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        await client.call('file.write', { file, piece: bytes.subarray(at, at + pieceBytes) });
      }
      const { hash } = await client.call('file.finish', { file });
      stored.push({ hash, size: bytes.length, name: `photo ${stored.length}.jpg`, type: 'image/jpeg' });
    }
    await client.call('log.append', { events: [{
      type: 'message.received',
      facts: { shop: 'mail', at: Date.now(), files: files.length, auto: false },
      body: { text: `Message ${number}`, name: 'Eve', files: stored },
      refs: { message: `m${number}`, thread: `t${number}`, buyer: 'eve@example.org' },
      dedupe: 'message',
    }] });
    return stored.map(({ hash }) => hash.toString('hex'));
  } finally {
    client.socket.destroy();
  }
}

const here = (desk, hash) => fs.existsSync(path.join(desk.data, 'files', hash.slice(0, 2), hash.slice(2)));

// Once it has its number, which comes with whose it is.
const chatOf = (desk, text) => until(`the chat of ${text}`, async () =>
  (await desk.list('chats', '--all')).find((chat) => chat.text === text && chat.chat > 0), 40);

// The attachment as `deskmate attachment` writes it.
async function saved(desk, chat, hash) {
  const file = path.join(desk.folder, 'saved');
  const { code, err } = await desk.command('attachment', chat.chat, hash.slice(0, 8), file);
  assert.equal(code, 0, err);
  return fs.readFileSync(file);
}

test('R120: attachments are fetched by hash behind the log, and go on after a cut', async () => {
  const { desks: [a, b], line } = await pair({ line: true });
  await withDesks([a, b], async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 40);
    const small = [crypto.randomBytes(100_000), Buffer.alloc(0), crypto.randomBytes(70_000)];
    const hashes = await receive(a, 1, small);
    const chat = await chatOf(b, 'Message 1');
    await until('all are at B, though nobody asked', () => hashes.every((hash) => here(b, hash)), 40);
    for (const [i, bytes] of small.entries()) assert.ok(bytes.equals(await saved(b, chat, hashes[i])));
    const shown = (await b.command('chat', chat.chat)).out;
    assert.match(shown, new RegExp(`attachment ${hashes[0].slice(0, 8)}: photo 0.jpg \\(97 KiB\\)`));

    // The line is cut in the middle of a large one.
    const large = crypto.randomBytes(6 << 20);
    const part = (hash) => path.join(b.data, 'files', hash.slice(0, 2), `${hash.slice(2)}.part`);
    line.slow(400_000);
    const [hash] = await receive(a, 2, [large]);
    const begun = () => (fs.existsSync(part(hash)) ? fs.statSync(part(hash)).size : 0);
    await until('some of it is there', () => begun() >= 512 << 10, 60);
    line.cut();
    const kept = begun();
    assert.ok(!here(b, hash) && kept < large.length);
    const second = await chatOf(b, 'Message 2');
    const early = await b.command('attachment', second.chat, hash.slice(0, 8), path.join(b.folder, 'early'));
    assert.equal(early.code, 1);
    assert.match(early.err, /on its way/);
    // B dies and starts again; A is still not to be reached; what it had of the file is still there.
    await b.stop('SIGKILL');
    await b.start();
    assert.equal(begun(), kept);
    const before = line.bytes;
    line.mend();
    await until('it is whole', () => here(b, hash), 60);
    const went = line.bytes - before;
    assert.ok(large.equals(await saved(b, second, hash)));
    assert.ok(went < large.length - kept + (1 << 20), `${went} bytes for ${large.length - kept} that were missing`);
    for (const desk of [a, b]) assert.equal((await desk.command('verify')).code, 0);
  }).finally(() => line.end());
});

test('R120 R126: an attachment that was lost is fetched when somebody asks; an erased one is not', async () => {
  const { desks: [a, b] } = await pair();
  await withDesks([a, b], async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 40);
    const bytes = crypto.randomBytes(300_000);
    const [hash] = await receive(a, 1, [bytes]);
    const chat = await chatOf(b, 'Message 1');
    await until('it is at B', () => here(b, hash), 40);
    fs.unlinkSync(path.join(b.data, 'files', hash.slice(0, 2), hash.slice(2)));
    assert.ok(bytes.equals(await saved(b, chat, hash)));
    assert.equal((await a.command('erase', chat.buyer)).code, 0);
    await until('B has forgotten it', async () =>
      (await b.command('attachment', chat.chat, hash.slice(0, 8))).code === 1, 40);
    for (const desk of [a, b]) assert.equal((await desk.command('verify')).code, 0);
  });
});
