// What went wrong is settled in a few keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delivered, press, sample, say, withStage } from './stage.mjs';

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
