// What goes out with an answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, bubble, delivered, lookAt, press, say, until, withStage } from './stage.mjs';

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

// Gives the page files as a paste or a drop does.
const hand = (page, how, files) =>
  page.evaluate(({ type, list }) => {
    const data = new DataTransfer();
    for (const { name, mime, text } of list) data.items.add(new File([text], name, { type: mime }));
    const event = type === 'paste'
      ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
      : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector('.composer textarea').dispatchEvent(event);
  }, { type: how, list: files });

const ready = (page, name) => page.locator('.attaching [data-state=ready]', { hasText: name }).waitFor();

test('files are picked, pasted and dropped into an answer, and go out with it; limits are said', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);
    const choosers = [];
    ann.on('filechooser', (one) => choosers.push(one));
    const chooser = () => until('files are asked for', () => choosers.pop());
    await stage.asked(ann, 'Please send the invoice');
    await press(ann, 'Alt+i');
    const big = 'x'.repeat(600_000); // three pieces
    await (await chooser()).setFiles([
      { name: 'invoice 发票.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 ' + big) },
      { name: 'left out.txt', mimeType: 'text/plain', buffer: Buffer.from('no') },
    ]);
    await hand(ann, 'paste', [{ name: 'pasted.txt', mime: 'text/plain', text: 'pasted' }]);
    await hand(ann, 'drop', [{ name: 'dropped.txt', mime: 'text/plain', text: 'dropped' }]);
    for (const name of ['invoice', 'left out', 'pasted', 'dropped']) await ready(ann, name);
    await ann.locator('.attaching .file', { hasText: 'left out' }).locator('button').click();
    assert.equal(await ann.locator('.attaching .file').count(), 3);
    // What the desk has stays with the draft.
    await ann.reload();
    await ready(ann, 'dropped');
    assert.equal(await ann.locator('.attaching .file').count(), 3);

    await hand(ann, 'paste', Array.from({ length: 8 }, (_, i) => ({ name: `n${i}`, mime: '', text: 'n' })));
    await ann.locator('.toast.bad').waitFor();
    assert.equal(await ann.locator('.attaching .file').count(), 3);

    await press(ann, 'r');
    await answer(ann, 'Here it is.');
    assert.deepEqual(stage.told().map(({ text, files }) => [text, files.map((file) => [file.name, file.size, file.begins])]), [[
      'Here it is.',
      [['invoice 发票.pdf', 600_009, '%PDF-1.4 xxxxxxxxxxx'], ['pasted.txt', 6, 'pasted'], ['dropped.txt', 7, 'dropped']],
    ]]);
    // The other sees and gets them; an image alone is an answer, too.
    await lookAt(li, 'Eve');
    const link = li.locator('.entry.ours .file', { hasText: 'pasted.txt' });
    await link.waitFor();
    const got = await li.request.get(stage.base + (await link.getAttribute('href')));
    assert.equal(await got.text(), 'pasted');
    await press(ann, 'Escape', 'i');
    await (await chooser()).setFiles([{ name: 'shoe.png', mimeType: 'image/png', buffer: png }]);
    await ready(ann, 'shoe.png');
    await press(ann, 'r', 'Enter');
    await li.locator('.entry.ours .file img').waitFor();
    await until('it is a picture', () => li.locator('.entry.ours .file img').evaluate((img) => img.naturalWidth === 1));
    assert.equal(stage.told()[1].files[0].name, 'shoe.png');
  });
});

test('a file that was on its way when the desk was killed is brought again', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    await stage.asked(ann);
    await bubble(ann, 'Hello').waitFor();
    await stage.desk.stop('SIGKILL');
    await ann.locator('.banner').waitFor();
    await hand(ann, 'drop', [{ name: 'a.txt', mime: 'text/plain', text: 'after the cut' }]);
    await ann.locator('.attaching [data-state=waiting]').waitFor();
    await say(ann, 'See there.'); // not before the file is there
    assert.equal(await ann.inputValue('.composer textarea'), 'See there.');
    await stage.desk.start();
    await ready(ann, 'a.txt');
    await press(ann, 'Enter');
    await delivered(ann, 'See there.');
    assert.equal(stage.told()[0].files[0].begins, 'after the cut');
  });
});

test('R27: what the rules warn of is sent by a second word, an insult not at all', async () => {
  await withStage({ quality: true }, async (stage) => {
    const ann = await stage.page(1);
    await stage.asked(ann, 'Will it come tomorrow?');
    await say(ann, 'I promise it does.');
    const warned = ann.locator('.entry.sending', { hasText: 'I promise' });
    await warned.locator('.outcome.bad', { hasText: '“i promise” promises' }).waitFor();
    assert.deepEqual(stage.sent(), []);
    await warned.getByRole('button', { name: 'Send all the same' }).click();
    await delivered(ann, 'I promise it does.');

    await press(ann, 'r');
    await say(ann, 'You idiot.');
    const stopped = ann.locator('.entry.sending', { hasText: 'You idiot' });
    await stopped.locator('.outcome.bad', { hasText: 'is an insult' }).waitFor();
    assert.equal(await stopped.getByRole('button', { name: 'Send all the same' }).count(), 0);
    await stopped.getByRole('button', { name: 'Discard' }).click();
    await stopped.waitFor({ state: 'detached' });
    await press(ann, 'r');
    await answer(ann, 'It should be there by noon.');
    assert.deepEqual(stage.sent(), ['I promise it does.', 'It should be there by noon.']);
  });
});

test('R121: whoever looks at a chat sees that another answer has not gone out yet', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);
    await stage.asked(ann, 'Is it in stock?');
    stage.hold();
    await say(ann, 'Yes, five of them.');
    await lookAt(li, 'Eve');
    await bubble(li, 'Yes, five of them.').waitFor();
    const tag = (place) => li.locator(`${place} .tag`, { hasText: 'Ann’s answer of' });
    assert.equal(await tag('.conversation-facts').count(), 0); // it answers all that was asked
    stage.writes('eve', 'And in blue?', 'Eve');
    await tag('.conversation-facts').waitFor();
    await tag('.row').waitFor();
    stage.hold(false);
    await delivered(li, 'Yes, five of them.');
    await tag('.conversation-facts').waitFor({ state: 'detached' });
  });
});
