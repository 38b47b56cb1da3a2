// Promises, questions, listening and cases with a connector, and the same at another machine.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../lib/desk.mjs';
import { pair, ready, withDesks } from '../lib/pair.mjs';

const sample = { name: 'sample', id: 'shop-sample', settings: { seed: 9, quick: true, poll_ms: 200 } };
const same = async (a, b) => {
  const [one, two] = [await a.ask('status'), await b.ask('status')];
  return one.state_hash === two.state_hash && one.log.events === two.log.events;
};

test('R22 R26 R41: a holding reply is sent with its promise, and the other machine sees what is due and asked', async () => {
  const { desks } = await pair({ plugins: [sample] });
  const [a, b] = desks;
  await withDesks(desks, async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 60);
    await a.ask('back', '--as', 1);
    await b.ask('back', '--as', 2);
    const chat = await until('a chat of the first member', async () =>
      (await a.list('chats')).find((c) => c.member === 1), 60);
    const sent = await until('it may answer', async () =>
      a.ask('reply', chat.id, 'I am asking the warehouse.', '--promise', 20, '--as', 1), 60);
    assert.match(sent.promise, /^[0-9a-f]{32}$/);
    await until('the reply has gone out', async () =>
      (await a.ask('chat', chat.id)).entries.some((e) => e.text === 'I am asking the warehouse.' && e.outcome === 'done'), 60);
    await a.ask('ask', chat.id, 2, 'Is it in stock?', '--as', 1);

    const question = await until('the colleague sees it', async () =>
      (await b.ask('questions', '--to', 2)).questions[0], 60);
    assert.equal(question.text, 'Is it in stock?');
    const promised = (await b.ask('promises')).promises;
    assert.deepEqual(promised.map((p) => [p.promise, p.member, p.text]), [[sent.promise, 1, 'I am asking the warehouse.']]);
    await b.ask('answer', question.question, 'Ten of them.', '--as', 2);
    await b.ask('listen', '--to', 1, '--as', 2);
    const shown = await until('the answer is back in the chat', async () => {
      const at = await a.ask('chat', chat.id);
      return at.entries.some((e) => e.kind === 'answered' && e.text === 'Ten of them.') && at;
    }, 60);
    assert.equal(shown.due_ms, promised[0].due_ms);
    await until('the first member sees who listens', async () =>
      (await a.list('members')).find((m) => m.number === 1).listeners?.[0]?.member === 2, 60);

    await a.ask('kept', sent.promise.slice(0, 8), '--as', 1);
    await until('nothing is open at the other', async () => (await b.ask('promises')).promises.length === 0, 60);
    await until('both are the same', () => same(a, b), 60);
    for (const desk of desks) assert.equal((await desk.command('verify')).code, 0);
  });
});

test('R47 R86 R102: a case is one at both machines, and its evidence is written into a folder', async () => {
  const { desks } = await pair({ plugins: [sample] });
  const [a, b] = desks;
  await withDesks(desks, async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 60);
    await a.ask('back', '--as', 1);
    await b.ask('back', '--as', 2);
    const chat = await until('a chat with a member', async () =>
      (await a.list('chats')).find((c) => c.member), 60);
    const opened = await a.ask('case', 'open', 'lost', '--chat', chat.id, '--title', 'Lost on the way', 'Nothing came.', '--as', 1);
    assert.equal(opened.case, 1);
    await a.ask('call', chat.id, 'out', '--case', 1, 'Nobody picked up.', '--as', 1);

    const there = await until('the other machine has it', async () =>
      (await b.ask('cases')).cases.find((c) => c.title === 'Lost on the way' && c.statements === 2), 60);
    assert.equal(there.id, opened.event);
    await b.ask('case', 'say', there.id, 'courier', 'Left at the door.', '--as', 2);
    await b.ask('case', 'change', there.id, '--state', 'settled', '--liable', 'courier', 'They pay.', '--as', 2);
    const shown = await until('what was said there is here', async () => {
      const at = await a.ask('case', 'show', 1);
      return at.state === 'settled' && at;
    }, 60);
    assert.deepEqual(shown.lines.map((l) => l.kind), ['opened', 'call', 'said', 'changed']);
    assert.equal(shown.liable, 'courier');
    assert.equal(shown.lines[2].text, 'Left at the door.');
    assert.ok((await a.ask('chat', chat.id)).entries.some((e) => e.kind === 'case' && e.case === 1));

    const folder = path.join(a.folder, 'evidence');
    const written = await a.ask('case', 'file', 1, folder);
    const page = fs.readFileSync(written.file, 'utf8');
    assert.match(page, /Left at the door\./);
    assert.ok(page.includes(chat.text.slice(0, 10)), page);
    await until('both are the same', () => same(a, b), 60);
    for (const desk of desks) assert.equal((await desk.command('verify')).code, 0);
  });
});
