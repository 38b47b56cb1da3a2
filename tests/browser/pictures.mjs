// Makes the four pictures of the README, on the sample shop, anew:
//   DESKMATE_BUILD=.build/release node tests/browser/pictures.mjs
import fs from 'node:fs';
import path from 'node:path';
import { here, press, row, sample, say, sizes, speak, until, withStage } from './stage.mjs';

const folder = path.join(here, '../../plugins/console/pictures');
const { laptop, phone } = sizes;
const pictures = [
  { name: 'inbox', language: 'en', theme: 'light', viewport: laptop, at: (chat) => `/inbox/${chat}?view=open` },
  { name: 'inbox-zh', language: 'zh', theme: 'dark', viewport: laptop, at: (chat) => `/inbox/${chat}?view=open` },
  { name: 'numbers', language: 'en', theme: 'light', viewport: laptop, at: () => '/numbers?days=1' },
  { name: 'phone', language: 'zh', theme: 'light', viewport: phone, at: (chat) => `/inbox/${chat}?view=open` },
];

fs.mkdirSync(folder, { recursive: true });
await withStage({ plugins: [sample] }, async (stage) => {
  const ann = await stage.page(1);
  const chats = () => stage.desk.list('chats');
  await until('some buyers have written', async () => (await chats()).length >= 5, 60);
  const { chat: shown } = await stage.chatWith('a parcel', (order) => order.parcels.length > 0);
  const others = (await chats()).map((one) => one.chat).filter((one) => one !== shown);
  const answers = ['Thank you for asking; I am looking into it.', '您好，我马上帮您查一下。', 'Yes, it comes in a gift box.'];
  for (const [i, text] of answers.entries()) {
    const chat = i === 0 ? shown : others[i];
    await ann.goto(`${stage.base}/inbox/${chat}?view=open`);
    await ann.locator('.entry.theirs .bubble').first().waitFor();
    await press(ann, 'r');
    await say(ann, text);
    await ann.locator('.entry.ours [data-outcome=done]').first().waitFor();
  }
  for (const { name, language, theme, viewport, at } of pictures) {
    await ann.setViewportSize(viewport);
    await ann.emulateMedia({ colorScheme: theme });
    await speak(ann, language);
    await ann.goto(stage.base + at(shown));
    if (name === 'numbers') await ann.locator('.chart canvas').first().waitFor();
    else await ann.locator('.entry .bubble').first().waitFor();
    if (viewport === laptop && name !== 'numbers') await row(ann, '').first().waitFor();
    await ann.screenshot({ path: path.join(folder, `${name}.png`) });
  }
});
