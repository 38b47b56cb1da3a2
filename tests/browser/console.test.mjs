// Two members at their consoles, with the keyboard alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answer, bubble, delivered, lookAt, password, press, row, sample, say, sizes, until, weigh, withStage,
} from './stage.mjs';

test('R3 R40 R49: a message comes, is answered with a phrase in four keystrokes and delivered; transferred in four', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);

    await stage.phrase(ann, 'thanks', 'Thank you, {buyer}! This is {agent}.');
    await press(ann, 'g', 'i');

    stage.writes('eve', 'Where is my parcel?', 'Eve');
    await row(ann, 'Eve').waitFor();
    await press(ann, 'n');
    await bubble(ann, 'Where is my parcel?').waitFor();
    assert.match(await ann.locator('.why-text').innerText(), /by weight/);
    const keys = await press(ann, '/', 't', 'Enter', 'Enter');
    assert.ok(keys <= 4);
    await delivered(ann, 'Thank you, Eve! This is Ann.');
    await until('the shop has sent it', () => stage.sent().includes('Thank you, Eve! This is Ann.'));

    // The other sees it, and gets the chat with a note.
    await lookAt(li, 'Eve');
    await bubble(li, 'Thank you, Eve!').waitFor();
    await press(ann, 'Escape', 't');
    await ann.locator('dialog[data-dialog=transfer]').waitFor();
    await press(ann, '2');
    await say(ann, 'She speaks Chinese, too.');
    await bubble(li, 'She speaks Chinese, too.').waitFor();
    await press(li, 'v', 'm');
    await row(li, 'Eve').waitFor();
    await press(li, 'r');
    await answer(li, '您好，我是小李。');

    // Note, close, and the chat comes back when the buyer writes again.
    await press(li, 'Escape', 'm');
    await say(li, 'Prefers the evening.');
    await li.locator('.entry.note', { hasText: 'Prefers the evening.' }).waitFor();
    await press(li, 'e');
    await row(li, 'Eve').waitFor({ state: 'detached' });
    stage.writes('eve', 'One more thing', 'Eve');
    await row(li, 'Eve').waitFor();
    assert.deepEqual(stage.sent(), ['Thank you, Eve! This is Ann.', '您好，我是小李。']);
  });
});

test('R40: Enter sends nothing while pinyin is composed; Shift+Enter begins a line', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    await stage.asked(ann);
    const session = await ann.context().newCDPSession(ann);
    await session.send('Input.imeSetComposition', { text: 'fa', selectionStart: 2, selectionEnd: 2 });
    await session.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Process', code: 'Enter', windowsVirtualKeyCode: 229 });
    await session.send('Input.insertText', { text: '发货' });
    await press(ann, 'Shift+Enter');
    await ann.keyboard.type('ok');
    assert.equal(await ann.inputValue('.composer textarea'), '发货\nok');
    await press(ann, 'Enter');
    await delivered(ann, '发货');
    assert.deepEqual(stage.sent(), ['发货\nok']);
  });
});

test('drafts survive a reload, another browser and kill -9 of the desk; the other sees who is writing', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);
    await stage.asked(ann);
    await ann.keyboard.type('Dear Eve, I have asked');
    await lookAt(li, 'Eve');
    await li.locator('.entry.draft', { hasText: 'Dear Eve, I have asked' }).waitFor();
    await until('somebody is said to be writing', async () => /Ann is writing/.test(await li.locator('.inbox').innerText()));
    await ann.reload();
    await ann.locator('.composer textarea').waitFor();
    assert.equal(await ann.inputValue('.composer textarea'), 'Dear Eve, I have asked');

    await stage.desk.stop('SIGKILL');
    await ann.locator('.banner').waitFor();
    await press(ann, 'r', 'End');
    await ann.keyboard.type(' the courier.');
    await stage.desk.start();
    await ann.locator('.banner').waitFor({ state: 'detached' });
    assert.equal(await ann.inputValue('.composer textarea'), 'Dear Eve, I have asked the courier.');
    // Another browser of the same member has it from the desk.
    await until('the draft is on the desk', async () =>
      (await stage.desk.ask('chat', 1)).drafts?.some((draft) => draft.text.endsWith('the courier.')));
    const second = await stage.page(1);
    await row(second, 'Eve').waitFor();
    await press(second, 'j');
    await until('it is there', async () => (await second.inputValue('.composer textarea')).endsWith('the courier.'));
  });
});

