// Makes the four pictures of the README, on the sample shop, anew:
//   DESKMATE_BUILD=.build/release node tests/browser/pictures.mjs
import fs from 'node:fs';
import path from 'node:path';
import { press, row, until, withStage } from './stage.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const folder = path.join(here, '../../plugins/console/pictures');
const laptop = { width: 1280, height: 800 };
const phone = { width: 390, height: 800 };
const pictures = [
  { name: 'inbox', language: 'en', theme: 'light', viewport: laptop, at: (chat) => `/inbox/${chat}?view=open` },
  { name: 'inbox-zh', language: 'zh', theme: 'dark', viewport: laptop, at: (chat) => `/inbox/${chat}?view=open` },
  { name: 'numbers', language: 'en', theme: 'light', viewport: laptop, at: () => '/numbers?days=1' },
  { name: 'phone', language: 'zh', theme: 'light', viewport: phone, at: (chat) => `/inbox/${chat}?view=open` },
];

fs.mkdirSync(folder, { recursive: true });
const sample = { name: 'box', id: 'shop-sample', settings: { seed: 7, quick: true } };
await withStage({ plugins: [sample] }, async (stage) => {
  const ann = await stage.page(1);
  const chats = () => stage.desk.list('chats');
  await until('some buyers have written', async () => (await chats()).length >= 5, 60);
  const shown = [];
  for (const { chat } of await chats()) {
    if ((await stage.desk.ask('chat', chat)).orders.some((order) => order.parcels.length > 0)) shown.push(chat);
  }
  const others = (await chats()).map((one) => one.chat).filter((one) => one !== shown[0]);
  const answers = ['Thank you for asking; I am looking into it.', '您好，我马上帮您查一下。', 'Yes, it comes in a gift box.'];
  for (const [i, text] of answers.entries()) {
    const chat = i === 0 ? shown[0] : others[i];
    await ann.goto(`${stage.base}/inbox/${chat}?view=open`);
    await ann.locator('.entry.theirs .bubble').first().waitFor();
    await press(ann, 'r');
    await ann.keyboard.type(text);
    await press(ann, 'Enter');
    await ann.locator('.entry.ours [data-outcome=done]').first().waitFor();
  }
  const chat = shown[0];
  for (const { name, language, theme, viewport, at } of pictures) {
    await ann.setViewportSize(viewport);
    await ann.emulateMedia({ colorScheme: theme });
    await ann.evaluate((one) => localStorage.setItem('deskmate.language', one), language);
    await ann.goto(stage.base + at(chat));
    if (name === 'numbers') await ann.locator('.chart canvas').first().waitFor();
    else await ann.locator('.entry .bubble').first().waitFor();
    if (viewport === laptop && name !== 'numbers') await row(ann, '').first().waitFor();
    await ann.screenshot({ path: path.join(folder, `${name}.png`) });
  }
});
