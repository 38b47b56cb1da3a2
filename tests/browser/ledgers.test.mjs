// Ledgers as sheets, by keyboard, and out of and into a file.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { press, sample, say, until, withStage } from './stage.mjs';

const bom = '\ufeff';
const cells = (page, column) => page.locator(`td[data-column=${column}]`).allInnerTexts();
const focusedCell = (page) => page.evaluate(() => document.activeElement?.dataset.column ?? document.activeElement?.className);

// What the page saves, as text.
async function saved(page, work) {
  const [download] = await Promise.all([page.waitForEvent('download'), work()]);
  return { name: download.suggestedFilename(), text: fs.readFileSync(await download.path(), 'utf8') };
}

async function bring(page, text, name = 'back.csv') {
  await press(page, 'z', 'i');
  await page.locator('dialog[data-dialog=import]').waitFor();
  await page.setInputFiles('.import-file', { name, mimeType: 'text/csv', buffer: Buffer.from(text) });
}

test('R104: a sheet sorts, filters and is changed by keyboard; it goes out to a file and comes back', async () => {
  await withStage({ plugins: [sample] }, async (stage) => {
    await stage.chatWith('an order', () => true);
    const ann = await stage.page(1);
    await press(ann, 'g', 'l');
    await ann.locator('h1', { hasText: 'Ledgers' }).waitFor();
    await ann.goto(`${stage.base}/ledgers/orders`);
    await ann.locator('td[data-column=number]').first().waitFor();
    const before = (await cells(ann, 'number')).length;
    assert.ok(before >= 2, `${before} orders`);

    await ann.locator('.sort', { hasText: 'Total' }).click();
    await ann.locator('th[aria-sort=ascending]', { hasText: 'Total' }).waitFor();
    const totals = (await cells(ann, 'total')).map((text) => Number(text.replace(/[^0-9.]/g, '')));
    assert.deepEqual(totals, [...totals].sort((a, b) => a - b));
    await ann.locator('.sort', { hasText: 'Total' }).click();
    await ann.locator('th[aria-sort=descending]', { hasText: 'Total' }).waitFor();

    // One order by its words; its cells by the arrows; a note that the shop gets.
    const number = (await cells(ann, 'number'))[0];
    await press(ann, '/');
    await ann.keyboard.type(number.toLowerCase());
    await until('one is left', async () => (await cells(ann, 'number')).length === 1);
    await press(ann, 'Escape', 'j');
    await until('its first cell has the focus', async () => (await focusedCell(ann)) === 'number');
    await press(ann, 'ArrowRight');
    assert.equal(await focusedCell(ann), 'shop');
    await press(ann, 'Enter'); // nothing to change there
    assert.equal(await ann.locator('.cell-field').count(), 0);
    await press(ann, 'End', 'Enter');
    await ann.locator('.cell-field').waitFor();
    await ann.keyboard.type('not this');
    await press(ann, 'Escape');
    assert.equal(await focusedCell(ann), 'note');
    await press(ann, 'Enter');
    await say(ann, 'Gift wrap, please');
    await ann.locator('.toast', { hasText: 'Saved' }).waitFor();
    const noted = async () => (await stage.desk.ask('order', number)).orders[0].requests.filter((one) => one.kind === 'order_note');
    await until('the shop has the note', async () => (await noted()).some((one) => one.state === 'done'), 30);
    assert.equal((await noted()).length, 1);
    await press(ann, 'Home', 'Enter');
    await ann.locator('.order[open]', { hasText: number }).waitFor();

    // Out: what is shown, for spreadsheet programs.
    await ann.goto(`${stage.base}/ledgers/orders`);
    await ann.locator('td[data-column=number]').first().waitFor();
    const file = await saved(ann, () => press(ann, 'z', 'x'));
    assert.match(file.name, /^orders-\d{4}-\d\d-\d\d\.csv$/);
    assert.ok(file.text.startsWith(`${bom}Order,Shop,Buyer,`), file.text.slice(0, 60));
    assert.ok(file.text.includes(number));
    assert.ok(!/(^|,|\n)"?[=+@-]/.test(file.text), 'a formula is left');
    const lines = file.text.trim().split('\r\n');
    assert.equal(lines.length, 1 + (await cells(ann, 'number')).length);

    // Back, as it was: nothing to do. With a note: one thing, after it was looked at.
    await bring(ann, file.text);
    await ann.locator('dialog', { hasText: '0 changes' }).waitFor();
    assert.equal(await ann.locator('dialog button.primary').count(), 0);
    await press(ann, 'Escape');
    const back = `${bom}Order,Add a note,Total\r\n${number},'=SUM(A1) from the file,\r\nNOBODY-1,x,\r\n`;
    await bring(ann, back);
    await ann.locator('dialog', { hasText: 'NOBODY-1' }).waitFor();
    await ann.locator('dialog .steps', { hasText: number }).waitFor();
    await ann.locator('dialog button.primary').click();
    await ann.locator('dialog', { hasText: '1 done.' }).waitFor();
    await press(ann, 'Escape');
    await until('the shop has that note, too', async () => (await noted()).filter((one) => one.state === 'done').length === 2, 30);
    await bring(ann, 'Order,"Buyer\r\n1');
    await ann.locator('dialog .error', { hasText: 'Line 1' }).waitFor();
    await press(ann, 'Escape');

    await ann.goto(`${stage.base}/ledgers/actions`);
    await until('both notes are in the ledger of actions', async () => (await cells(ann, 'number')).filter((one) => one === number).length >= 2);
    await ann.goto(`${stage.base}/ledgers/parcels`);
    await ann.locator('td[data-column=tracking], .empty').first().waitFor();
  });
});

test('R60: an order is found by name, waybill, telephone number and address', async () => {
  await withStage({ plugins: [sample] }, async (stage) => {
    const { chat, order } = await stage.chatWith('a parcel', (one) => one.name && one.parcels[0]?.tracking);
    const { account } = await stage.desk.ask('chat', chat);
    const ann = await stage.page(1);
    await press(ann, 'g', 'o');
    await ann.locator('.order').first().waitFor();
    const wanted = [order.name, order.parcels[0].tracking, account.phone, account.phone.replace(/^\+86/, ''), account.email];
    for (const text of wanted) {
      await ann.fill('.orders-find', text);
      await ann.locator('.orders-find').press('Enter');
      await ann.locator('h2', { hasText: 'found' }).waitFor();
      await ann.locator('.order[open]', { hasText: order.number }).first().waitFor();
      await ann.goto(`${stage.base}/orders`);
      await ann.locator('h2', { hasText: 'Latest' }).waitFor();
    }
  });
});

test('R91 R94: a case says what may be given, and more for a buyer in need', async () => {
  await withStage({ plugins: [sample, { name: 'returns', id: 'rules-returns' }] }, async (stage) => {
    const order = await until('an order', async () => (await stage.desk.list('orders')).find((o) => o.number && o.paid > 0));
    const { case: number } = await stage.desk.ask('case', 'open', 'quality', '--order', order.number, 'It has a scratch.', '--as', 1);
    const ann = await stage.page(1);
    await ann.goto(`${stage.base}/ledgers/cases/${number}`);
    const advice = ann.locator('.case-advice');
    await advice.locator('li', { hasText: 'Still to be sent by the buyer: the item' }).waitFor();
    await advice.locator('li', { hasText: 'A small fault' }).waitFor();
    await advice.getByRole('checkbox', { name: 'The buyer is in need' }).check();
    await advice.locator('li', { hasText: 'A hardship' }).waitFor();
    await ann.locator('.case-lines', { hasText: 'the buyer is in need' }).waitFor();
    assert.equal((await stage.desk.ask('case', 'show', number)).hardship, true);
  });
});

test('a viewer reads sheets and saves them, and changes nothing', async () => {
  const members = [
    { number: 1, name: 'Ann', weight: 1, role: 'presale', access: 'owner' },
    { number: 2, name: 'Vi', weight: 0, role: 'presale', access: 'viewer' },
  ];
  await withStage({ members, plugins: [sample] }, async (stage) => {
    await stage.chatWith('an order', () => true);
    const vi = await stage.page(2);
    await vi.goto(`${stage.base}/ledgers/orders`);
    await vi.locator('td[data-column=number]').first().waitFor();
    assert.equal(await vi.locator('.sheet-bar button').count(), 1);
    await press(vi, 'j', 'End', 'Enter', 'z', 'i');
    assert.equal(await vi.locator('.cell-field, dialog').count(), 0);
    const file = await saved(vi, () => press(vi, 'z', 'x'));
    assert.ok(file.text.startsWith(bom));
  });
});