test('a cut loses and doubles nothing: sends wait, and go out once', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    await stage.asked(ann);
    await answer(ann, 'before');
    await stage.desk.stop('SIGTERM');
    await ann.locator('.banner').waitFor();
    await say(ann, 'during one');
    await say(ann, 'during two');
    await ann.locator('.banner', { hasText: '2' }).waitFor();
    assert.equal(await ann.locator('.entry.sending').count(), 2);
    // What waits survives the page, too: the service worker has the shell.
    await ann.reload();
    await ann.locator('h1', { hasText: 'The desk does not answer' }).waitFor();
    stage.writes('eve', 'Are you there?', 'Eve');
    await stage.desk.start();
    await delivered(ann, 'during one');
    await delivered(ann, 'during two');
    await bubble(ann, 'Are you there?').waitFor();
    await press(ann, 'r');
    await answer(ann, 'after');
    // Killed in the middle: an answer may be lost, a reply may not, and none goes out twice.
    for (let i = 0; i < 3; ++i) {
      await say(ann, `storm ${i}`);
      await stage.desk.stop('SIGKILL');
      await stage.desk.start();
    }
    for (let i = 0; i < 3; ++i) await delivered(ann, `storm ${i}`);
    assert.deepEqual(stage.sent(), ['before', 'during one', 'during two', 'after', 'storm 0', 'storm 1', 'storm 2']);
    assert.equal(await ann.locator('.entry.sending').count(), 0);
  });
});

test('log in, a wrong password, log out; an agent sees no plugins', async () => {
  await withStage({}, async (stage) => {
    const li = await stage.page(2);
    await li.goto(`${stage.base}/settings/plugins`);
    await li.locator('.settings-nav').waitFor();
    const sections = await li.locator('.settings-nav').innerText();
    assert.ok(!/Plugins|Co-owners|Upkeep/.test(sections), sections);
    await li.locator('.panel button', { hasText: 'Log out' }).click();
    await li.locator('input[name=password]').waitFor();
    await li.selectOption('select[name=member]', '2');
    await li.fill('input[name=password]', 'not the password');
    await press(li, 'Enter');
    await until('it is refused', async () => (await li.locator('.error').innerText()) !== '');
    await li.fill('input[name=password]', password);
    await press(li, 'Enter');
    await li.locator('.settings-nav').waitFor();
  });
});

test('what strangers write is text, whatever it is', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    const markup = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>&lt;b&gt;';
    const long = '长'.repeat(50_000) + 'x'.repeat(50_000);
    stage.writes('a', markup, '<b>Mallory</b>');
    stage.writes('b', 'safe\u202egnp.exe\u2066 end', 'Eve\u202e evil\u200f');
    stage.writes('c', long, 'N'.repeat(5_000));
    stage.writes('d', `e${'\u0301'.repeat(3_000)} 👩‍👩‍👧‍👦`, '👍'.repeat(300));
    await until('all are there', async () => (await ann.locator('.row').count()) === 4);
    for (let i = 0; i < 4; ++i) {
      await press(ann, 'j');
      await until('it is shown', async () => (await ann.locator('.entry.theirs .bubble').count()) === 1);
      const wide = await ann.evaluate(() => {
        const pane = document.querySelector('.entries');
        return pane.scrollWidth - pane.clientWidth;
      });
      assert.ok(wide <= 1, `row ${i} is ${wide} px too wide`);
      await ann.waitForTimeout(0);
      if (i < 3) await press(ann, 'Escape');
    }
    await ann.goto(`${stage.base}/inbox?view=open`);
    await row(ann, '<b>Mallory</b>').click();
    await bubble(ann, markup).waitFor();
    assert.equal(await ann.evaluate(() => window.hacked), undefined);
    assert.equal(await ann.locator('.entries img, .entries script').count(), 0);
    const text = await ann.locator('.queue').innerText();
    assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(text));
    await row(ann, 'NNNN').click();
    await ann.locator('button', { hasText: /Show all 100[,.]?000/ }).click();
    await until('all of it', async () => (await ann.locator('.entry.theirs .bubble').innerText()).length >= 100_000);
  });
});

test('R10: 1,000 chats are a list of a few rows; the first load is small', async () => {
  await withStage({}, async (stage) => {
    for (let i = 0; i < 1_000; ++i) stage.writes(`b${i}`, `第 ${i} 位买家：请问什么时候发货？`.repeat(8), `Buyer ${i}`);
    await stage.arrived(1_000);
    const ann = await stage.page(1);
    await press(ann, 'v', 'e');
    await ann.locator('.queue-view[aria-current]', { hasText: '1000' }).waitFor();
    assert.ok((await ann.locator('.row').count()) < 60);
    await press(ann, 'k'); // the last one
    await until('it is in view', () => ann.locator('.row[aria-current]').isVisible());
    await ann.locator('.entry.theirs .bubble').waitFor();
    const number = await ann.locator('.row[aria-current]').getAttribute('data-chat');
    await ann.fill('.queue-search', 'Buyer 777');
    await until('it is found', async () => (await ann.locator('.row').count()) <= 2); // by its name, and chat 777
    assert.ok(Number(number) > 0);
    await row(ann, 'Buyer 777').waitFor();

    const load = await weigh(ann);
    await ann.goto(`${stage.base}/inbox?view=open`);
    await row(ann, 'Buyer').first().waitFor();
    assert.ok(load.bytes > 20_000 && load.bytes < 150 * 1024, `${load.bytes} bytes`);
  });
});

