// What may be given for a fault, through the running daemon with the sample shop: the rules advise on a
// case, offers about it keep to them, a word of its own goes beyond, and the rules change meanwhile.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Desk, until } from '../lib/desk.mjs';
import { withDesks } from '../lib/pair.mjs';

const sample = { name: 'box', id: 'shop-sample', settings: { seed: 5, buyers: 60, messages_per_hour: 0, poll_ms: 100 } };

async function withDesk(play) {
  const desk = new Desk({ plugins: [] });
  const file = path.join(desk.folder, 'returns.toml');
  fs.writeFileSync(file, '');
  desk.writeConfig({ ...desk.options, plugins: [sample, { name: 'returns', id: 'rules-returns', isolation: 'process', settings: { file } }] });
  await withDesks([desk], async () => {
    await desk.start();
    await until('the rules look', async () => (await rules(desk))?.judges === 'claims');
    const order = await until('an order', async () =>
      (await desk.list('orders', '--limit', 400)).find((o) => o.state === 'paid' && o.number && o.paid >= 10_000 && o.lines.every((l) => !l.custom)), 60);
    const open = async (kind) => (await desk.ask('case', 'open', kind, '--order', order.number, 'It has a scratch.', '--as', 1)).case;
    await play({ desk, file, order, open });
    assert.equal((await desk.command('verify')).code, 0);
  });
}

const rules = async (desk) => (await desk.ask('rules', 'show')).rules.find((r) => r.plugin === 'returns');
const money = (minor) => (minor / 100).toFixed(2);
const goodsOf = (order) => order.lines.reduce((sum, line) => sum + line.price * line.quantity, 0);

test('R90 R91 R92 R94: a case is advised on, by what is known of it, and as the settings say', async () => {
  await withDesk(async ({ desk, file, order, open }) => {
    const number = await open('quality');
    const advice = async () => Object.fromEntries((await desk.ask('case', 'advise', number)).findings.map((f) => [f.kind, f]));
    const first = await advice();
    const goods = goodsOf(order);
    assert.deepEqual(Object.keys(first).sort(), ['evidence', 'ladder', 'return_postage']);
    assert.equal(first.evidence.params.wants, 'item');
    assert.deepEqual([first.ladder.code, first.ladder.amount, first.ladder.limits], ['small', Math.floor(goods * 0.3), true]);
    assert.match((await desk.command('--language', 'zh', 'case', 'advise', number)).out, /还需买家提供：商品/);

    await desk.ask('case', 'say', number, 'buyer', 'Here it is.', '--evidence', 'item', '--as', 1);
    assert.equal((await advice()).evidence, undefined, 'it is there now');
    await desk.ask('case', 'change', number, '--cause', 'none', '--as', 1);
    assert.equal((await advice()).return_postage.code, 'shared');
    await desk.ask('case', 'change', number, '--hardship', 'Out of work.', '--as', 1);
    const kinder = await advice();
    assert.deepEqual([kinder.ladder.code, kinder.ladder.amount], ['hardship', Math.floor(goods * 0.5)]);
    assert.equal((await desk.ask('case', 'show', number)).hardship, true);
    await desk.ask('case', 'change', number, '--no-hardship', '--as', 1);

    fs.writeFileSync(file, '[return_postage]\ncosts = { CNY = 12.00 }\n');
    const capped = await until('the settings are in force', async () => {
      const now = await advice();
      return now.ladder.amount === 1440 && now;
    });
    assert.equal(capped.return_postage.params.share_minor, 600);
    assert.match(capped.ladder.text, /at most 14\.40 CNY/);
    await desk.ask('case', 'change', number, '--severity', 'high', '--as', 1);
    assert.deepEqual((await advice()).ladder.fixes.map((f) => f.fix), ['refund_coupon', 'resend_coupon', 'return_goods']);

    const { version } = await rules(desk);
    fs.writeFileSync(file, '[return_postage]\ncost = { CNY = 12.00 }\n');
    const bad = await until('the mistake is seen', async () => { const r = await rules(desk); return r.faults.length > 0 && r; });
    assert.deepEqual([bad.version, bad.faults[0].line, bad.faults[0].column], [version, 2, 1]);
    assert.equal((await desk.ask('rules', 'test', '--plugin', 'returns')).failed, 0);

    const question = await open('question');
    assert.match((await desk.command('case', 'advise', question)).out, /nothing to say/);
    const nothing = await desk.ask('case', 'open', 'quality', '--buyer', order.buyer, '--as', 1);
    const refused = await desk.command('case', 'advise', nothing.case);
    assert.notEqual(refused.code, 0);
    assert.match(refused.err, /about no order/);
  });
});

