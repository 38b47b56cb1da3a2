// R18, R121, R122: kill -9 of the daemon and of each plugin's process at random moments under load.
// Afterwards everything is counted where it matters: in the buyers' real mailboxes, in the real shop
// and in the desk's own log. DESKMATE_KILLS sets how many of each (200 in the full form, 10 in the short
// one); DESKMATE_SEED the moments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, until } from '../lib/desk.mjs';
import { Buyer } from '../servers/mail/buyer.mjs';
import { open, vendurePlugin, withMail } from '../servers/stage.mjs';
import { Admin, Buyer as ShopBuyer, startShop } from '../servers/vendure/shop.mjs';
import { randomFrom, seed, times } from './ledger.mjs';
import { Client } from './wire.mjs';

const kills = Number(process.env.DESKMATE_KILLS ?? times(200, 10));
const pauseMax = 1200; // ms between two kills
const askedShareMax = 0.02; // of all attempts

const members = [
  { number: 1, name: 'Ann', weight: 3 },
  { number: 2, name: 'Bo', weight: 1 },
];

test(`R18 R121 R122: ${kills} kills of the daemon and of each plugin, seed ${seed}`, async (t) => {
  const random = randomFrom(seed);
  const shop = await startShop();
  t.after(() => shop.stop());
  const customer = await ShopBuyer.register(shop.url, { email: 'keeper@buyers.test', first: 'Kee', last: 'Per' });
  // Several, as the shop's plugin looks through the last 100 notes of an order.
  const orders = [];
  for (let i = 0; i < 5; i++) orders.push(await customer.order({ lines: [{ sku: 'L2201308', quantity: 1 }] }));
  const admin = await Admin.login(shop.url);

  await withMail({ members, plugins: [vendurePlugin(shop)], settings: { copy_grace_s: 2 } }, async ({ mail, desk }) => {
    await open(desk);
    await until('the orders have come', async () => (await desk.list('orders')).length === orders.length);

    // Buyers write, members answer, the owner writes notes at the order, until all kills are done.
    let working = true;
    const post = new Buyer(mail, 'load@buyers.test');
    const written = [];   // addresses that the mail server has accepted a mail of
    const tried = new Set();
    const answered = new Map(); // chat → text whose reply.requested was acknowledged
    const notes = [];     // texts of acknowledged order notes
    const maybeNotes = new Set();
    const writing = (async () => {
      for (let i = 0; working; i++) {
        const address = `b${i}@buyers.test`;
        await post.write({ from: { name: `b${i}`, address }, subject: `Question ${i}`, text: `Question number ${i}` });
        written.push(address);
        await pause(100 + random() * 200);
      }
    })();
    const answering = (async () => {
      for (let i = 0; ; i++) {
        const listed = await desk.command('--json', 'chats', '--limit', '1000');
        if (listed.code === 0) {
          for (const chat of JSON.parse(listed.out).chats) {
            if (!chat.member || tried.has(chat.chat) || !working) continue;
            tried.add(chat.chat); // once: a second try would be a second request
            const text = `Answer to ${chat.name}!`;
            const done = await desk.command('reply', chat.chat, text, '--as', chat.member);
            if (done.code !== 0) break; // killed meanwhile; it may have been taken or not
            answered.set(chat.chat, text);
            await desk.command('close', chat.chat, '--as', chat.member); // makes room for the next
          }
        }
        if (!working) return;
        const note = `note ${i}`;
        const noted = await desk.command('order-note', orders[i % orders.length].code, note, '--as', '1');
        if (noted.code === 0) notes.push(note);
        else maybeNotes.add(note);
        await pause(100);
      }
    })();

    const targets = ['daemon', 'mail', 'vendure'].flatMap((target) => Array(kills).fill(target));
    for (let i = targets.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [targets[i], targets[j]] = [targets[j], targets[i]];
    }
    for (const target of targets) {
      await pause(random() * pauseMax);
      if (target === 'daemon') {
        await desk.stop('SIGKILL');
        await desk.start();
        continue;
      }
      const plugin = await until(`${target} runs`, async () => {
        const found = (await desk.list('plugins')).find((p) => p.name === target);
        // Five crashes in ten minutes switch a plugin off, and after each it waits longer; its owner
        // starts it again.
        if (found.state === 'off') await desk.ask('plugins', 'start', target);
        else if (found.crashes >= 3 && found.state !== 'running') await desk.ask('plugins', 'restart', target);
        return found.state === 'running' && found;
      }, 90);
      process.kill(plugin.pid, 'SIGKILL');
    }
    await until('the plugins run', async () => {
      for (const p of await desk.list('plugins')) if (p.state === 'off') await desk.ask('plugins', 'start', p.name);
      return (await desk.list('plugins')).every((p) => p.state === 'running');
    }, 90);
    working = false;
    await writing;
    await answering;
    await post.close();

    // Everything that waits is carried out; what nobody can tell is put before a person.
    const status = await until('nothing is pending', async () => {
      const now = await desk.ask('status');
      return now.requests.pending === 0 && now;
    }, 180);
    // All of them; the command line shows the latest thousand.
    const allEvents = async () => {
      const client = await Client.connect(desk.socket);
      const all = await client.events();
      client.close();
      return all;
    };
    const events = await allEvents();
    const count = (type) => events.filter((event) => event.type === type).length;

    await t.test('every mail came in, once', async () => {
      const received = async () => (await allEvents()).filter((event) => event.type === 'message.received');
      await until('all mails are there', async () => (await received()).length >= written.length, 60);
      const all = await received();
      assert.equal(all.length, written.length);
      assert.equal(new Set(all.map((event) => event.facts.message.toString('hex'))).size, written.length);
    });

    await t.test('every acknowledged reply is in its mailbox once, and none twice', async () => {
      assert.ok(answered.size > 20, `only ${answered.size} answers under load`);
      const asked = new Set((await desk.ask('requests')).unknown.map((r) => r.request));
      let left = 0;
      for (const address of written) {
        const name = address.split('@')[0];
        const text = `Answer to ${name}!`;
        const mails = mail.read(address).filter((source) => source.includes(text));
        assert.ok(mails.length <= 1, `${address} has the answer ${mails.length} times`);
        if ([...answered.values()].includes(text) && mails.length === 0) left += 1;
      }
      assert.ok(left <= asked.size, `${left} acknowledged replies left nothing, ${asked.size} are asked about`);
    });

    await t.test('every acknowledged note is at its order once, and none twice', async () => {
      const there = (await Promise.all(orders.map((order) => admin.notes(order.code)))).flat();
      const times = (note) => there.filter((text) => new RegExp(`${note}\\b`).test(text)).length;
      // An order with more notes than the connector reads cannot be looked through: then a person is
      // asked, and the note may or may not be there.
      const asked = (await desk.ask('requests')).unknown.filter((r) => r.kind === 'order_note').length;
      const left = notes.filter((note) => times(note) === 0);
      assert.ok(left.length <= asked, `${left.join(', ')} left nothing, ${asked} notes are asked about`);
      for (const note of notes) assert.ok(times(note) <= 1, note);
      for (const note of maybeNotes) assert.ok(times(note) <= 1, note);
    });

    await t.test(`a person is asked about at most ${askedShareMax * 100} % of the attempts`, () => {
      const lost = events.filter((event) => event.facts.looked_up).length;
      const asked = events.filter((event) => event.type.endsWith('.unknown')).length;
      t.diagnostic(`${count('reply.requested')} replies, ${notes.length} notes, ${written.length} mails; ${lost} outcomes found by looking, ${asked} asked about`);
      assert.ok(asked <= askedShareMax * (count('reply.attempted') + count('order_note.attempted')), `${asked} asked about`);
    });

    await t.test('the log verifies', async () => {
      const verified = await desk.command('verify');
      assert.equal(verified.code, 0, verified.out + verified.err);
    });
  });
});
