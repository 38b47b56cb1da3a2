// A desk with a console, and browsers in which members are logged in.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Desk, build, patience, until } from '../lib/desk.mjs';
import { freePort } from '../lib/pair.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
export const requireWeb = createRequire(path.join(here, '../../plugins/console/web/package.json'));
const { chromium } = requireWeb('playwright-core');

export const password = 'correct horse battery';
const waitMs = 20_000 * patience;
const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const two = [
  { number: 1, name: 'Ann', weight: 1, role: 'presale', access: 'owner' },
  { number: 2, name: '小李', weight: 0, role: 'presale', access: 'agent' },
];

export const launch = () => chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
// Of a desk's options.
export const consoleAt = (port) => ({
  console: [`127.0.0.1:${port}`],
  plugin_folders: [path.join(build, 'plugins'), path.join(here, 'plugins')],
});
// A shop whose buyers write what a test puts into the folder.
export const scripted = (folder) => ({ name: 'shop', id: 'shop-scripted', settings: { folder } });

export class Stage {
  static async open(options = {}) {
    const stage = new Stage();
    const port = await freePort();
    stage.base = `http://127.0.0.1:${port}`;
    stage.desk = new Desk({ members: two, ...consoleAt(port), ...options, plugins: [] });
    stage.shop = stage.desk.folder;
    stage.desk.writeConfig({ ...stage.desk.options, plugins: options.plugins ?? [scripted(stage.shop)] });
    await stage.desk.start();
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
    return found[0];
  }

  // A browser of its own, in which the member has just set a password.
  async page(member, options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
    context.setDefaultTimeout(waitMs);
    const page = await context.newPage();
    page.faults = [];
    page.on('pageerror', (error) => page.faults.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) page.faults.push(message.text());
    });
    await page.goto(await this.link(member));
    await page.fill('input[name=new-password]', password);
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.queue');
    return page;
  }

  async close() {
    await this.browser?.close();
    await this.desk?.remove();
  }
}

export async function withStage(options, body) {
  let stage;
  try {
    stage = await Stage.open(options);
    await body(stage);
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

export const row = (page, name) => page.locator('.row', { hasText: name });
export const bubble = (page, text) => page.locator('.entry', { hasText: text });
export const delivered = (page, text) =>
  page.locator('.entry.ours', { hasText: text }).locator('[data-outcome=done]').waitFor();
export { until };
