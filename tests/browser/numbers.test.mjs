// The figures of the desk, as a picture and as a table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, press, row, until, withStage } from './stage.mjs';

test('how much was asked and answered is shown by day, hour, member and shop', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    await press(ann, 'g', 'n');
    await ann.locator('.empty').waitFor();
    await press(ann, 'g', 'i');
    stage.writes('eve', 'Hello', 'Eve');
    stage.writes('mia', 'Hello', 'Mia');
    stage.writes('mia', 'Hello again', 'Mia');
    await row(ann, 'Eve').waitFor();
    await row(ann, 'Mia').click();
    await press(ann, 'r');
    await answer(ann, 'Hello Mia');
    await press(ann, 'Escape', 'g', 'n');
    const tile = async (name) => ann.locator('.tile', { hasText: name }).locator('dd').innerText();
    await ann.locator('.tile').first().waitFor();
    assert.equal(await tile('Messages'), '3');
    assert.equal(await tile('Chats begun'), '2');
    assert.equal(await tile('Answers'), '1');
    assert.match(await tile('First reply'), /^\d+ (s|min)/);
    assert.match(await tile('Within the target'), /^100 %\s*1 of 1$/);
    assert.match(await tile('Led to an order'), /^0 %\s*0 of 2$/);
    const cells = async (label) =>
      (await ann.locator(`.table[aria-label="${label}"] tbody tr`).allInnerTexts()).map((one) => one.split('\t').slice(0, 5));
    assert.deepEqual((await cells('By member')).map((one) => one.slice(0, 2)), [['Ann', '1']]);
    assert.deepEqual(await cells('By shop'), [['shop', '3', '2', '0 %', '1']]);
    // The picture is drawn, and the keyboard reaches the same as a table.
    await until('both charts are drawn', async () => (await ann.locator('.chart canvas').count()) === 2);
    assert.equal(await ann.locator('.chart-box:not([aria-hidden=true])').count(), 0);
    await ann.locator('summary').nth(1).focus();
    await press(ann, 'Enter');
    const hours = await cells('By hour of the day');
    assert.equal(hours.length, 24);
    assert.equal(hours.reduce((sum, one) => sum + Number(one[1]), 0), 3);
    // The span is chosen by a click, and is part of the address.
    const chosen = () => ann.locator('.screen .queue-view[aria-current]').innerText();
    for (const screen of ['numbers', 'split']) {
      await ann.goto(`${stage.base}/${screen}`);
      assert.equal(await chosen(), '7 days');
      await ann.locator('.screen .queue-view', { hasText: '30 days' }).click();
      await until('it is chosen', async () => (await chosen()) === '30 days');
      assert.equal(new URL(ann.url()).search, '?days=30');
      await ann.locator('.panel').first().waitFor();
    }
  });
});
