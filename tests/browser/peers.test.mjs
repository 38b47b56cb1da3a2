// Two machines, two consoles, one line between them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pair, ready, withDesks } from '../lib/pair.mjs';
import { freePort } from '../lib/port.mjs';
import { answer, bubble, consoleAt, delivered, launch, press, row, say, scripted, Stage, until } from './stage.mjs';

test('R7 R8: the line is cut and mended: both consoles say so, one takes over, both end with the same', async () => {
  const shop = fs.mkdtempSync(path.join(os.tmpdir(), 'deskmate-shop-'));
  const ports = { a: await freePort(), b: await freePort() };
  const plugins = [scripted(shop)]; // both read the shop, as both read a mailbox
  const { desks, line } = await pair({
    weights: [1, 0], line: true, own: (name) => ({ ...consoleAt(ports[name]), plugins }),
  });
  const browser = await launch();
  await withDesks(desks, async () => {
    const [a, b] = desks.map((desk, i) => Stage.over(desk, `http://127.0.0.1:${i === 0 ? ports.a : ports.b}`, shop, browser));
    for (const desk of desks) await until('the peers are ready', () => ready(desk), 60);
    const ann = await a.page(1);
    const bo = await b.page(2);
    await press(ann, 'v', 'e');
    await press(bo, 'v', 'e');
    a.writes('eve', 'Where is my parcel?', 'Eve');
    await row(ann, 'Eve').waitFor();
    await row(bo, 'Eve').locator('.tag', { hasText: 'Ann' }).waitFor();
    await press(ann, 'j', 'r');
    await answer(ann, 'It is on its way.');
    await press(bo, 'j');
    await bubble(bo, 'It is on its way.').waitFor();
    assert.equal(await ann.locator('.banner').count() + (await bo.locator('.banner').count()), 0);

    line.cut();
    await ann.locator('.banner', { hasText: 'No connection to b' }).waitFor();
    await bo.locator('.banner', { hasText: 'No connection to' }).waitFor();
    a.writes('eve', 'It is not here yet!', 'Eve');
    await bubble(ann, 'It is not here yet!').waitFor();
    await bubble(bo, 'It is not here yet!').waitFor();
    // Not his: refused, with the reason; what he wrote stays his to send.
    await press(bo, 'r');
    await say(bo, 'I have asked the courier.');
    await bo.locator('.entry.sending [data-outcome=refused]').waitFor();
    assert.deepEqual(a.sent(), ['It is on its way.']);
    await press(bo, 'Escape', 'c');
    await bo.locator('.conversation-facts .tag.mine').waitFor();
    await bo.locator('.entry.sending .resolve button').first().click();
    await delivered(bo, 'I have asked the courier.');

    line.mend();
    await ann.locator('.banner').waitFor({ state: 'detached' });
    await bo.locator('.banner').waitFor({ state: 'detached' });
    await bubble(ann, 'I have asked the courier.').waitFor();
    await row(ann, 'Eve').locator('.tag', { hasText: 'Bo' }).waitFor();
    assert.deepEqual(a.sent(), ['It is on its way.', 'I have asked the courier.']);
    const seen = (page) => page.locator('.entry:not(.system) .bubble').allInnerTexts();
    await until('both show the same', async () => (await seen(ann)).join('|') === (await seen(bo)).join('|'));
    assert.equal((await seen(ann)).length, 4);
    const states = async () => Promise.all(desks.map(async (desk) => (await desk.ask('status')).state_hash));
    await until('both have the same state', async () => new Set(await states()).size === 1);
    assert.deepEqual([...a.faults(), ...b.faults()], []);
  }).finally(async () => {
    await browser.close();
    line.end();
    fs.rmSync(shop, { recursive: true, force: true });
  });
});
