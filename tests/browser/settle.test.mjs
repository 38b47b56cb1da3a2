// What went wrong is settled in a few keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delivered, press, sample, say, until, withStage } from './stage.mjs';

test('an answer of which nobody knows is settled by x and Enter', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    await stage.asked(ann);
    stage.doubt();
    await say(ann, 'Did this go out?');
    await ann.locator('.entry.ours [data-outcome=unknown]').waitFor({ timeout: 120_000 });
    await press(ann, 'Escape');
    assert.equal(await press(ann, 'x', 'Enter'), 2); // it was done
    await delivered(ann, 'Did this go out?');
    assert.deepEqual(stage.sent(), []);
  });
});

test('a stuck parcel is settled within 8 keys from the ledger of problems: refunded, and another sent again', async () => {
  await withStage({ plugins: [sample] }, async (stage) => {
    const ann = await stage.page(1);
    const focused = () => ann.evaluate(() => document.activeElement?.textContent);
    const open = async (down) => {
      await ann.goto(`${stage.base}/ledgers/problems`);
      await ann.locator('td[data-column=number]').nth(down - 1).waitFor({ timeout: 60_000 });
      let keys = await press(ann, ...Array(down).fill('j'));
      const number = await focused();
      keys += await press(ann, 'Enter');
      const card = ann.locator('.order[open]', { hasText: number });
      await card.locator('.order-acts').waitFor();
      await card.locator('.parcel.trouble').first().waitFor();
      keys += await press(ann, 'a');
      return { card, keys };
    };
    const settle = async (down, action, kind) => {
      const { card, ...begun } = await open(down);
      let { keys } = begun;
      while (keys < 8 && (await focused()) !== action) keys += await press(ann, 'Tab');
      keys += await press(ann, 'Enter');
      await ann.locator(`dialog[data-dialog=action-${kind}]`).waitFor();
      keys += await press(ann, 'Enter');
      await card.locator('.request', { hasText: action }).locator('[data-outcome=done]').waitFor();
      return keys;
    };
    const refund = await settle(1, 'Refund', 'refund');
    const resend = await settle(1, 'Send again', 'resend');
    const other = await settle(2, 'Coupon', 'coupon');
    assert.ok(Math.max(refund, resend, other) <= 8, `${refund}, ${resend} and ${other} keys`);
    for (const kind of ['refund', 'resend', 'coupon']) assert.equal((await stage.desk.events(`${kind}.done`)).length, 1);
  });
});

test('R61 R80 R81 R82 R123: a lost parcel is found, offered for, approved by the other owner, and made good once', async () => {
  await withStage({ plugins: [sample, { name: 'parcels', id: 'rules-parcels' }] }, async (stage) => {
    const { desk } = stage;
    await desk.ask('authority', 'set', 'settlements_month', 0);
    const ann = await stage.page(1);
    const li = await stage.page(2);
    await press(ann, 'g', 'r');
    await ann.getByRole('heading', { name: 'Problems' }).waitFor();

    // A parcel of a buyer who has written; somebody hears from the courier that it is lost.
    const { order } = await stage.chatWith('a parcel', (one) => one.payment === 'paid' && one.parcels.length > 0);
    await desk.ask('parcel-say', order.parcels[0].id, '--status', 'lost', '--as', 1);
    const found = ann.locator('.order', { hasText: order.number }).locator('.problem[data-kind=parcel_lost]');
    await found.getByText('The courier has lost it').waitFor();
    await found.getByRole('button', { name: 'Offer: refund and a coupon' }).focus();
    await press(ann, 'Enter');
    const dialog = ann.locator('dialog[data-dialog=offer-refund_coupon]');
    await dialog.locator('textarea').waitFor();
    assert.match(await dialog.locator('textarea').inputValue(), /We would settle it like this: Refund .*, Coupon/);
    await press(ann, 'Enter');
    await dialog.waitFor({ state: 'detached' });

    // Beyond her authority: the other one is asked.
    await press(ann, 'Escape');
    await ann.goto(`${stage.base}/problems/offers`);
    await ann.locator('.offer[data-state=read_back]', { hasText: 'Beyond the authority: settlements a month' }).waitFor();
    assert.equal(await ann.getByRole('button', { name: 'Approve…' }).count(), 0);
    await li.goto(`${stage.base}/problems/approvals`);
    await li.getByRole('button', { name: 'Approve…' }).click();
    await say(li, 'The courier pays.');
    await li.getByText('Nothing waits for an approval').waitFor();

    await ann.goto(`${stage.base}/orders/${order.number}`);
    const card = ann.locator(`.order[open]`, { hasText: order.number });
    await card.getByText('The courier pays.').waitFor();
    await card.getByRole('button', { name: 'The buyer agrees' }).click();
    const said = ann.locator('dialog[data-dialog=words]');
    const settled = card.locator('.offer[data-state=settled]');
    await said.or(settled).first().waitFor(); // the buyer may have answered meanwhile
    if (await said.count()) await say(ann, 'Yes, she said on the telephone.');
    await settled.waitFor();
    for (const kind of ['refund', 'coupon']) {
      assert.equal((await desk.events(`${kind}.done`)).filter((e) => e.type).length, 1, kind);
    }
    // The parcel must not arrive as well.
    await until('it is to be stopped', async () => {
      await desk.ask('rules', 'sweep');
      return (await desk.ask('problems', '--kind', 'parcel_back')).problems.length === 1;
    });
  });
});
