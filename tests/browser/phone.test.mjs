// A member's phone: in by the QR code's link, through TLS.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bubble, delivered, password, row, sizes, withStage } from './stage.mjs';

test('a phone comes in by its link through TLS, reads a chat and answers it', async () => {
  await withStage({ tls: ['127.0.0.1:0'] }, async (stage) => {
    stage.writes('eve', 'Where is my parcel?', 'Eve');
    const { out } = await stage.desk.command('phone', '--as', '1', '--json');
    const shown = JSON.parse(out);
    assert.match(shown.link, /^https:\/\/127\.0\.0\.1:\d+\/#setup=/);

    // The browser warns about the certificate; whoever goes on has compared its fingerprint.
    const careful = await stage.browser.newContext();
    await assert.rejects((await careful.newPage()).goto(shown.link), /ERR_CERT_AUTHORITY_INVALID/);

    const options = { viewport: sizes.phone, hasTouch: true, isMobile: true, ignoreHTTPSErrors: true };
    const page = await stage.enter(shown.link, options);
    await row(page, 'Eve').tap();
    await bubble(page, 'Where is my parcel?').waitFor();
    await page.locator('.composer textarea').tap();
    await page.keyboard.type('It comes tomorrow.');
    await page.locator('.composer button[type=submit], .composer .send').first().tap();
    await delivered(page, 'It comes tomorrow.');
    assert.deepEqual(stage.sent(), ['It comes tomorrow.']);

    // What has a key has a place to touch, too.
    await page.locator('.more-toggle').tap();
    await page.locator('dialog[data-dialog=more] button', { hasText: 'Write down a call' }).tap();
    await page.locator('dialog[data-dialog=call] textarea').tap();
    await page.keyboard.type('She rang.');
    await page.locator('dialog[data-dialog=call] button[type=submit]').tap();
    await bubble(page, 'She rang.').waitFor();
    await page.locator('button[aria-label="Back to the list"]').tap();
    await page.locator('.rail-item', { hasText: 'More' }).tap();
    await page.locator('dialog[data-dialog=places] button', { hasText: 'Practice' }).tap();
    await page.locator('h1', { hasText: 'Practice' }).waitFor();

    const cookies = await page.context().cookies();
    assert.deepEqual(
      cookies.map(({ name, secure, httpOnly, sameSite }) => [name.replace(/\d+$/, ''), secure, httpOnly, sameSite]),
      [['__Host-deskmate-', true, true, 'Strict']],
    );

    // The link was good once.
    const other = await stage.browser.newContext({ ignoreHTTPSErrors: true });
    const answer = await other.request.post(new URL('/api/setup', shown.link).href, {
      data: { token: shown.link.split('#setup=')[1], password },
      headers: { origin: new URL(shown.link).origin },
    });
    assert.equal(answer.status(), 401);
  });
});
