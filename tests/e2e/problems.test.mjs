// Problem orders through the running daemon: the sample shop has them, the rules find them, people see
// what to do, and the rules change while everything runs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Desk, pause, until } from '../lib/desk.mjs';
import { pair, ready, withDesks } from '../lib/pair.mjs';

const sample = (settings = {}) => ({
  name: 'box',
  id: 'shop-sample',
  settings: { seed: 5, buyers: 60, messages_per_hour: 0, quick: false, poll_ms: 100, odd_orders: true, ...settings },
});
const never = '[rules]\nquiet = ""\n';

async function withDesk(options, work) {
  const folder = fs.mkdtempSync('/tmp/deskmate-rules-');
  const file = path.join(folder, 'orders.toml');
  fs.writeFileSync(file, options.rules ?? '');
  const desk = new Desk({
    members: [{ number: 1, name: 'Ann', weight: 1 }],
    plugins: [sample(options.sample), { name: 'orders', id: 'rules-orders', isolation: options.isolation, settings: { file } }],
    extra: options.extra ?? never,
  });
  const kinds = async () => {
    const all = (await desk.ask('problems', '--limit', 1000)).problems;
    return Object.fromEntries(all.map((p) => [p.kind, all.filter((q) => q.kind === p.kind)]));
  };
  const found = (...wanted) => until(`found: ${wanted}`, async () => {
    const now = await kinds();
    return wanted.every((kind) => now[kind]) && now;
  }, 30);
  const rules = async () => (await desk.ask('rules', 'show')).rules[0];
  try {
    await desk.start();
    await work({ desk, file, folder, kinds, found, rules });
    assert.equal((await desk.command('verify')).code, 0);
  } catch (error) {
    error.message += `\n--- the desk's log:\n${desk.logText()}`;
    throw error;
  } finally {
    await desk.remove();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

for (const isolation of ['process', 'daemon']) {
  test(`R60 R61 R70: the sample shop's problem orders are found, shown with what to do, and settled (${isolation})`, async () => {
    await withDesk({ isolation }, async ({ desk, found, kinds }) => {
      const now = await found('vague_address', 'addresses', 'paid_twice', 'measures', 'audit', 'repeated', 'late');
      const [twice] = now.paid_twice;
      assert.deepEqual(twice.fixes.map((f) => f.fix), ['refund']);
      assert.ok(twice.amount > 0);
      const { orders: [order] } = await desk.ask('order', twice.number);
      assert.equal(order.problems.find((p) => p.kind === 'paid_twice').code, 'twice');
      assert.match((await desk.command('order', twice.number)).out, /suggested: refund/);
      assert.match((await desk.command('--language', 'zh', 'problems')).out, /至少付了两次款/);

      // Audited, and the measures ignored: a word holds.
      const [audit] = now.audit;
      await desk.ask('problem', 'done', audit.number, 'audit', 'Looked it over.', '--as', 1);
      await desk.ask('rules', 'sweep');
      await until('swept', async () => !(await desk.ask('rules', 'show')).rules[0].sweeping);
      await pause(300);
      assert.equal((await kinds()).audit, undefined);

      // What is mended is not a problem any more.
      const [vague] = now.vague_address;
      await desk.ask('ship', vague.number, '--as', 1);
      await until('the address is of no matter once it has left', async () =>
        !((await kinds()).vague_address ?? []).some((p) => p.number === vague.number));

      // Facts stay for good: nothing of a buyer is in them.
      const facts = JSON.stringify((await desk.events('problem.*')).map((e) => e.facts));
      const { orders } = await desk.ask('orders', '--limit', 1000);
      for (const o of orders) {
        for (const secret of [o.name, o.address.street, o.number]) assert.ok(!facts.includes(secret), secret);
      }
    });
  });
}

test('R61: settings change while running; with a mistake the last good rules stay in force, and are told where', async () => {
  await withDesk({}, async ({ desk, file, found, kinds, rules }) => {
    await found('vague_address', 'late');
    const before = await rules();
    fs.writeFileSync(file, '[late]\non = false\n[free_shipping]\nfrom = { CNY = 100000 }\n' +
      '[[note.cannot]]\ncode = "courier"\nwords = ["DHL", "顺丰"]\n');
    const now = await found('free_shipping', 'note');
    assert.equal(now.note[0].params.wish, 'courier');
    await until('what is switched off is cleared', async () => !(await kinds()).late);
    const good = await rules();
    assert.notEqual(good.version, before.version);

    fs.writeFileSync(file, '[late]\non = false\nwarn_hour = 3\n');
    const bad = await until('the mistake is seen', async () => {
      const at = await rules();
      return at.faults.length > 0 && at;
    });
    assert.equal(bad.version, good.version);
    assert.deepEqual([bad.faults[0].line, bad.faults[0].column], [3, 1]);
    assert.match(bad.faults[0].text, /orders\.toml:3:1: unknown key "warn_hour"; did you mean "warn_hours"\?/);
    await desk.ask('rules', 'sweep');
    await found('free_shipping', 'note');
    assert.match((await desk.command('plugins')).out, /the rules in force stay/);

    // Also through a restart of everything.
    await desk.stop('SIGKILL');
    await desk.start();
    await until('they go on', async () => (await rules()).version === good.version, 30);
    await found('free_shipping', 'note');

    fs.writeFileSync(file, '');
    await found('late');
    await until('it is said that all is well', async () => (await rules()).faults.length === 0);
  });
});

test('R61: rules are tested by cases, tried on the last month with money, and explained', async () => {
  await withDesk({}, async ({ desk, folder, found, rules }) => {
    const now = await found('vague_address', 'late', 'paid_twice');
    const tested = await desk.ask('rules', 'test');
    assert.equal(tested.failed, 0);
    assert.ok(tested.cases.length >= 10);
    const strict = path.join(folder, 'strict.toml');
    fs.writeFileSync(strict, '[vague_address]\nat_least = 40\n[paid_twice]\non = false\n');
    const failing = await desk.command('rules', 'test', strict);
    assert.equal(failing.code, 1);
    assert.match(failing.out, /rules\.cases\.toml:\d+: paid twice: expected paid_twice\/twice, found/);
    fs.writeFileSync(path.join(folder, 'bad.toml'), '[late\n');
    const bad = await desk.command('rules', 'test', path.join(folder, 'bad.toml'));
    assert.equal(bad.code, 4);
    assert.match(bad.err, /bad\.toml:1:\d+: this is not TOML/);

    const version = (await rules()).version;
    const tried = await desk.ask('rules', 'dry-run', strict, '--since', '30d');
    assert.equal(tried.version, version);
    assert.notEqual(tried.tried, version);
    const of = (kind) => tried.kinds.find((k) => k.kind === kind);
    assert.ok(of('vague_address').added > of('vague_address').now);
    assert.equal(of('paid_twice').removed, of('paid_twice').now);
    assert.equal(of('paid_twice').then, 0);
    const { currency, now: cost, then } = of('paid_twice').money[0];
    assert.deepEqual([currency, cost, then], ['CNY', now.paid_twice[0].amount, 0]);
    assert.match((await desk.command('rules', 'dry-run', strict)).out, /orders judged by the rules in force/);
    assert.equal((await rules()).version, version, 'nothing of it is in force');

    const why = await desk.ask('rules', 'explain', now.vague_address[0].number);
    assert.ok(why.findings.some((f) => f.kind === 'vague_address'));
    assert.ok(why.fine.some((f) => f.kind === 'out_of_stock'), 'also what was all right');
    const example = await desk.ask('rules', 'explain', '老地方');
    assert.deepEqual(example.findings.map((f) => f.code), ['words']);
  });
});

test('R61 R122: rules that crash lose nothing, and the desk goes on meanwhile', async () => {
  await withDesk({ isolation: 'process' }, async ({ desk, found }) => {
    const before = await found('vague_address', 'paid_twice');
    const plugin = (await desk.list('plugins')).find((p) => p.name === 'orders');
    process.kill(plugin.pid, 'SIGKILL');
    assert.equal((await desk.command('status')).code, 0);
    await until('it runs again', async () => {
      const at = (await desk.list('plugins')).find((p) => p.name === 'orders');
      return at.state === 'running' && at.starts > plugin.starts;
    });
    await desk.ask('rules', 'sweep');
    await until('swept', async () => !(await desk.ask('rules', 'show')).rules[0].sweeping);
    const after = await found('vague_address', 'paid_twice');
    assert.equal(after.paid_twice.length, before.paid_twice.length);
    const events = await desk.events('problem.found');
    const names = events.map((e) => `${e.facts.order} ${e.facts.kind} ${e.facts.code}`);
    assert.equal(new Set(names).size, names.length, 'nothing is found twice');
  });
});

test('R62: the buyer is asked first, in their chat and language; who does not answer is to be called', async () => {
  const hour = '[rules]\nquiet = ""\nanswer_hours = 1\n';
  await withDesk({ sample: { quick: true, messages_per_hour: 3600 }, extra: hour }, async ({ desk, kinds }) => {
    await desk.ask('back', '--as', 1);
    const one = await until('a problem of a buyer with a chat', async () =>
      Object.values(await kinds()).flat().find((p) => p.chat && ['vague_address', 'late', 'measures'].includes(p.kind)), 60);
    const sent = await desk.ask('problem', 'write', one.number, one.kind, '--as', 1);
    assert.ok(sent.text.includes(one.number) || one.kind === 'addresses', sent.text);
    const shown = await until('it is on record', async () =>
      Object.values(await kinds()).flat().find((p) => p.number === one.number && p.kind === one.kind && p.told_ms));
    assert.equal(shown.told_by, 1);
    assert.deepEqual((await desk.ask('problems', '--call')).problems, [], 'not before the time is over');

    await desk.ask('contact', one.number, 'no', '--as', 1);
    const refused = await desk.command('problem', 'write', one.number, one.kind, '--as', 1);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /not to be contacted/);
  });
  await withDesk({ extra: '[rules]\nquiet = "00:00-24:00"\n' }, async ({ desk, found }) => {
    const now = await found('vague_address');
    const night = await desk.command('problem', 'write', now.vague_address[0].number, 'vague_address', '--as', 1);
    assert.equal(night.code, 1);
    assert.match(night.err, /quiet/);
  });
});

test('R63 R64: what was counted differs from what is shown; orders are sent in the order of payment', async () => {
  await withDesk({}, async ({ desk, found, kinds }) => {
    const now = await found('vague_address');
    const { orders: [order] } = await desk.ask('order', now.vague_address[0].number);
    const sku = order.lines[0].sku;
    await desk.ask('stock-count', 'box', sku, 0, '--as', 1);
    const differs = (await found('stock_differs')).stock_differs[0];
    assert.deepEqual([differs.sku, differs.code], [sku, 'fewer']);
    await desk.ask('rules', 'sweep');
    await until('who paid and cannot be served is told', async () =>
      ((await kinds()).out_of_stock ?? []).some((p) => p.sku === undefined && p.params.sku === sku));
    await desk.ask('problem', 'ignore', `box/${sku}`, 'stock_differs', 'Counted the wrong shelf.', '--as', 1);
    assert.equal((await kinds()).stock_differs, undefined);

    const { orders } = await desk.ask('ship-queue', '--limit', 1000);
    const paid = orders.map((o) => o.paid_ms);
    assert.deepEqual(paid, [...paid].sort((a, b) => a - b));
    const last = orders.at(-1);
    const { orders: [shown] } = await desk.ask('order', last.number);
    assert.deepEqual([shown.ship_place, shown.ship_of], [orders.length, orders.length]);
  });
});

test('R61 R120: of two machines one judges; when it leaves, the other does, and finds nothing twice', async () => {
  const rules = { name: 'orders', id: 'rules-orders' };
  const own = (name) => ({ plugins: name === 'a' ? [sample(), rules] : [rules] });
  const { desks } = await pair({ own });
  const [a, b] = desks;
  await withDesks(desks, async () => {
    await until('both are ready', async () => (await ready(a)) && (await ready(b)), 60);
    const home = async (desk) => (await desk.ask('rules', 'show')).home;
    assert.deepEqual([await home(a), await home(b)].sort(), [false, true]);
    const [first, second] = (await home(a)) ? [a, b] : [b, a];
    const kinds = async (desk) => (await desk.ask('problems', '--limit', 1000)).problems.map((p) => `${p.order} ${p.kind} ${p.code}`).sort();
    await until('found, and here, too', async () => {
      const [one, two] = [await kinds(first), await kinds(second)];
      return one.length >= 7 && one.join() === two.join();
    }, 60);
    assert.equal((await second.ask('rules', 'show')).rules[0].judged, 0);
    const before = await second.events('problem.found');
    await first.stop();
    await until('the other is the home', () => home(second), 60);
    await until('it has swept', async () => {
      const [lane] = (await second.ask('rules', 'show')).rules;
      return lane.judged > 0 && !lane.sweeping;
    }, 60);
    const after = (await second.events('problem.found')).filter((e) => !before.some((o) => o.id === e.id));
    const known = new Set(before.map((e) => `${e.facts.order} ${e.facts.kind} ${e.facts.code}`));
    assert.deepEqual(after.filter((e) => known.has(`${e.facts.order} ${e.facts.kind} ${e.facts.code}`)), []);
    await first.start();
  });
});

test('R44: the buyer is asked whether the order is right, in their language', async () => {
  await withDesk({ sample: { messages_per_hour: 240, quick: true } }, async ({ desk }) => {
    const orders = async () => (await desk.list('orders', '--limit', 400)).filter((o) => o.state === 'paid' && o.name && o.number);
    const of = (pattern) => until('an order', async () => (await orders()).find((o) => pattern.test(o.name + JSON.stringify(o.address))), 30);
    const chinese = await of(/[\u4e00-\u9fff]/);
    const shown = await desk.command('confirm', chinese.number, '--show');
    assert.match(shown.out, new RegExp(`订单 ${chinese.number} 发货前，请您核对：`));
    for (const line of chinese.lines) assert.ok(shown.out.includes(`${line.name} × ${line.quantity}`), shown.out);
    assert.match(shown.out, new RegExp(`收货：${chinese.name}`));

    // Into the chat with the buyer, where there is one.
    const found = await until('a buyer of such an order has a chat', async () => {
      for (const order of await orders()) {
        const { chat, text } = JSON.parse((await desk.command('--json', 'confirm', order.number, '--show')).out);
        if (chat) return { order, chat, text };
      }
      return undefined;
    }, 60);
    await desk.ask('back', '--as', 1);
    const sent = await desk.command('confirm', found.order.number, '--as', 1);
    assert.equal(sent.code, 0, sent.err);
    const { entries } = await desk.ask('chat', found.chat);
    assert.equal(entries.filter((entry) => entry.text === found.text).length, 1);
    const without = (await orders()).map((order) => order.number);
    for (const number of without) {
      const { chat } = JSON.parse((await desk.command('--json', 'confirm', number, '--show')).out);
      if (chat) continue;
      const refused = await desk.command('confirm', number, '--as', 1);
      assert.notEqual(refused.code, 0);
      assert.match(refused.err, /no chat with this buyer/);
      break;
    }
    assert.notEqual((await desk.command('confirm', 'NOTHING-1', '--show')).code, 0);
  });
});