test('closed chats are read by the page, as far as somebody looks; the oldest is found', async () => {
  await withStage({ members: [{ number: 1, name: 'Ann', weight: 0, role: 'presale', access: 'owner' }] }, async (stage) => {
    const chats = 300; // more than a page
    for (let i = 0; i < chats; ++i) stage.writes(`b${i}`, `about no${i}.`, `Buyer ${i}`);
    await stage.arrived(chats);
    for (let i = 0; i < chats; i += 20) {
      const numbers = Array.from({ length: 20 }, (_, k) => i + k + 1);
      await Promise.all(numbers.map((number) => stage.desk.ask('close', number, '--as', 1)));
    }
    const ann = await stage.page(1);
    await press(ann, 'v', 'a');
    const list = ann.locator('.virtual');
    const height = () => ann.locator('.virtual-rows').evaluate((rows) => rows.clientHeight);
    await ann.locator('.row').first().waitFor();
    const oldest = row(ann, 'Buyer 0');
    await until('the end of the list is the oldest chat', async () => {
      await list.evaluate((box) => box.scrollTo(0, box.scrollHeight));
      return (await oldest.count()) > 0;
    });
    assert.equal(await height(), chats * 76);
    assert.ok((await ann.locator('.row').count()) < 60);
    await ann.reload();
    await ann.locator('.row').first().waitFor();
    await ann.fill('.queue-search', 'no3.');
    await row(ann, 'Buyer 3').waitFor();
  });
});

test('R60: an order is found by its number, and refunded from the chat after one more question', async () => {
  await withStage({ plugins: [sample] }, async (stage) => {
    // Its first order: "a" goes to that one.
    const found = await stage.chatWith('a paid order', (order, i) => i === 0 && order.paid > 0 && order.payment === 'paid');
    const li = await stage.page(2); // looks at it all the while
    await li.goto(`${stage.base}/orders/${found.order.number}`);
    await li.locator('.order[open]', { hasText: found.order.number }).waitFor();

    const ann = await stage.page(1);
    await ann.goto(`${stage.base}/inbox/${found.chat}?view=open`);
    await ann.locator('#card .order-acts').first().waitFor();
    const keys = await press(ann, 'a', 'Enter');
    await ann.locator('dialog[data-dialog=action-refund]').waitFor();
    assert.equal((await stage.desk.ask('order', found.order.number)).orders[0].requests.length, 0);
    assert.ok(keys + (await press(ann, 'Enter')) <= 8);
    await ann.locator('#card .request', { hasText: 'Refund' }).locator('[data-outcome=done]').waitFor();

    await press(ann, 'g', 'o', '/');
    await say(ann, found.order.number.toLowerCase());
    await ann.locator('.order[open]', { hasText: found.order.number }).waitFor();
    await ann.locator('.order .tag', { hasText: 'Refunded' }).first().waitFor();
    await li.locator('.order .tag', { hasText: 'Refunded' }).first().waitFor();

    // A number that nobody has: none, and nothing of the last one.
    await li.locator('.orders-find').fill('NOTHING-1');
    await press(li, 'Enter');
    await li.locator('.empty', { hasText: 'NOTHING-1' }).waitFor();
    assert.equal(await li.locator('.order').count(), 0);
    await li.locator('.empty a').click();
    await li.locator('.order').first().waitFor();
  });
});

test('a viewer reads and cannot act', async () => {
  const members = [
    { number: 1, name: 'Ann', weight: 1, role: 'presale', access: 'owner' },
    { number: 2, name: 'Vi', weight: 0, role: 'presale', access: 'viewer' },
  ];
  await withStage({ members }, async (stage) => {
    stage.writes('eve', 'Hello', 'Eve');
    const vi = await stage.page(2);
    await lookAt(vi, 'Eve');
    await bubble(vi, 'Hello').waitFor();
    assert.equal(await vi.locator('.composer').count(), 0);
    assert.equal(await vi.locator('.conversation-acts button:visible').count(), 0);
  });
});

test('the palette finds commands and chats; on a phone the card opens over the chat', async () => {
  await withStage({}, async (stage) => {
    stage.writes('eve', 'Hello', 'Eve');
    const ann = await stage.page(1, { viewport: sizes.phone });
    await row(ann, 'Eve').waitFor();
    await press(ann, 'Control+k');
    await ann.keyboard.type('hello');
    await ann.locator('[role=option]', { hasText: 'Eve' }).first().waitFor();
    await press(ann, 'Enter');
    await bubble(ann, 'Hello').waitFor();
    await press(ann, 'b');
    await ann.locator('#card').waitFor();
    await press(ann, 'b', 'Control+k');
    await say(ann, 'note');
    await ann.locator('dialog[data-dialog=note]').waitFor();
    await say(ann, 'By the palette.');
    await ann.locator('.entry.note', { hasText: 'By the palette.' }).waitFor();
  });
});
