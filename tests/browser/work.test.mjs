// What is promised, asked, opened and called about, from the chat and by keyboard.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { answer, bubble, delivered, press, row, say, until, withStage } from './stage.mjs';

const toast = (page, text) => page.locator('.toast', { hasText: text }).first().waitFor();
const dialog = (page, name) => page.locator(`dialog[data-dialog=${name}]`);

test('R22 R41: a holding reply keeps the time, a colleague is asked and answers into the chat, the promise is kept', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);
    await stage.asked(ann, 'Is there one in blue?');
    await bubble(ann, 'Is there one in blue?').waitFor();
    await press(ann, 'Escape');
    const keys = await press(ann, 'h');
    await dialog(ann, 'hold').waitFor();
    assert.ok(keys + (await press(ann, 'Enter')) <= 2);
    await delivered(ann, 'within 20 minutes');
    assert.deepEqual(stage.sent(), ['I am finding out and will answer you within 20 minutes.']);
    await ann.locator('.card-promises .tag', { hasText: /promised in (19|20) min/ }).waitFor();
    await row(ann, 'Eve').locator('.tag', { hasText: 'promised in' }).waitFor();

    await press(ann, 'A');
    await dialog(ann, 'ask').waitFor();
    await say(ann, 'Do we have it in blue?');
    await li.locator('.asked-me', { hasText: 'Do we have it in blue?' }).waitFor();
    await li.locator('.asked-me a').click();
    await bubble(li, 'Is there one in blue?').waitFor();
    await li.locator('.card-questions', { hasText: 'Do we have it in blue?' }).waitFor();
    await press(li, 'z', 'a');
    await dialog(li, 'answer').waitFor();
    await say(li, 'Five, in the second room.');
    await li.locator('.asked-me').waitFor({ state: 'detached' });
    await ann.locator('.entry .bubble', { hasText: 'Five, in the second room.' }).waitFor();
    await press(ann, 'r');
    await answer(ann, 'Yes, five of them.');
    await press(ann, 'Escape', 'z', 'k');
    await toast(ann, 'The promise is kept.');
    await ann.locator('.card-promises').waitFor({ state: 'detached' });
    // What is between colleagues never reached the buyer.
    assert.deepEqual(stage.sent(), ['I am finding out and will answer you within 20 minutes.', 'Yes, five of them.']);

    // A promise that is due is raised, in a closed chat, too.
    await press(ann, 'h');
    await dialog(ann, 'hold').waitFor();
    await ann.locator('dialog input[type=checkbox]').check();
    await ann.fill('dialog input[type=number]', '1');
    await ann.locator('dialog textarea').fill('A gift with the next parcel');
    await ann.locator('dialog textarea').press('Enter');
    await ann.locator('.card-promises', { hasText: 'A gift with the next parcel' }).waitFor();
    await press(ann, 'e');
    await until('it is late, and in the list', async () =>
      /promised, late/.test(await row(ann, 'Eve').innerText().catch(() => '')), 120);
    await ann.goto(`${stage.base}/ledgers/promises`);
    await ann.locator('td', { hasText: 'A gift with the next parcel' }).waitFor();
    assert.equal(stage.sent().length, 2);
  });
});

