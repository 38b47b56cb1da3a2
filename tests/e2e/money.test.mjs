// Who may give away what, and offers that are carried out once, through the running daemon with the
// sample shop.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Desk, pause, until } from '../lib/desk.mjs';
import { pair, ready, withDesks } from '../lib/pair.mjs';

const sample = (settings = {}) => ({ name: 'box', id: 'shop-sample',
  settings: { seed: 5, messages_per_hour: 0, poll_ms: 100, ...settings } });
const members = [
  { number: 1, name: 'Ann', weight: 1, role: 'aftersale' },
  { number: 2, name: 'Su', weight: 0, role: 'supervisor' }];

async function withDesk(options, play) {
  const desk = new Desk({ members, plugins: [sample()], ...options });
  await withDesks([desk], async () => {
    await desk.start();
    await until('the shop has told its orders', async () => (await desk.list('orders')).length > 5, 60);
    await play(desk);
  });
}

// Orders that are paid and worth something, the dearest first.
const paid = async (desk) => (await desk.list('orders', '--limit', 400))
  .filter((o) => o.payment === 'paid' && o.total > 2000).sort((a, b) => b.total - a.total);
const yuan = (fen) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;
const give = (desk, kind, order, fen, ...more) => desk.ask(kind, order.number, yuan(fen), '--as', 1, ...more);
const done = (desk, request) => until('it is done', async () =>
  (await desk.ask('request', request)).state === 'done', 60);
const settled = (desk, offer) => until('the offer is settled', async () =>
  (await desk.ask('offer', 'show', offer)).state === 'settled', 60);
const purse = async (desk, purpose, member = 1) =>
  (await desk.ask('authority')).members.find((m) => m.member === member).purses.find((p) => p.purpose === purpose);

test('R81 R123: the 21st settlement of the month waits for approval; the limit changes while the desk runs', async () => {
  await withDesk({}, async (desk) => {
    const [order, other] = await paid(desk);
    for (let i = 1; i <= 20; ++i) {
      const made = await give(desk, i % 2 ? 'coupon' : 'refund', order, 100);
      assert.equal(made.offer, undefined, `the ${i}th`);
    }
    assert.equal((await purse(desk, 'settlement')).left, 0);
    const held = await give(desk, 'refund', other, 300, '--reason', 'Chipped.');
    assert.deepEqual(held.needs, ['settlements_month']);
    const waiting = await desk.ask('approvals');
    assert.deepEqual(waiting.offers.map((o) => [o.offer, o.state, o.order]), [[held.offer, 'approval', other.number]]);

    const by = async (member, ...words) => (await desk.command(...words, '--as', member)).code;
    assert.equal(await by(1, 'approve', held.offer, 'Me.'), 1, 'not by oneself');
    assert.equal(await by(2, 'approve', held.offer, ' '), 1, 'not without a reason');
    assert.equal((await desk.events('refund.requested')).length, 10);
    assert.equal(await by(2, 'approve', held.offer, 'A regular.'), 0);
    await settled(desk, held.offer);
    const shown = await desk.ask('offer', 'show', held.offer);
    assert.equal(shown.answered_by, 2);
    assert.equal(shown.answered_text, 'A regular.');
    const sent = (await desk.events('refund.requested')).at(-1);
    assert.equal(sent.body.text, 'Chipped.');
    assert.equal(sent.facts.amount, 300);
    assert.equal(sent.facts.approved_by, 2);
    assert.equal((await purse(desk, 'settlement')).spent, 20, 'what was approved is not the member\'s');

    const second = await give(desk, 'refund', other, 200);
    assert.equal(await by(2, 'refuse', second.offer, 'Ask the courier.'), 0);
    assert.equal((await desk.ask('offer', 'show', second.offer)).state, 'refused');
    assert.equal(await by(2, 'approve', second.offer, 'After all.'), 1);

    await desk.ask('authority', 'set', 'settlements_month', 21);
    assert.equal((await give(desk, 'refund', other, 100)).offer, undefined);
    assert.ok((await give(desk, 'refund', other, 100)).offer);
    await desk.ask('authority', 'set', 'settlements_month', 30, '--role', 'aftersale');
    await done(desk, (await give(desk, 'refund', other, 100)).event);
    assert.equal((await desk.command('authority', 'set', 'settlements_month', '-1')).code === 0, false);
    assert.equal((await desk.command('authority', 'set', 'settlements_month', 'many')).code, 2);
    assert.equal((await desk.command('verify')).code, 0);
  });
});

test('R50: a hundredth of the order and three a day; beyond it the supervisor is asked', async () => {
  await withDesk({}, async (desk) => {
    const [order] = await paid(desk);
    const most = Math.floor(order.total / 100);
    const above = await give(desk, 'coupon', order, most + 1, '--purpose', 'discount');
    assert.deepEqual(above.needs, ['discount_share']);
    for (let i = 1; i <= 3; ++i) {
      assert.equal((await give(desk, 'coupon', order, i === 1 ? most : 1, '--purpose', 'discount')).offer, undefined, `the ${i}th`);
    }
    assert.deepEqual((await give(desk, 'coupon', order, 1, '--purpose', 'discount')).needs, ['discounts_day']);
    await desk.ask('authority', 'set', 'discounts_day', 4);
    await desk.ask('authority', 'set', 'discount_share', '1.01');
    assert.equal((await give(desk, 'coupon', order, Math.floor(order.total * 0.0101), '--purpose', 'discount')).offer, undefined);
    assert.equal((await desk.command('coupon', order.number, '1', '--purpose', 'bribe', '--as', 1)).code, 1);
  });
});

