// What is lost on the way between browser and desk, and what is killed: nothing is lost or doubled.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import {
  answer, bubble, chromiumPath, delivered, password, press, requireWeb, row, say, Stage, until, withStage,
} from './stage.mjs';

const { chromium } = requireWeb('playwright-core');
const cutMs = 60_000;

test('the WebSocket is cut for 60 s, after answers of the desk were lost on the way: nothing is lost or doubled', async () => {
  await withStage({ line: true }, async (stage) => {
    const ann = await stage.page(1);
    await stage.asked(ann);
    await answer(ann, 'before');
    // The desk gets this one, and its word of that is lost: nobody can tell from here.
    stage.line.lose({ down: true });
    await say(ann, 'was it sent?');
    await until('the shop has sent it', () => stage.sent().includes('was it sent?'));
    // Then nothing gets through, without a word: the page finds out by itself.
    stage.line.lose({ up: true, down: true });
    await say(ann, 'into the void');
    await ann.locator('.banner').waitFor({ timeout: 90_000 });

    stage.line.cut();
    const since = Date.now();
    await say(ann, 'while it is cut');
    await ann.keyboard.type('A draft that nobody has seen');
    stage.writes('eve', 'Hello? Are you there?', 'Eve');
    stage.writes('mia', 'I am new here', 'Mia');
    await until('the desk has both', async () => (await stage.desk.ask('status')).chats.open === 2);
    await ann.locator('.banner', { hasText: '3 answers wait' }).waitFor();
    // As long as it lasts the page says so, and loses nothing of what is being written.
    await until('a minute has passed', async () => {
      assert.equal(await ann.locator('.banner').count(), 1);
      return Date.now() - since >= cutMs;
    }, cutMs / 1000 + 30);
    assert.deepEqual(stage.sent(), ['before', 'was it sent?']);
    assert.equal(await ann.inputValue('.composer textarea'), 'A draft that nobody has seen');

    stage.line.mend();
    await ann.locator('.banner').waitFor({ state: 'detached', timeout: 60_000 });
    for (const text of ['was it sent?', 'into the void', 'while it is cut']) await delivered(ann, text);
    await bubble(ann, 'Hello? Are you there?').waitFor();
    await row(ann, 'Mia').waitFor();
    assert.equal(await ann.inputValue('.composer textarea'), 'A draft that nobody has seen');
    await press(ann, 'Enter');
    await delivered(ann, 'A draft that nobody has seen');
    const all = ['before', 'was it sent?', 'into the void', 'while it is cut', 'A draft that nobody has seen'];
    assert.deepEqual(stage.sent(), all);
    assert.equal(await ann.locator('.entry.ours').count(), all.length);
    assert.equal(await ann.locator('.entry.theirs').count(), 2);
    assert.equal((await stage.desk.events('reply.requested')).length, all.length);
  });
});

// A browser with a folder of its own, which a test may kill.
async function ownBrowser(folder) {
  fs.rmSync(path.join(folder, 'DevToolsActivePort'), { force: true });
  const process_ = spawn(chromiumPath, [
    '--headless=new', '--no-sandbox', '--no-first-run', '--disable-gpu', '--lang=en-GB', '--remote-debugging-port=0',
    `--user-data-dir=${folder}`, 'about:blank',
  ], { stdio: 'ignore' });
  const ended = new Promise((resolve) => process_.once('exit', resolve));
  const port = await until('the browser listens', () =>
    fs.readFileSync(path.join(folder, 'DevToolsActivePort'), 'utf8').split('\n')[0], 60);
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const context = browser.contexts()[0];
  return {
    page: async () => context.pages()[0] ?? context.newPage(),
    kill: async () => {
      process_.kill('SIGKILL');
      await ended;
      await browser.close().catch(() => {});
    },
  };
}

test('a draft survives kill -9 of the browser and of the desk together', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'deskmate-browser-'));
  const stage = await Stage.open();
  let own;
  try {
    own = await ownBrowser(folder);
    let page = await own.page();
    await page.goto(await stage.link(1));
    await page.fill('input[name=new-password]', password);
    await press(page, 'Tab');
    await say(page, password);
    await page.waitForSelector('.queue');
    stage.writes('eve', 'Where is it?', 'Eve');
    await row(page, 'Eve').waitFor();
    await press(page, 'j', 'r');
    await page.keyboard.type('Dear Eve, it has left our house and');
    const kept = async () => (await stage.desk.ask('chat', 1)).drafts.some((draft) => draft.text.endsWith('house and'));
    await until('the desk has the draft', kept);
    await Promise.all([own.kill(), stage.desk.stop('SIGKILL')]);

    await stage.desk.start();
    own = await ownBrowser(folder);
    page = await own.page();
    await page.goto(`${stage.base}/inbox/1?view=open`);
    // Whether the browser had written the cookie down is its own affair.
    await page.locator('input[name=password], .composer textarea').first().waitFor();
    if ((await page.locator('input[name=password]').count()) > 0) {
      await page.selectOption('select[name=member]', '1');
      await page.locator('input[name=password]').focus();
      await say(page, password);
    }
    await page.locator('.composer textarea').waitFor();
    await until('the draft is there', async () =>
      (await page.inputValue('.composer textarea')) === 'Dear Eve, it has left our house and');
    await press(page, 'r', 'End');
    await page.keyboard.type(' comes tomorrow.');
    await press(page, 'Enter');
    await until('it is delivered', () => stage.sent().length === 1);
    assert.deepEqual(stage.sent(), ['Dear Eve, it has left our house and comes tomorrow.']);
  } finally {
    await own?.kill();
    await stage.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('R9: with 50 chats a member is suspended, and the next one is the other’s; both consoles say so', async () => {
  const members = [
    { number: 1, name: 'Ann', weight: 1, role: 'presale', access: 'owner' },
    { number: 2, name: '小李', weight: 1, role: 'presale', access: 'agent' },
  ];
  await withStage({ members }, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);
    await stage.desk.ask('off', '--as', 2);
    const many = 50;
    for (let i = 0; i < many; ++i) stage.writes(`b${i}`, `Question ${i}`, `Buyer ${i}`);
    await ann.locator('.queue-view[aria-current]', { hasText: String(many) }).waitFor();
    await ann.locator('.me', { hasText: 'Full' }).waitFor();
    stage.writes('late', 'And me?', 'Late');
    await press(ann, 'v', 'q');
    await row(ann, 'Late').waitFor(); // nobody has it
    await press(li, 'p', '1');
    await row(li, 'Late').waitFor(); // hers, since she is there
    await press(li, 'j', 'r');
    await answer(li, 'I am here.');
    // One closed: she takes chats again.
    await press(ann, 'v', 'm', 'j', 'e');
    await ann.locator('.me', { hasText: 'Online' }).waitFor();
  });
});
