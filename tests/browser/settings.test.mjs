// What an owner settles once: shifts, plugins' logs, a backup, a buyer erased.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { bubble, lookAt, press, row, sample, say, until, withStage } from './stage.mjs';

const members = [
  { number: 1, name: 'Ann', weight: 1, role: 'presale', access: 'owner', zone: 'Asia/Shanghai',
    schedule: ['mon-fri 09:00-12:00, 13:00-18:00', 'sat 22:00-06:00', '2399-02-06..2399-02-12 closed', '2026-01-01 closed'] },
  { number: 2, name: '小李', weight: 0, role: 'presale', access: 'agent' },
];

test('an owner erases a buyer after typing what it is about; nobody else can, and the name is gone everywhere', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);
    stage.writes('eve', 'I live at 5 Sea Street', 'Eve');
    await lookAt(li, 'Eve');
    await bubble(li, 'Sea Street').waitFor();
    stage.writes('mia', 'Hello', 'Mia');
    await li.goto(`${stage.base}/settings/erase?chat=1`);
    await li.locator('.settings-nav').waitFor();
    assert.equal(await li.locator('.erase-chat').count(), 0); // an agent has no such section
    await li.goto(`${stage.base}/inbox?view=open`);
    await row(li, 'Eve').click();
    await bubble(li, 'Sea Street').waitFor();

    const number = (await stage.desk.list('chats')).find((chat) => chat.name === 'Eve').chat;
    await row(ann, 'Eve').click();
    await ann.locator('#card a', { hasText: 'Erase this buyer' }).click();
    await ann.locator('.confirm', { hasText: 'Eve' }).waitFor();
    const button = ann.locator('.confirm button[type=submit]');
    await ann.fill('.erase-word', `erase ${number + 1}`);
    assert.ok(await button.isDisabled());
    await press(ann, 'Enter');
    assert.equal((await stage.desk.list('chats')).filter((chat) => chat.name === 'Eve').length, 1);
    await ann.fill('.erase-word', '');
    await ann.locator('.erase-word').focus();
    await say(ann, `erase ${number}`);
    await ann.locator('.toast', { hasText: 'cannot be read any more' }).waitFor();
    await row(li, 'Eve').waitFor({ state: 'detached' });
    await row(li, 'Mia').waitFor();
    await bubble(li, 'Sea Street').waitFor({ state: 'detached' });
    // What is asked for wrongly is said.
    for (const [typed, words] of [['12a', 'digits only'], ['99999', '99999']]) {
      await ann.fill('.erase-chat', typed);
      await press(ann, 'Enter');
      await ann.locator('.error', { hasText: words }).waitFor();
    }
  });
});

test('R7 R15: shifts are shown by day, with what is different on dates to come; a plugin tells its health and its log; a backup is written', async () => {
  await withStage({ members, plugins: [sample] }, async (stage) => {
    const ann = await stage.page(1);
    await ann.goto(`${stage.base}/settings/shifts`);
    const week = ann.locator('.cards li', { hasText: 'Ann' }).locator('td');
    await week.first().waitFor();
    const hours = (await week.allInnerTexts()).map((text) => text.replace(/\s+/g, ' '));
    assert.equal(hours[0], '09:00–12:00 13:00–18:00');
    assert.equal(hours[5], '22:00–24:00');
    assert.equal(hours[6], '00:00–06:00');
    const dates = ann.locator('.cards li', { hasText: 'Ann' }).locator('ul li');
    assert.deepEqual(await dates.allInnerTexts(), ['2399-02-06 – 2399-02-12: off']);
    await ann.locator('.cards li', { hasText: '小李' }).locator('text=always').waitFor();

    await ann.goto(`${stage.base}/settings/plugins`);
    const box = ann.locator('.cards li', { hasText: 'box' });
    await box.locator('text=Running').waitFor();
    assert.match(await box.innerText(), /process \d+|inside the desk/);
    await box.locator('button', { hasText: 'Restart' }).click();
    await until('it runs again', async () => /2 starts|started 2 times/.test(await box.innerText()));
    await box.locator('button', { hasText: 'Log' }).click();
    await ann.locator('dialog .log li', { hasText: 'Started' }).first().waitFor();
    await press(ann, 'Escape');

    const file = path.join(stage.desk.folder, 'kept.backup');
    await ann.goto(`${stage.base}/settings/upkeep`);
    await ann.fill('input[placeholder*=backup]', 'not/absolute');
    await press(ann, 'Enter');
    await ann.locator('.error', { hasText: 'absolute' }).waitFor();
    await ann.fill('input[placeholder*=backup]', file);
    await press(ann, 'Enter');
    await ann.locator('[role=status]', { hasText: file }).waitFor();
    assert.ok(fs.statSync(file).size > 1_000);
  });
});
