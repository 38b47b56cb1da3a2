// Two daemons on one machine, paired by invitation: every chat has one owner, both desks end in the
// same state, the goodbye and the hello are heard.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../lib/desk.mjs';
import { pair, ready, withDesks } from '../lib/pair.mjs';

const same = async (a, b) => {
  const [one, two] = [await a.ask('status'), await b.ask('status')];
  return one.state_hash === two.state_hash && one.log.events === two.log.events;
};
test('R1 R3 R120 R121: two desks are paired, share chats 3:1, and are one', async () => {
  const { desks } = await pair();
  const [a, b] = desks;
  await withDesks(desks, async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 30);
    await until('both members are known', async () => (await b.list('members')).length === 2 && (await a.list('members')).length === 2, 30);
    await a.ask('back', '--as', 1);
    await b.ask('back', '--as', 2);
    a.writeConfig({ ...a.options, plugins: [{ name: 'sample', id: 'shop-sample', settings: { seed: 5, quick: true, poll_ms: 100, messages_per_hour: 3600 } }] });
    process.kill(a.daemon.pid, 'SIGHUP');
    await until('twelve chats have members', async () =>
      (await a.list('chats')).filter((chat) => chat.member).length >= 12, 60);
    await until('both are the same', () => same(a, b), 30);
    const chats = await b.list('chats');
    const counts = [1, 2].map((n) => chats.filter((chat) => chat.member === n).length);
    assert.ok(counts[0] > counts[1] && counts[1] > 0, counts.join(':'));
    // The owner answers, at the other machine than the shop's: whoever has the connector sends it.
    const mine = chats.find((chat) => chat.member === 1);
    await a.ask('reply', mine.chat, 'Hello from A', '--as', 1);
    await until('the other sees it done', async () =>
      (await b.ask('chat', mine.chat)).entries.some((e) => e.text === 'Hello from A' && e.outcome === 'done'), 30);
    // Whoever it does not belong to is told so.
    const refused = await b.command('reply', mine.chat, 'Hello from B', '--as', 2);
    assert.equal(refused.code, 1, refused.out);
    for (const desk of desks) assert.equal((await desk.command('verify')).code, 0);
  });
});

test('R4 R121 R126: a goodbye, a hello, a kill and an erasure are the same for both', async () => {
  const { desks } = await pair({ plugins: [{ name: 'sample', id: 'shop-sample', settings: { seed: 8, quick: true, poll_ms: 200 } }] });
  const [a, b] = desks;
  await withDesks(desks, async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 30);
    await a.ask('back', '--as', 1);
    await b.ask('back', '--as', 2);
    await until('there are chats at both', async () =>
      (await a.list('chats')).length > 2 && await same(a, b), 30);

    // B closes the laptop: A hears of it at once, and waits for nobody.
    await b.stop();
    const standing = async (desk, name) => (await desk.ask('peers')).peers.find((p) => p.name === name)?.standing;
    assert.equal(await standing(a, 'b'), 'left');
    await a.ask('away', '--as', 1);
    await a.ask('back', '--as', 1);
    await b.start();
    await until('B is back', async () => (await ready(a)) && (await ready(b)), 30);
    await until('both are the same', () => same(a, b), 30);

    // B dies without a word, and A goes on; after its start it has what it missed.
    await b.stop('SIGKILL');
    const chat = (await a.list('chats'))[0];
    await a.ask('note', chat.chat, 'while B was away', '--as', 1);
    await b.start();
    await until('B has the note', async () =>
      (await b.ask('chat', chat.chat)).entries.some((e) => e.text === 'while B was away'), 30);
    await until('both are ready again', async () => (await ready(a)) && (await ready(b)), 30);

    // What is erased at one is erased at the other, and both logs still check.
    const { buyer } = chat;
    const words = (await b.ask('chat', chat.chat)).entries.find((e) => e.kind === 'in' || e.text);
    assert.ok(words.text);
    assert.equal((await a.command('erase', buyer)).code, 0);
    await until('B has forgotten', async () =>
      (await b.ask('chat', chat.chat)).entries.every((e) => !e.text || e.kind === 'noted'), 30);
    for (const desk of desks) {
      const report = await desk.command('verify');
      assert.equal(report.code, 0, report.out);
    }
    await until('both are the same', () => same(a, b), 30);
  });
});