test('R52: gifts have a budget', async () => {
  await withDesk({}, async (desk) => {
    const [order] = await paid(desk);
    await desk.ask('authority', 'set', 'gifts_month', '10.00');
    assert.equal((await give(desk, 'coupon', order, 600, '--purpose', 'gift')).offer, undefined);
    assert.deepEqual((await give(desk, 'coupon', order, 401, '--purpose', 'gift')).needs, ['gifts_month']);
    assert.equal((await give(desk, 'coupon', order, 400, '--purpose', 'gift')).offer, undefined);
    assert.equal((await purse(desk, 'gift')).left, 0);
  });
});

test('R123: whoever is alone is asked for a reason instead', async () => {
  await withDesk({ members: [{ number: 1, name: 'Ann', weight: 1 }] }, async (desk) => {
    const [order] = await paid(desk);
    await desk.ask('authority', 'set', 'settlements_month', 0);
    const held = await give(desk, 'refund', order, 100);
    assert.deepEqual(held.needs, ['settlements_month']);
    assert.equal((await desk.command('approve', held.offer, '')).code, 1);
    await desk.ask('approve', held.offer, 'It arrived broken, the photo is in the chat.');
    await settled(desk, held.offer);
    assert.equal((await desk.events('offer.approved'))[0].facts.own, true);
  });
});

test('R80 R82 R83: an offer is read back, confirmed and carried out once, killed at any step', async () => {
  await withDesk({}, async (desk) => {
    const chat = await until('somebody writes', async () => (await desk.list('chats')).find((c) => c.member), 60);
    const orders = (await desk.list('orders', '--limit', 400))
      .filter((o) => o.payment === 'paid' && ['shipped', 'delivered'].includes(o.state));
    const { offers } = await desk.ask('offer', 'standard', orders[0].number);
    assert.deepEqual(offers.map((o) => [o.standard, o.steps.at(-1)]), [
      ['refund_coupon', { kind: 'coupon', amount: 500 }], ['resend_coupon', { kind: 'coupon', amount: 500 }]]);
    assert.deepEqual(offers[0].steps[0], { kind: 'refund', amount: orders[0].total });

    const kill = async () => { desk.daemon.kill('SIGKILL'); await desk.ended; await desk.start(); };
    const played = [];
    for (const [i, after] of ['proposed', 'read back', 'confirmed', 'soon after', 'later'].entries()) {
      const order = orders[i];
      const made = await desk.ask('offer', 'propose', order.number, 'The parcel is lost.', '--chat', chat.chat,
        '--standard', i % 2 ? 'resend_coupon' : 'refund_coupon', '--liable', 'courier', '--cause', 'courier', '--as', 1);
      if (after === 'proposed') await kill();
      assert.equal((await desk.command('offer', 'confirm', made.offer, 'Yes', '--as', 1)).code, 1, 'it was not read back');
      await desk.ask('offer', 'read-back', made.offer, '--as', 1);
      if (after === 'read back') await kill();
      const shown = await desk.ask('offer', 'show', made.offer);
      assert.equal(shown.state, 'read_back');
      assert.equal(shown.liable, 'courier');
      assert.equal(shown.text, 'The parcel is lost.');
      await desk.ask('offer', 'confirm', made.offer, '"Fine", she said on the telephone.', '--as', 1);
      if (after === 'soon after') await pause(20);
      if (after === 'later') await pause(150);
      if (after !== 'proposed' && after !== 'read back') await kill();
      assert.equal((await desk.command('offer', 'confirm', made.offer, 'Yes', '--as', 1)).code, 1, 'it is confirmed');
      played.push([made.offer, order]);
    }
    for (const [offer] of played) await settled(desk, offer);
    const requests = [...await desk.events('refund.requested'), ...await desk.events('resend.requested'), ...await desk.events('coupon.requested')];
    for (const [offer, order] of played) {
      const mine = requests.filter((r) => r.facts.offer === offer);
      assert.deepEqual(mine.map((r) => r.facts.step).sort(), [0, 1], 'each step is asked for once');
      for (const kind of ['refund', 'resend', 'coupon']) {
        const of = (await desk.events(`${kind}.done`)).filter((e) => mine.some((r) => r.id === e.facts.request));
        assert.ok(of.length <= 1, `${kind} of ${order.number}`);
      }
      const now = (await desk.ask('order', order.number)).orders[0];
      if (mine.some((r) => r.type === 'refund.requested')) assert.equal(now.payment, 'refunded');
    }
    const ledger = await desk.ask('money');
    const row = ledger.rows.find((r) => r.cause === 'courier');
    assert.equal(row.orders, 5);
    assert.equal(row.coupons, 2500);
    assert.equal(ledger.accounts.reduce((sum, a) => sum + a.value, 0), 0);
    assert.equal((await purse(desk, 'settlement')).spent, 5, 'an offer is one settlement');
    assert.equal((await desk.command('verify')).code, 0);
  });
});

