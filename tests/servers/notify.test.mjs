// R19: away from the desk. Real mail servers: a buyer's mail makes a notice in the member's own
// mailbox, the member's answer to it goes out to the buyer once, whatever is killed, and nobody else's
// does. A watcher outside notices when the desk is down.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { pause, until } from '../lib/desk.mjs';
import { Buyer } from './mail/buyer.mjs';
import { SHOP } from './mail/servers.mjs';
import { open, withMail } from './stage.mjs';

const PHONE = 'ann.phone@buyers.test';
const members = [{ number: 1, name: 'Ann', weight: 1 }];
const kills = Number(process.env.DESKMATE_KILLS ?? (process.env.DESKMATE_FULL ? 60 : 8));
const seed = Number(process.env.DESKMATE_SEED ?? Math.floor(Math.random() * 2 ** 31));

function randomFrom(start) {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function notifyPlugin(settings = {}) {
  return {
    name: 'phone', id: 'notify', member: 1,
    settings: { channel: 'mail', to: PHONE, gather_s: 0, check_s: 1, overdue_minutes: 0, per_hour: 60, ...settings },
  };
}

// {number: the buyer's words} of a notice.
function chatsOf(notice) {
  const found = new Map();
  for (const [, number, text] of notice.text.matchAll(/#(\d+) · [^\n]*\r?\n([^\r\n]+)/g)) found.set(Number(number), text);
  return found;
}

async function leave(desk) {
  await desk.ask('away', '--as', 1);
}

test('R19: a notice to the phone, and the answer to it as the reply of the desk, once', async (t) => {
  await withMail({ members, plugins: [notifyPlugin()], settings: { copy_grace_s: 2 } }, async ({ mail, desk }) => {
    await open(desk);
    const bo = new Buyer(mail, 'bo@buyers.test', 'Bo');
    const phone = new Buyer(mail, PHONE, 'Ann');

    await bo.write({ subject: 'Hello', text: 'Is it in stock?' });
    await until('the chat is there', async () => (await desk.list('chats')).some((chat) => chat.name === 'Bo'));
    await pause(3000); // several looks
    assert.deepEqual(await phone.inbox(), [], 'at the desk nothing is sent');

    await leave(desk);
    const [notice] = await phone.inbox({ count: 1 });
    assert.equal(notice.from, SHOP);
    assert.match(notice.text, /Is it in stock\?/);
    assert.match(notice.autoSubmitted, /auto-generated/);
    assert.ok(!notice.source.includes('bo@buyers.test'), 'no more of the buyer than the words');

    const answer = 'It is, in blue.';
    const quoted = `${answer}\n\nOn Monday the shop wrote:\n${notice.text.split('\n').map((line) => `> ${line}`).join('\n')}`;
    const sent = await phone.reply(notice, quoted);
    const [got] = await bo.inbox({ count: 1 });
    assert.equal(got.text, answer);
    assert.equal(got.from, SHOP);
    const [reply] = await desk.events('reply.requested');
    assert.equal(reply.facts.member, 1);

    await t.test('the same answer again, under its own or another name, sends nothing', async () => {
      await phone.reply(notice, quoted, { messageId: sent.messageId });
      await phone.reply(notice, quoted);
    });
    await t.test('a stranger who knows the notice, and one who forges the address without it, send nothing', async () => {
      const mallory = new Buyer(mail, 'mallory@buyers.test', 'Mallory');
      await mallory.reply(notice, 'Send it to Mallory.');
      const forger = new Buyer(mail, PHONE, 'Ann');
      await forger.write({ subject: `Re: ${notice.subject}`, text: 'Forged without a notice.' });
      // What the buyer does know: the name of the answer that he got.
      await forger.reply(got, 'Forged with the wrong name.');
      await forger.reply({ ...notice, messageId: notice.messageId.replace(/[0-9a-f]{8}/, '00000000') }, 'Forged by guessing.');
      await until('the forger\'s mails came in as what they are', async () => {
        const texts = (await desk.list('chats', '--all')).filter((chat) => chat.name === 'Ann');
        return texts.length >= 3;
      });
      await mallory.close();
    });
    await t.test('the member may go on', async () => {
      await phone.reply(notice, 'And in red.');
      await bo.inbox({ count: 2 });
    });
    await pause(3000); // what else was sent would be here by now
    assert.deepEqual((await bo.inbox()).map((one) => one.text), [answer, 'And in red.']);
    assert.equal(mail.read('mallory@buyers.test').length, 0);

    const log = JSON.stringify(await desk.events('notice.requested'));
    assert.ok(!log.includes('Is it in stock'), 'the log keeps nothing of what a notice said');
    const { code, out, err } = await desk.command('verify');
    assert.equal(code, 0, out + err);
    await Promise.all([bo.close(), phone.close()]);
  });
});

test('R19: of several chats the number says which; without it nobody gets anything and the member is told', async () => {
  await withMail({ members, plugins: [notifyPlugin({ gather_s: 5 })] }, async ({ mail, desk }) => {
    await open(desk);
    await leave(desk);
    const phone = new Buyer(mail, PHONE, 'Ann');
    const names = ['cy', 'di'];
    const buyers = names.map((name) => new Buyer(mail, `${name}@buyers.test`, name));
    for (const buyer of buyers) await buyer.write({ subject: 'Hello', text: `Question of ${buyer.name}` });
    // Both in one notice, or, where the machine is slow, in two.
    const seen = await until('both are told of', async () => {
      const found = new Map();
      for (const notice of await phone.inbox()) for (const [number, text] of chatsOf(notice)) found.set(text, { number, notice });
      return found.size === 2 && found;
    }, 60);
    const cy = seen.get('Question of cy');
    const both = seen.get('Question of di').notice === cy.notice;
    if (both) {
      const before = (await phone.inbox()).length;
      await phone.reply(cy.notice, 'For nobody.');
      const told = (await phone.inbox({ count: before + 1 })).at(-1);
      assert.match(told.text, /Which chat/);
    }
    await phone.reply(cy.notice, `${cy.number} For cy.`);
    assert.equal((await buyers[0].inbox({ count: 1 }))[0].text, 'For cy.');
    assert.deepEqual(await buyers[1].inbox(), []);
    for (const one of [...buyers, phone]) await one.close();
  });
});

test(`R19: ${kills} kills of the daemon: every buyer gets one answer, every notice comes once, seed ${seed}`, async () => {
  const random = randomFrom(seed);
  await withMail({ members, plugins: [notifyPlugin()], settings: { copy_grace_s: 2, poll_every_s: 5 } }, async ({ mail, desk }) => {
    await open(desk);
    await leave(desk);
    const phone = new Buyer(mail, PHONE, 'Ann');
    const post = new Buyer(mail, 'load@buyers.test');
    const count = Math.max(6, kills);
    const answered = new Set();
    let working = true;
    const answering = (async () => {
      while (working) {
        for (const notice of await phone.inbox()) {
          for (const [number, text] of chatsOf(notice)) {
            if (answered.has(text)) continue;
            answered.add(text);
            await phone.reply(notice, `#${number} Answer to ${text}`);
          }
        }
        await pause(300);
      }
    })();
    const killing = (async () => {
      for (let i = 0; i < kills; i++) {
        await pause(500 + random() * 3000);
        await desk.stop('SIGKILL');
        await desk.start();
      }
    })();
    for (let i = 0; i < count; i++) {
      await post.write({ from: { name: `b${i}`, address: `b${i}@buyers.test` }, subject: 'Hi', text: `question ${i}` });
      await pause(500 + random() * 2000);
    }
    await killing;
    await until('everybody is answered', () => {
      for (let i = 0; i < count; i++) if (mail.read(`b${i}@buyers.test`).length === 0) return false;
      return true;
    }, 180);
    await until('nothing is under way', async () => (await desk.ask('status')).requests.pending === 0, 60);
    await pause(3000);
    working = false;
    await answering;
    for (let i = 0; i < count; i++) {
      const mails = mail.read(`b${i}@buyers.test`);
      assert.equal(mails.length, 1, `b${i} has ${mails.length} answers`);
      assert.ok(mails[0].includes(`Answer to question ${i}`), mails[0]);
    }
    const ids = (await phone.inbox()).map((notice) => notice.messageId);
    assert.equal(new Set(ids).size, ids.length, 'a notice came twice');
    const status = await desk.ask('status');
    assert.equal(status.requests.unknown, 0);
    await Promise.all([phone.close(), post.close()]);
  });
});

test('R19: a watcher outside hears the heartbeat, and notices when the desk is down', async () => {
  const beats = [];
  let answer = 200;
  const watcher = http.createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => { body += piece; });
    request.on('end', () => {
      beats.push({ at: Date.now(), method: request.method, body });
      response.writeHead(answer).end();
    });
  });
  await new Promise((done) => watcher.listen(0, '127.0.0.1', done));
  const every = 5; // seconds
  try {
    const plugin = notifyPlugin({ heartbeat_url: `http://127.0.0.1:${watcher.address().port}/ping`, heartbeat_s: every });
    await withMail({ members, plugins: [plugin] }, async ({ desk }) => {
      await open(desk);
      await until('it beats', () => beats.length >= 3, 60);
      assert.equal(beats[0].method, 'POST');
      await until('all is well', () => beats.at(-1).body.startsWith('status=ok\n'), 30);
      assert.match(beats.at(-1).body, /^plugins_running=2\/2$/m);

      answer = 500;
      const trouble = async () => (await desk.list('plugins')).find((one) => one.name === 'phone').trouble;
      await until('the failure is shown', async () => /HTTP 500/.test((await trouble()) ?? ''), 30);
      const { out } = await desk.command('plugins');
      assert.match(out, /heartbeat fails: HTTP 500/);
      answer = 200;
      await until('it is well again', async () => (await trouble()) === undefined, 30);

      await desk.stop('SIGKILL');
      const last = beats.length;
      await pause(every * 2500);
      assert.equal(beats.length, last, 'the watcher hears nothing more');
      await desk.start();
      await until('it beats again', () => beats.length > last, 30);
    });
  } finally {
    watcher.close();
    watcher.closeAllConnections();
  }
});
