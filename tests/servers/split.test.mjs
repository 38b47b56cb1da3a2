// R1, R2: 400 buyers write to a real mailbox and are divided by weight, exactly, after every chat.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../lib/desk.mjs';
import { Buyer } from './mail/buyer.mjs';
import { open, withMail } from './stage.mjs';

// Every assignment in the order it was made: [{number, member, why}].
async function assignments(desk) {
  return (await desk.events('chat.assigned')).map((event) => event.facts);
}

function assertExact(list, weights) {
  const total = Object.values(weights).reduce((a, b) => a + b, 0);
  const counts = Object.fromEntries(Object.keys(weights).map((member) => [member, 0]));
  list.forEach((assigned, i) => {
    counts[assigned.member] += 1;
    for (const [member, weight] of Object.entries(weights)) {
      const share = ((i + 1) * weight) / total;
      assert.ok(Math.abs(counts[member] - share) < 1, `after chat ${i + 1} member ${member} has ${counts[member]} of ${share}`);
    }
  });
  return counts;
}

const openAtMost = 30; // below everyone's capacity: a full member is not eligible

// count new buyers write; every chat is answered and closed as it comes.
async function play(mail, desk, count, prefix) {
  const post = new Buyer(mail, `${prefix}@buyers.test`, prefix);
  const before = (await assignments(desk)).length;
  const closed = new Set();
  const writing = (async () => {
    for (let i = 0; i < count; i++) {
      await until('chats are closed', () => i - closed.size < openAtMost, 120);
      const address = `${prefix}${i}@buyers.test`;
      await post.write({ from: { name: `${prefix} ${i}`, address }, subject: `Question ${i}`, text: 'Is it in stock?' });
    }
  })();
  await until(`all ${count} chats are answered and closed`, async () => {
    for (const chat of await desk.list('chats', '--limit', 1000)) {
      if (!chat.member || closed.has(chat.chat)) continue;
      await desk.ask('reply', chat.chat, `Yes, ${chat.name}.`, '--as', chat.member);
      await desk.ask('close', chat.chat, '--as', chat.member);
      closed.add(chat.chat);
    }
    return closed.size >= count;
  }, 240);
  await writing;
  await post.close();
  return (await assignments(desk)).slice(before);
}

test('R1 R2: 400 new buyers, 3:1, answered as they come; who returns gets the same member', async (t) => {
  const weights = { 1: 3, 2: 1 };
  const members = Object.entries(weights).map(([number, weight]) => ({ number: +number, name: `M${number}`, weight }));
  await withMail({ members }, async ({ mail, desk }) => {
    await open(desk);
    const list = await play(mail, desk, 400, 'buyer');
    assert.equal(list.length, 400);
    assert.deepEqual(assertExact(list, weights), { 1: 300, 2: 100 });
    for (const { why } of list) assert.equal(why.rule, 'weight');

    await t.test('every answer is in its buyer\'s mailbox, once', async () => {
      await until('all answers are delivered', async () => {
        const status = await desk.ask('status');
        return status.requests.pending === 0;
      }, 120);
      for (let i = 0; i < 400; i++) {
        const mails = mail.read(`buyer${i}@buyers.test`);
        assert.equal(mails.length, 1, `buyer${i}`);
        assert.ok(mails[0].includes(`Yes, buyer ${i}.`), mails[0]);
      }
    });

    await t.test('returning within 72 h: the same member, with the reason', async () => {
      const byNumber = new Map(list.map((assigned) => [assigned.number, assigned.member]));
      const rows = await desk.list('chats', '--all', '--limit', 1000);
      const served = rows.find((row) => row.name === 'buyer 2');
      const member = byNumber.get(served.chat);
      const back = new Buyer(mail, 'buyer2@buyers.test', 'buyer 2');
      await back.write({ subject: 'One more question', text: 'And in blue?' });
      const row = await until('the returning chat', async () =>
        (await desk.list('chats')).find((chat) => chat.name === 'buyer 2' && chat.member));
      assert.equal(row.member, member);
      assert.equal(row.why.rule, 'sticky');
      assert.match(row.why_text, new RegExp(`last served by member ${member}`));
      await desk.ask('close', row.chat, '--as', member);

      await desk.ask('suspend', '--as', member);
      await back.write({ subject: 'And another', text: 'And in red?' });
      const other = await until('the chat goes elsewhere', async () =>
        (await desk.list('chats')).find((chat) => chat.name === 'buyer 2' && chat.member));
      assert.notEqual(other.member, member);
      await back.close();
    });
  });
});

for (const weights of [{ 1: 5, 2: 1, 3: 1 }, { 1: 7, 2: 2, 3: 4 }]) {
  const name = Object.values(weights).join(':');
  test(`R1: 91 new buyers, ${name}`, async () => {
    const members = Object.entries(weights).map(([number, weight]) => ({ number: +number, name: `M${number}`, weight }));
    await withMail({ members }, async ({ mail, desk }) => {
      await open(desk);
      const list = await play(mail, desk, 91, 'buyer');
      const total = Object.values(weights).reduce((a, b) => a + b, 0);
      const counts = assertExact(list, weights);
      for (const [member, weight] of Object.entries(weights)) assert.equal(counts[member], (91 * weight) / total);
    });
  });
}
