// A desk with a console, and browsers in which members are logged in.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Desk, build, patience, until } from '../lib/desk.mjs';
import { Line } from '../lib/pair.mjs';
import { freePort } from '../lib/port.mjs';

export const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
export const requireWeb = createRequire(path.join(here, '../../plugins/console/web/package.json'));
const { chromium } = requireWeb('playwright-core');

export const password = 'correct horse battery';
const waitMs = 20_000 * patience;
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const two = [
  { number: 1, name: 'Ann', weight: 1, role: 'presale', access: 'owner' },
  { number: 2, name: '小李', weight: 0, role: 'presale', access: 'agent' },
];

export const sizes = { laptop: { width: 1280, height: 800 }, phone: { width: 390, height: 800 } };

export const launch = () => chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
// Of a desk's options.
export const consoleAt = (port) => ({
  console: [`127.0.0.1:${port}`],
  plugin_folders: [path.join(build, 'plugins'), path.join(here, 'plugins')],
});
// A shop whose buyers write what a test puts into the folder.
export const scripted = (folder) => ({ name: 'shop', id: 'shop-scripted', settings: { folder } });

// Shops with orders and parcels, and buyers who write by themselves.
export const sample = { name: 'box', id: 'shop-sample', settings: { seed: 7, quick: true } };

export class Stage {
  pages = [];

  // With `line`, browsers reach the desk through one (stage.line) only.
  // With `quality`, the rules look at what is sent.
  static async open({ line = false, quality = false, ...options } = {}) {
    const stage = new Stage();
    const port = await freePort();
    if (line) stage.line = await Line.to(port);
    stage.base = `http://127.0.0.1:${stage.line?.port ?? port}`;
    const hosts = line && { hosts: [`127.0.0.1:${stage.line.port}`] };
    stage.desk = new Desk({ members: two, ...consoleAt(port), ...hosts, ...options, plugins: [] });
    stage.shop = stage.desk.folder;
    stage.desk.writeConfig({ ...stage.desk.options, plugins: options.plugins ?? [scripted(stage.shop), ...(quality ? [{ name: 'quality', id: 'rules-quality' }] : [])] });
    await stage.desk.start();
    if (quality) await until('the rules look', async () => (await stage.desk.ask('rules', 'show')).rules[0]?.judges === 'drafts');
    stage.browser = await launch();
    return stage;
  }

  // Over a desk that runs, with a browser that is another stage's, too.
  static over(desk, base, shop, browser) {
    return Object.assign(new Stage(), { desk, base, shop, browser });
  }

  // A buyer writes.
  writes(buyer, text, name = buyer) {
    fs.appendFileSync(path.join(this.shop, 'in.jsonl'), JSON.stringify({ buyer, name, text }) + '\n');
  }

  // The shop takes nothing, or again.
  hold(held = true) { this.#mark('held', held); }

  // The shop cannot tell what it has sent, or again.
  doubt(doubts = true) { this.#mark('doubt', doubts); }

  #mark(name, there) {
    const file = path.join(this.shop, name);
    if (there) fs.writeFileSync(file, '');
    else fs.rmSync(file);
  }

  // What the shop was told to send, in order.
  told() {
    const file = path.join(this.shop, 'sent.jsonl');
    if (!fs.existsSync(file)) return [];
    return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }
  sent() {
    return this.told().map((one) => one.text);
  }

  async link(member) {
    const { out } = await this.desk.command('login-link', '--as', member);
    const found = /http:\S+#setup=\S+/.exec(out);
    assert.ok(found, out);
    return stageAddress(found[0], this.base);
  }

  // A browser of its own, in which the member has just set a password.
  async page(member, options = {}) {
    return this.enter(await this.link(member), options);
  }

  // The same, by a link that somebody was given.
  async enter(link, options = {}) {
    const context = await this.browser.newContext({ viewport: sizes.laptop, locale: 'en-GB', ...options });
    context.setDefaultTimeout(waitMs);
    const page = await context.newPage();
    page.faults = [];
    this.pages.push(page);
    page.on('pageerror', (error) => page.faults.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) page.faults.push(message.text());
    });
    await page.goto(link);
    await page.fill('input[name=new-password]', password);
    await press(page, 'Tab');
    await say(page, password);
    await page.waitForSelector('.queue');
    return page;
  }

  // What went wrong in the pages: nothing, after a test.
  faults() {
    return this.pages.flatMap((page) => page.faults);
  }

  // Eve writes, and her chat, the only one, is opened for an answer.
  async asked(page, text = 'Hello') {
    this.writes('eve', text, 'Eve');
    await row(page, 'Eve').waitFor();
    await press(page, 'j', 'r');
  }

  // An owner adds a phrase.
  async phrase(page, name, text) {
    await page.goto(`${this.base}/settings/phrases`);
    await page.click('text=Add a phrase >> nth=0');
    await page.keyboard.type(name);
    await press(page, 'Tab', 'Tab');
    await page.keyboard.type(text);
    await page.click('dialog button[type=submit]');
    await page.locator('.cards', { hasText: name }).waitFor();
  }

  // Waits until so many chats are open.
  async arrived(count, seconds = 60) {
    await until('all are there', async () => (await this.desk.ask('status')).chats.open >= count, seconds);
  }

  // A chat whose buyer has such an order, and that order.
  async chatWith(what, wanted) {
    return until(`a chat with ${what}`, async () => {
      for (const { chat } of await this.desk.list('chats')) {
        const order = (await this.desk.ask('chat', chat)).orders.find(wanted);
        if (order) return { chat, order };
      }
      return undefined;
    });
  }

  async close() {
    await this.browser?.close();
    this.line?.end();
    await this.desk?.remove();
  }
}

const stageAddress = (link, base) => base + link.slice(new URL(link).origin.length);

// A test on a stage of its own, in whose pages nothing goes wrong.
export async function withStage(options, body) {
  let stage;
  try {
    stage = await Stage.open(options);
    await body(stage);
    assert.deepEqual(stage.faults(), []);
  } catch (error) {
    error.message += `\n--- the desk's log:\n${stage?.desk.logText() ?? ''}`;
    throw error;
  } finally {
    await stage?.close();
  }
}

// Presses keys one after the other, and says how many.
export async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
  return keys.length;
}

// Types into what has the focus, then Enter.
export async function say(page, text) {
  await page.keyboard.type(text);
  await press(page, 'Enter');
}

// The same into an answer, until the shop has it.
export async function answer(page, text) {
  await say(page, text);
  await delivered(page, text);
}

// Opens a chat that may be another's, the only one.
export async function lookAt(page, name) {
  await press(page, 'v', 'e');
  await row(page, name).waitFor();
  await press(page, 'j');
}

// As if the page's language had been chosen; counts from the next load.
export const speak = (page, language) =>
  page.evaluate((one) => localStorage.setItem('deskmate.language', one), language);

// Counts the bytes that the page loads from here on, with nothing in the browser's caches.
export async function weigh(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  await session.send('Network.setBypassServiceWorker', { bypass: true });
  const load = { bytes: 0, end: () => session.detach() };
  session.on('Network.loadingFinished', (event) => (load.bytes += event.encodedDataLength));
  return load;
}

export const row = (page, name) => page.locator('.row', { hasText: name });
export const bubble = (page, text) => page.locator('.entry', { hasText: text });
export const delivered = (page, text) =>
  page.locator('.entry.ours', { hasText: text }).locator('[data-outcome=done]').waitFor();
export { until };
