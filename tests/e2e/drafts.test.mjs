// What is said to buyers is looked at before it is sent, through the running daemon with the sample shop:
// insults are stopped, promises warned of, the rules change while everything runs, and a plugin that
// hangs keeps nobody waiting.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Desk, until } from '../lib/desk.mjs';
import { withDesks } from '../lib/pair.mjs';

const sample = { name: 'box', id: 'shop-sample', settings: { seed: 5, poll_ms: 100 } };

async function withDesk(play) {
  const desk = new Desk({ plugins: [] });
  const file = path.join(desk.folder, 'quality.toml');
  fs.writeFileSync(file, '');
  desk.writeConfig({ ...desk.options, plugins: [sample, { name: 'quality', id: 'rules-quality', settings: { file } }] });
  await withDesks([desk], async () => {
    await desk.start();
    await desk.ask('back', '--as', 1);
    await until('the rules look', async () => (await rules(desk))?.judges === 'drafts');
    const chat = await until('somebody writes', async () => (await desk.list('chats')).find((c) => c.member), 60);
    await play({ desk, chat: chat.chat, file });
  });
}

const rules = async (desk) => (await desk.ask('rules', 'show')).rules.find((r) => r.plugin === 'quality');
const requested = async (desk) => (await desk.events('reply.requested')).map((e) => [e.body.text, e.facts.passed]);

test('R27 R51: insults and paid reviews are stopped, promises are warned of and passed over on purpose', async () => {
  await withDesk(async ({ desk, chat, file }) => {
    const reply = (text, ...more) => desk.command('reply', chat, text, '--as', 1, ...more);
    const insult = await reply('You idiot');
    assert.notEqual(insult.code, 0);
    assert.match(insult.err, /the rules keep this from being sent: “idiot” is an insult/);
    assert.notEqual((await reply('You idiot', '--anyway')).code, 0, 'not on purpose either');
    const paid = await desk.command('--language', 'zh', 'reply', chat, '亲，好评返现 5 元', '--as', 1);
    assert.match(paid.err, /规则不允许发送：“好评返现”涉及有偿评价/);

    const warned = await reply('I promise: tomorrow!!!');
    assert.match(warned.err, /“i promise” promises .*; 3 exclamation marks .*; it can be sent all the same/);
    assert.deepEqual(await requested(desk), []);
    assert.equal((await reply('I promise: tomorrow!!!', '--anyway')).code, 0);
    assert.equal((await reply('It left today.')).code, 0);
    assert.deepEqual(await requested(desk), [['I promise: tomorrow!!!', ['promise', 'tone']], ['It left today.', undefined]]);

    // The rules change while the desk runs, and with a mistake what was good stays.
    fs.writeFileSync(file, '[promise]\non = false\n[gift]\non = true\nseverity = "high"\n');
    await until('gifts are looked for', async () => /gives no gifts/.test((await reply('送您一个小礼物')).err));
    assert.equal((await reply('I promise.')).code, 0);
    const { version } = await rules(desk);
    fs.writeFileSync(file, '[gift]\nsevere = "high"\n');
    const bad = await until('the mistake is seen', async () => { const r = await rules(desk); return r.faults.length > 0 && r; });
    assert.deepEqual([bad.version, bad.faults[0].line, bad.faults[0].column], [version, 2, 1]);
    assert.match((await reply('送您一个小礼物')).err, /gives no gifts/);
    assert.match((await desk.command('rules', 'show')).out, /quality .*: looks at what is about to be sent/);
    const tested = await desk.command('--json', 'rules', 'test', '--plugin', 'quality');
    const wrong = JSON.parse(tested.out).cases.filter((one) => !one.ok).map((one) => one.expected);
    assert.deepEqual(wrong, [['promise/word']], 'promises are not looked for any more');
  });
});

test('R27 R122: rules that hang, or are gone, keep nobody waiting', async () => {
  await withDesk(async ({ desk, chat }) => {
    const [{ pid }] = (await desk.list('plugins')).filter((p) => p.name === 'quality');
    process.kill(pid, 'SIGSTOP');
    const begun = performance.now();
    assert.equal((await desk.command('reply', chat, 'You idiot', '--as', 1)).code, 0, 'nobody is there to object');
    assert.ok(performance.now() - begun < 10_000);
    assert.match(desk.logText(), /passed over/);
    process.kill(pid, 'SIGKILL');
    assert.equal((await desk.command('reply', chat, 'One more word', '--as', 1)).code, 0);
    await until('it objects again', async () => (await desk.command('reply', chat, 'You idiot', '--as', 1)).code !== 0, 60);
  });
});
