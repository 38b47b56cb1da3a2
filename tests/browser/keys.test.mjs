// The keys that the help names, and that no other test presses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bubble, lookAt, press, row, say, until, withStage } from './stage.mjs';

const shown = (page, where, text) => page.locator(where, { hasText: text }).first().waitFor();
const toast = (page, text) => shown(page, '.toast', text);
const focused = (page, selector) =>
  until(`the focus is on ${selector}`, () => page.evaluate((one) => document.activeElement?.matches(one), selector));

test('the list, the screens and the windows are reached by the keys that the help names', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    const names = ['Eve', 'Mia', 'Zoe']; // as they have waited
    for (const name of names) {
      stage.writes(name, `I am ${name}.`, name);
      await row(ann, name).waitFor();
    }
    const at = (name) => shown(ann, '.row[aria-current]', name);
    for (const [key, name] of [
      ['j', 'Eve'], ['s', 'Mia'], ['ArrowDown', 'Zoe'], ['k', 'Mia'], ['w', 'Eve'], ['j', 'Mia'], ['ArrowUp', 'Eve'],
      ['n', 'Mia'], ['q', 'Eve'],
    ]) {
      await press(ann, key);
      await at(name);
    }
    await press(ann, 'o');
    await focused(ann, '.composer textarea');
    // With Alt while an answer is being written; the letter alone is the answer's.
    await press(ann, 'j');
    assert.equal(await ann.inputValue('.composer textarea'), 'j');
    await press(ann, 'Backspace');
    for (const [key, name] of [['Alt+j', 'Mia'], ['Alt+ArrowDown', 'Zoe'], ['Alt+k', 'Mia'], ['Alt+ArrowUp', 'Eve']]) {
      await press(ann, key);
      await at(name);
      await press(ann, 'r');
      await focused(ann, '.composer textarea');
    }
    await press(ann, 'Escape');
    await focused(ann, 'body');
    for (const [key, view] of [['q', 'Queue'], ['e', 'Everyone'], ['a', 'All'], ['m', 'Mine']]) {
      await press(ann, 'v', key);
      await shown(ann, '.queue-view[aria-current]', view);
    }
    await press(ann, 'Control+f');
    await focused(ann, '.queue-search');
    await press(ann, 'Escape');
    for (const [key, title] of [['s', 'Split'], ['n', 'Numbers'], ['l', 'Ledgers'], ['p', 'Practice'], ['o', 'Orders'], [',', 'Settings'], ['i', 'Inbox']]) {
      await press(ann, 'g', key);
      await shown(ann, 'h1', title);
    }
    for (const [keys, name] of [[['?'], 'help'], [['Control+k'], 'palette'], [['p'], 'presence']]) {
      await press(ann, ...keys);
      await ann.locator(`dialog[data-dialog=${name}]`).waitFor();
      await press(ann, 'Escape');
      await ann.locator('dialog').waitFor({ state: 'detached' });
    }
    await press(ann, 'p', '4');
    const presence = async () => (await stage.desk.list('members'))[0].presence;
    await until('she is away', async () => (await presence()) === 'away');
    await press(ann, 'p', '1');
    await until('she is there again', async () => (await presence()) === 'online');
    await press(ann, 'z', 'm');
    await toast(ann, 'Notices are muted.');
    await press(ann, 'z', 't');
    await ann.locator('html[data-theme=light]').waitFor();
    await press(ann, 'z', 'l');
    await ann.locator('html[lang=zh-CN]').waitFor();
  });
});

test('a chat is flagged, claimed, blocked, read further back and answered by a digit, each by its key', async () => {
  await withStage({}, async (stage) => {
    const ann = await stage.page(1);
    const li = await stage.page(2);
    await stage.phrase(ann, 'thanks', 'Thank you, {buyer}!');
    await press(ann, 'g', 'i');
    const messages = 70; // more than is read at first
    for (let i = 0; i < messages; ++i) stage.writes('eve', `message ${i}.`, 'Eve');
    await row(ann, 'Eve').waitFor();
    await press(ann, 'j');
    await bubble(ann, `message ${messages - 1}.`).waitFor();
    await ann.locator('.earlier').waitFor();
    assert.equal(await bubble(ann, 'message 0.').count(), 0);
    await press(ann, 'u');
    await bubble(ann, 'message 0.').waitFor();

    await press(ann, '1');
    await focused(ann, '.composer textarea');
    assert.equal(await ann.inputValue('.composer textarea'), 'Thank you, Eve!');
    await press(ann, 'Escape', 'f');
    await ann.locator('dialog[data-dialog=flag]').waitFor();
    await say(ann, 'returns');
    await toast(ann, 'An expert has been asked.');
    await press(ann, '!');
    await toast(ann, 'The supervisor has been called.');
    await press(ann, 'z', 'b');
    await toast(ann, 'The buyer is blocked.');
    await shown(ann, '#card button', 'Unblock');
    await press(ann, 'z', 'b');
    await toast(ann, 'The buyer is no longer blocked.');

    await lookAt(li, 'Eve');
    await bubble(li, `message ${messages - 1}.`).waitFor();
    await press(li, 'c');
    await toast(li, 'The chat is yours.');
    await li.locator('.conversation-facts .tag.mine').waitFor();
  });
});
