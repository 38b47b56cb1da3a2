// The guided first five minutes of examples/try.sh, with somebody who types, who leaves steps out, and
// who leaves.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Desk, deskmate, until } from '../lib/desk.mjs';
import { freePort } from '../lib/port.mjs';

const script = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../examples/tour.sh');

class Tour {
  constructor(desk, language) {
    this.said = '';
    this.child = spawn(script, [deskmate, desk.config, language, 'http://127.0.0.1:1/#setup=x'], { stdio: 'pipe' });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (piece) => { this.said += piece; });
    this.ended = new Promise((done) => this.child.once('exit', done));
  }
  hears(what, seconds = 60) {
    return until(`the tour says ${what}; it has said:\n${this.said}`, () => what.test(this.said), seconds);
  }
  types(line) { this.child.stdin.write(`${line}\n`); }
  async end() {
    if (this.child.exitCode === null) this.child.kill('SIGTERM');
    await this.ended;
  }
}

async function withTour(language, extra, body) {
  const members = [{ number: 1, name: 'Ann', weight: 3 }, { number: 2, name: 'Bo', weight: 1 }];
  const plugins = [{ name: 'box', id: 'shop-sample', settings: { messages_per_hour: 60, quick: true, poll_ms: 100, tour: language } }];
  const desk = await new Desk({ members, plugins, extra }).start();
  const tour = new Tour(desk, language);
  try {
    await body(tour, desk);
  } catch (error) {
    error.message += `\n--- the tour:\n${tour.said}\n--- the desk's log:\n${desk.logText()}`;
    throw error;
  } finally {
    await tour.end();
    await desk.remove();
  }
}

test('a buyer writes, you answer, you settle a stuck parcel, you invite a co-owner', async () => {
  const port = await freePort();
  await withTour('en', `[peers]\nname = "try"\nlisten = ["127.0.0.1:${port}"]`, async (tour, desk) => {
    await tour.hears(/1\/4[\s\S]*2\/4/);
    const { name } = await desk.ask('chat', 1);
    assert.ok(tour.said.includes(`${name}: `), 'the buyer and the words are shown');
    tour.types('Yes, it is. "Blue" & $5?');
    await tour.hears(/Delivered\.[\s\S]*3\/4[\s\S]*> $/);
    const replies = (await desk.events('reply.requested')).filter((event) => !event.facts.auto);
    assert.deepEqual(replies.map((event) => event.body.text), ['Yes, it is. "Blue" & $5?']);
    assert.match(tour.said, /SB-\d+/);
    tour.types('s');
    await tour.hears(/Done in the shop[\s\S]*4\/4[\s\S]*> $/);
    assert.equal((await desk.events('resend.done')).length, 1);
    tour.types('i');
    await tour.hears(/deskmate join \S{20,}/);
    tour.child.stdin.end();
  });
});

test('用中文：在浏览器中处理也算，跳过其余步骤', async () => {
  await withTour('zh', '', async (tour, desk) => {
    await tour.hears(/2\/4/);
    await desk.ask('reply', 1, '有货。');
    await tour.hears(/您已在浏览器中回复[\s\S]*3\/4[\s\S]*> $/);
    tour.types('');
    await tour.hears(/已跳过。之后可用：deskmate resend SB-\d+[\s\S]*4\/4[\s\S]*\[peers\] listen/);
    await tour.hears(/导览完成/);
    assert.equal(await tour.ended, 0);
  });
});

test('whoever has had enough leaves, and the end of the input leaves out what is left', async () => {
  await withTour('en', '', async (tour) => {
    await tour.hears(/2\/4/);
    tour.types('q');
    assert.equal(await tour.ended, 0);
    assert.match(tour.said, /The tour ends here/);
    assert.doesNotMatch(tour.said, /3\/4/);
  });
  await withTour('en', '', async (tour, desk) => {
    tour.child.stdin.end();
    assert.equal(await tour.ended, 0);
    assert.match(tour.said, /Left out[\s\S]*3\/4[\s\S]*Left out[\s\S]*4\/4[\s\S]*That was it/);
    assert.equal((await desk.events('resend.requested')).length, 0);
    fs.accessSync(script, fs.constants.X_OK);
  });
});
