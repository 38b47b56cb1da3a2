// An agent trains with a recorded buyer; nothing of it reaches the desk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { press, say, speak, until, withStage } from './stage.mjs';

test('R31: a recorded buyer is answered against the clock by keyboard, marked, and leaves no trace on the desk', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    await stage.phrase(ann, 'look', 'Hello {buyer}, I am sorry! I will check it at once.');
    const before = (await stage.desk.events()).length;
    await press(ann, 'g', 'p');
    await ann.locator('h1', { hasText: 'Practice' }).waitFor();
    assert.equal(await ann.locator('.practice-list li').count(), 5);
    await press(ann, 'n');
    await ann.locator('.practice-entries .entry.theirs', { hasText: 'T-1042' }).waitFor();
    await ann.locator('.rehearse .tag.wait', { hasText: 'target 30 s' }).waitFor();
    // With a phrase; then an answer that says nothing of what was asked.
    await ann.keyboard.type('/look');
    await ann.locator('.phrases').waitFor();
    await press(ann, 'Enter', 'Enter');
    await ann.locator('.entry.ours', { hasText: 'Hello Emma' }).waitFor();
    await say(ann, 'Well.');
    await ann.locator('.entry.theirs', { hasText: 'And when will I know?' }).waitFor();
    for (const text of ['I ask the courier and write today.', 'You would get a replacement.', 'Thank you; I write within two hours.']) {
      await say(ann, text);
    }
    const result = ann.locator('.practice-score');
    await result.waitFor();
    const points = Number(/^(\d+) of 100/.exec(await result.innerText())[1]);
    assert.ok(points > 30 && points <= 100, `${points} points`);
    assert.equal(await ann.locator('.practice-result tbody tr').count(), 4);
    await press(ann, 'Escape');
    await ann.goto(`${stage.base}/practice`);
    await ann.locator('.practice-list .tag', { hasText: `Best: ${points}` }).waitFor();

    await speak(ann, 'zh');
    await ann.goto(`${stage.base}/practice/angry`);
    await ann.locator('.practice-entries .entry.theirs', { hasText: '第三次' }).waitFor();
    await say(ann, '非常抱歉，我马上核实');
    await until('the next one came', async () => (await ann.locator('.practice-entries .entry.theirs').count()) === 2);

    assert.equal((await stage.desk.events()).length, before);
    assert.deepEqual(stage.sent(), []);
    assert.equal((await stage.desk.ask('status')).chats.open, 0);
  });
});