test('R47: a chat becomes a case while somebody types in it; the case is worked, settled, and a ledger; a call is written down', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    await stage.asked(ann, 'It came broken!');
    await bubble(ann, 'It came broken!').waitFor();
    await ann.keyboard.type('Dear Eve, I');
    await press(ann, 'Alt+y');
    await dialog(ann, 'case').waitFor();
    await ann.selectOption('.case-kind', 'damaged');
    await press(ann, 'Enter');
    await toast(ann, 'Case 1 is open.');
    await until('the answer goes on', () => ann.evaluate(() => document.activeElement?.tagName === 'TEXTAREA'));
    await ann.keyboard.type(' am sorry.');
    assert.equal(await ann.inputValue('.composer textarea'), 'Dear Eve, I am sorry.');
    await press(ann, 'Enter');
    await delivered(ann, 'Dear Eve, I am sorry.');
    await press(ann, 'Escape', 'l');
    await dialog(ann, 'call').waitFor();
    await say(ann, 'She sends photographs.');
    await ann.locator('.entry', { hasText: 'She sends photographs.' }).waitFor();
    await ann.locator('.card-calls', { hasText: 'She sends photographs.' }).waitFor();

    await ann.locator('.card-cases a', { hasText: 'Case 1' }).click();
    await ann.locator('.case h2', { hasText: 'Case 1' }).waitFor();
    await ann.locator('.case-say textarea').fill('Photographs have come.');
    await ann.locator('.case-say textarea').press('Enter');
    await ann.locator('.case-line', { hasText: 'Photographs have come.' }).waitFor();
    await ann.locator('.case-facts [data-column=state] button').click();
    await ann.selectOption('.cell-field', 'settled');
    await ann.locator('.cell-field').press('Enter');
    await dialog(ann, 'why').waitFor();
    await say(ann, 'A new one was sent.');
    await ann.locator('.case .tag', { hasText: 'Settled' }).waitFor();
    await ann.locator('.case-line', { hasText: 'A new one was sent.' }).waitFor();

    // What happened, for whoever judges it: one archive.
    const [archive] = await Promise.all([ann.waitForEvent('download'), press(ann, 'z', 'x')]);
    assert.equal(archive.suggestedFilename(), 'case-1.zip');
    const read = 'import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);assert z.testzip() is None;print(z.read("case-1.html").decode())';
    const page = execFileSync('python3', ['-X', 'utf8', '-c', read, await archive.path()], { encoding: 'utf8' });
    assert.match(page, /It came broken!/);
    assert.match(page, /A new one was sent\./);

    // The ledger: changed in a cell, out to a file, changed and a new one in it, and back.
    await ann.goto(`${stage.base}/ledgers/cases`);
    const cell = (column) => ann.locator(`td[data-column=${column}]`).first();
    await cell('case').waitFor();
    await cell('title').dblclick();
    await say(ann, '=broken teapot');
    await toast(ann, 'Saved.');
    await cell('title').getByText('=broken teapot').waitFor();
    const [download] = await Promise.all([ann.waitForEvent('download'), press(ann, 'z', 'x')]);
    const text = fs.readFileSync(await download.path(), 'utf8');
    assert.ok(text.startsWith('\ufeffCase,Title,Kind,State,'), text.slice(0, 40));
    assert.ok(text.includes("1,'=broken teapot,Damaged,Settled,"), text);
    const back = `${text.replace("'=broken teapot", "'=teapot")},Cracked cup,Complaint,,,,,,,,,,1\r\n,Of nobody,Complaint\r\n`;
    await press(ann, 'z', 'i');
    await dialog(ann, 'import').waitFor();
    await ann.setInputFiles('.import-file', { name: 'cases.csv', mimeType: 'text/csv', buffer: Buffer.from(back) });
    await ann.locator('dialog', { hasText: '1 change · 1 new row' }).waitFor();
    await ann.locator('dialog .failed', { hasText: 'Line 4: A new case needs a kind, and' }).waitFor();
    await ann.locator('dialog button.primary').click();
    await ann.locator('dialog', { hasText: '2 done.' }).waitFor();
    await press(ann, 'Escape');
    await ann.locator('td[data-column=title]', { hasText: 'Cracked cup' }).waitFor();
    await ann.locator('td[data-column=title]', { hasText: '=teapot' }).waitFor();
    await ann.goto(`${stage.base}/ledgers/complaint`);
    await ann.locator('td[data-column=title]', { hasText: 'Cracked cup' }).waitFor();
    assert.equal(await ann.locator('td[data-column=case]').count(), 1);
  });
});