test('R81 R105: refunds in the shop\'s own admin and money paid by hand are counted', async () => {
  await withDesk({}, async (desk) => {
    const chat = await until('somebody writes', async () => (await desk.list('chats')).find((c) => c.member === 1), 60);
    const { buyer } = chat;
    const order = (await desk.list('orders', '--limit', 400)).find((o) => o.buyer === buyer && o.payment === 'paid')
      ?? (await paid(desk))[0];
    const before = (await purse(desk, 'settlement')).spent;
    desk.writeConfig({ ...desk.options, plugins: [sample({ refunds_in_admin: `${order.number} 700` })] });
    desk.daemon.kill('SIGHUP');
    await until('the order shows it', async () => (await desk.ask('offer', 'standard', order.number)).refunded === 700, 60);
    const outside = await until('it is counted, or nobody\'s', async () => {
      const all = await desk.ask('authority');
      const spent = (await purse(desk, 'settlement')).spent;
      return (spent === before + 1 && 'counted') || all.outside[0];
    }, 60);
    if (outside !== 'counted') {
      await desk.ask('authority', 'book', outside.refund, 1, '--as', 2);
      assert.equal((await purse(desk, 'settlement')).spent, before + 1);
    }
    const left = order.total - 700;
    assert.equal((await desk.command('refund', order.number, yuan(left + 1), '--as', 1)).code, 1, 'more than is left');

    const proof = path.join(desk.folder, 'transfer.png');
    fs.writeFileSync(proof, 'a picture of a transfer');
    const mine = await until('a chat of the order\'s buyer', async () =>
      (await desk.list('chats', '--all')).find((c) => c.buyer === order.buyer) ?? 'none', 60);
    if (mine !== 'none') {
      const pay = (fen) => desk.command('payment', order.number, yuan(fen), proof, 'By bank.', '--chat', mine.chat, '--cause', 'packing', '--as', 1);
      assert.equal((await pay(left + 1)).code, 1);
      const ran = await pay(300);
      assert.equal(ran.code, 0, ran.err);
      assert.equal((await purse(desk, 'settlement')).spent, before + 2);
      assert.equal((await desk.command('refund', order.number, yuan(left - 299), '--as', 1)).code, 1);
      const row = (await desk.ask('money')).rows.find((r) => r.cause === 'packing');
      assert.equal(row.by_hand, 300);
      assert.equal((await desk.events('payment.recorded'))[0].facts.proof.length, 1);
    }
    await done(desk, (await give(desk, 'refund', order, 100)).event);
    await pause(500);
    assert.equal((await desk.ask('offer', 'standard', order.number)).refunded, mine === 'none' ? 800 : 1100, 'ours is not counted twice');
  });
});

test('R81 R123: shares of two machines, and an approval at the other owner\'s', async () => {
  const { desks } = await pair({ plugins: [sample()] });
  const [a, b] = desks;
  await withDesks(desks, async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 60);
    await until('the orders are there', async () => (await b.list('orders')).length > 5, 60);
    await a.ask('authority', 'set', 'settlements_month', 2);
    await until('the other machine knows', async () => (await purse(b, 'settlement')).limit === 2, 60);
    assert.equal((await purse(a, 'settlement')).here, 2);
    assert.equal((await purse(b, 'settlement')).here, 0);
    const [order] = await paid(a);
    assert.deepEqual((await give(b, 'coupon', order, 100)).needs, ['settlements_month'], 'it is the other machine\'s');

    await a.ask('authority', 'move', 1, 'b', '--of', 1, '--as', 1);
    assert.equal((await purse(a, 'settlement')).here, 1);
    await until('the share has arrived', async () => (await purse(b, 'settlement')).here === 1, 60);
    await a.ask('authority', 'move', 1, 'b', '--of', 1, '--as', 1);
    assert.equal((await a.command('authority', 'move', 1, 'b', '--of', 1, '--as', 1)).code, 1, 'nothing is left');
    const held = await give(a, 'refund', order, 200);
    assert.deepEqual(held.needs, ['settlements_month']);
    await until('the other owner sees it', async () =>
      (await b.ask('approvals')).offers.some((o) => o.offer === held.offer), 60);
    await b.ask('approve', held.offer, 'Fine with me.', '--as', 2);
    await settled(a, held.offer);
    await until('both show it', async () => (await b.ask('offer', 'show', held.offer)).state === 'settled', 60);
    assert.equal((await a.events('refund.requested')).length, 1);
    await until('both are the same', async () => {
      const [one, two] = [await a.ask('status'), await b.ask('status')];
      return one.state_hash === two.state_hash && one.log.events === two.log.events;
    }, 60);
    for (const desk of desks) assert.equal((await desk.command('verify')).code, 0);
  });
});