test('R91 R83 R123: an offer about a case keeps to the ladder; beyond it takes a word and is on record', async () => {
  await withDesk(async ({ desk, order, open }) => {
    const number = await open('quality');
    const most = Math.floor(goodsOf(order) * 0.3);
    const propose = (minor, ...more) => desk.command('offer', 'propose', order.number, '--case', number, '--refund', money(minor), '--as', 1, ...more);
    const beyond = await propose(most + 1, 'A scratch.');
    assert.equal(beyond.code, 1);
    assert.match(beyond.err, /the rules give less: A small fault: .*at most/);
    assert.deepEqual(await desk.events('offer.proposed'), []);
    assert.equal((await propose(most)).code, 0, 'just inside; the rule gives the reason');
    const [within] = await desk.events('offer.proposed');
    assert.deepEqual([within.facts.rule, within.facts.passed], ['ladder', undefined]);
    assert.match(within.body.text, /^A small fault/);

    assert.notEqual((await propose(most + 1, '--anyway')).code, 0, 'an override needs a reason');
    assert.equal((await propose(most + 1, '--anyway', 'A regular of ten years.')).code, 0);
    const [, over] = await desk.events('offer.proposed');
    assert.deepEqual(over.facts.passed, ['ladder']);
    const shown = await desk.command('offer', 'show', over.id.slice(0, 8));
    assert.match(shown.out, /passed over: ladder/);

    // Without a case the member's authority alone counts.
    assert.equal((await desk.command('offer', 'propose', order.number, '--refund', money(most + 1), 'Why not.', '--as', 1)).code, 0);
  });
});

test('R91 R122: rules that hang keep nobody from an offer for long', async () => {
  await withDesk(async ({ desk, order, open }) => {
    const number = await open('quality');
    const { pid } = (await desk.list('plugins')).find((p) => p.name === 'returns');
    process.kill(pid, 'SIGSTOP');
    try {
      const propose = (...more) => desk.command('offer', 'propose', order.number, '--case', number, '--refund', '0.01', 'A scratch.', '--as', 1, ...more);
      assert.match((await propose()).err, /the rules did not answer/);
      assert.equal((await propose('--anyway')).code, 0);
      const advice = await desk.ask('case', 'advise', number);
      assert.deepEqual([advice.findings, advice.silent], [[], ['returns']]);
    } finally {
      try { process.kill(pid, 'SIGCONT'); } catch { /* the desk has ended it meanwhile */ }
    }
  });
});

test('R97: after the window nothing is given back without a word; the window changes while the desk runs', async () => {
  await withDesk(async ({ desk, file }) => {
    const order = await until('a delivered order', async () => {
      for (const one of (await desk.list('orders', '--limit', 400)).filter((o) => o.number && o.lines.every((l) => !l.custom))) {
        const { orders: [shown] } = await desk.ask('order', one.number);
        if (shown.parcels?.some((p) => p.status === 'delivered' && p.at_ms)) return shown;
      }
      return undefined;
    }, 60);
    const delivered = Math.max(...order.parcels.filter((p) => p.status === 'delivered').map((p) => p.at_ms));
    const { case: number } = await desk.ask('case', 'open', 'swap', '--order', order.number, 'Another colour, please.', '--as', 1);
    const days = Math.ceil(((await desk.ask('case', 'show', number)).opened_ms - delivered) / 86_400_000);
    const window = async () => (await desk.ask('case', 'advise', number)).findings.find((f) => f.kind === 'window');
    fs.writeFileSync(file, `[window]\nswap_days = ${days}\n`);
    const open = await until('just inside', async () => {
      const at = await window();
      return at?.params.until_ms === delivered + days * 86_400_000 && at;
    });
    assert.equal(open.code, 'open');
    fs.writeFileSync(file, `[window]\nswap_days = ${days - 1}\n`);
    await until('just outside', async () => (await window())?.code === 'over');
    const refused = await desk.command('offer', 'propose', order.number, '--case', number, '--refund', '1.00', 'Too late.', '--as', 1);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /the rules give less: The time for that was over on/);
  });
});

test('R53: what it costs less now is given back within the window, and nothing after', async () => {
  await withDesk(async ({ desk, file }) => {
    const order = await until('an order of yesterday or before', async () =>
      (await desk.list('orders', '--limit', 400)).find((o) => o.number && o.paid > 0 && Date.now() - o.placed_ms > 86_400_000), 60);
    const { case: number } = await desk.ask('case', 'open', 'price_drop', '--order', order.number, 'It got cheaper.', '--as', 1);
    const drop = async () => (await desk.ask('case', 'advise', number)).findings.find((f) => f.kind === 'price_drop');
    const first = await drop();
    assert.equal(first.code, 'none', 'the sample shop keeps its prices');
    const propose = (...more) => desk.command('offer', 'propose', order.number, '--case', number, '--refund', '0.01', 'Cheaper now.', '--as', 1, ...more);
    assert.match((await propose()).err, /does not cost less now/);
    const age = Math.floor((Date.now() - order.placed_ms) / 86_400_000);
    fs.writeFileSync(file, `[price_drop]\ndays = ${age}\n`);
    await until('just outside', async () => (await drop()).code === 'over');
    assert.match((await propose()).err, /was over on/);
    fs.writeFileSync(file, `[price_drop]\ndays = ${age + 1}\n`);
    await until('just inside', async () => (await drop()).code === 'none');
    assert.equal((await propose('--anyway')).code, 0);
  });
});
