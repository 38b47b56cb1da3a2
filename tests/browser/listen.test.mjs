// The listening room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bubble, press, row, until, withStage } from './stage.mjs';

test('R26: a supervisor hears any chat of an agent live, and the agent sees who listens, and when it ends', async () => {
  const members = [
    { number: 1, name: 'Ann', weight: 0, role: 'presale', access: 'owner' },
    { number: 2, name: '小李', weight: 1, role: 'presale', access: 'agent' },
  ];
  await withStage({ members }, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);
    for (const name of ['Eve', 'Mia']) {
      stage.writes(name.toLowerCase(), `I am ${name}.`, name);
      await row(li, name).waitFor();
    }
    await row(li, 'Eve').click();
    await bubble(li, 'I am Eve.').waitFor();
    assert.equal(await li.locator('.banner.listeners').count(), 0);

    await press(ann, 'g', 'h');
    await ann.locator('h1', { hasText: 'Listen' }).waitFor();
    await press(ann, 'j');
    await li.locator('.banner.listeners', { hasText: 'Ann listens to you' }).waitFor();
    await li.locator('.conversation-facts .tag', { hasText: 'Ann listens' }).waitFor();
    await bubble(ann, 'I am Eve.').waitFor();
    await press(li, 'r');
    await li.keyboard.type('Dear Eve, one mom');
    await ann.locator('.entry.draft', { hasText: 'Dear Eve, one mom' }).waitFor();
    await press(li, 'Enter');
    await ann.locator('.entry.ours', { hasText: 'Dear Eve, one mom' }).waitFor();
    await press(ann, 'n');
    await bubble(ann, 'I am Mia.').waitFor();
    stage.writes('mia', 'Another word', 'Mia');
    await bubble(ann, 'Another word').waitFor();
    await press(ann, 'g', 'i');
    await li.locator('.banner.listeners').waitFor({ state: 'detached' });

    // An agent hears nobody.
    await press(li, 'Escape', 'g', 'h');
    await li.locator('.empty', { hasText: 'owners and supervisors' }).waitFor();
    await until('nobody listens', async () => (await ann.locator('.banner.listeners').count()) === 0);
  });
});
