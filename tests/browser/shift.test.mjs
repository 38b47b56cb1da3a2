// The end of a shift.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bubble, press, row, until, withStage } from './stage.mjs';

// "HH:MM" by UTC, so many minutes from now.
const clock = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);

test('R14: a shift that ends is told, overtime is approved by another, and open chats are handed over', async () => {
  const members = [
    { number: 1, name: 'Ann', weight: 1, role: 'presale', access: 'agent', zone: 'UTC', schedule: [`${clock(-60)}-${clock(10)}`] },
    { number: 2, name: '小李', weight: 0, role: 'supervisor', access: 'owner' },
  ];
  await withStage({ members }, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);
    stage.writes('eve', 'Is the blue one there?', 'Eve');
    await row(ann, 'Eve').click();
    await bubble(ann, 'Is the blue one there?').waitFor();
    await ann.locator('.banner.shift', { hasText: 'Your shift ends in' }).waitFor();
    assert.equal(await li.locator('.banner.shift').count(), 0);

    await press(ann, 'z', 'e');
    await ann.locator('.overtime-choices button').first().click();
    await ann.locator('.banner.shift', { hasText: 'Overtime is asked for' }).waitFor();
    assert.equal(await ann.locator('.banner.overtime').count(), 0, 'one does not approve oneself');
    await li.locator('.banner.overtime', { hasText: 'Ann asks to work on' }).getByRole('button', { name: 'Approve' }).click();
    await li.locator('.banner.overtime').waitFor({ state: 'detached' });
    await ann.locator('.banner.shift').waitFor({ state: 'detached' });

    await press(ann, 'z', 'e');
    assert.equal(await ann.locator('dialog[data-dialog=shift] .overtime-choices').count(), 1);
    await ann.keyboard.type('She has asked twice.');
    await press(ann, 'Enter');
    await ann.locator('.toast', { hasText: '1 chat was handed over' }).waitFor();
    await bubble(li, 'Is the blue one there?').waitFor({ state: 'detached' });
    const handed = await until('the chat is nobody’s', async () => {
      const chat = await stage.desk.ask('chat', 1);
      return chat.entries.some((e) => e.kind === 'released' && e.text === 'She has asked twice.') && chat;
    });
    assert.equal(handed.state, 'queued'); // nobody else takes chats by weight
    const at = (await stage.desk.list('members')).find((one) => one.number === 1);
    assert.equal(at.presence, 'off');
  });
});
