// Two desks on one machine, paired by invitation, and a line between them that a test slows and cuts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import { Desk, deskmate, until } from './desk.mjs';
import { freePort } from './port.mjs';

// A command that asks: lines out of it, answers into it.
export class Dialogue {
  constructor(desk, ...args) {
    this.text = '';
    this.child = spawn(deskmate, ['--config', desk.config, '--language', 'en', ...args]);
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => { this.text += data; });
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
  }
  find(pattern) {
    return until(`${pattern} in:\n${this.text}`, () => pattern.exec(this.text), 40);
  }
  say(line) { this.child.stdin.write(`${line}\n`); }
}

// Copies bytes both ways between its own port and another; can be cut, mended and slowed, and can
// lose what one or both sides say without a word.
export class Line {
  bytes = 0;        // from the one who is dialled, in all
  perSecond = 0;    // of these; 0: as fast as it goes
  #sockets = new Set();
  #cut = false;
  #lost = { up: false, down: false };

  static async to(port) {
    const line = new Line();
    line.server = net.createServer((socket) => line.#join(socket, port));
    await new Promise((resolve) => line.server.listen(0, '127.0.0.1', resolve));
    line.port = line.server.address().port;
    return line;
  }
  #join(near, port) {
    if (this.#cut) return near.destroy();
    const far = net.connect(port, '127.0.0.1');
    for (const [one, other] of [[near, far], [far, near]]) {
      this.#sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    near.on('data', (data) => this.#lost.up || far.write(data));
    far.on('data', (data) => {
      if (this.#lost.down) return;
      this.bytes += data.length;
      near.write(data);
      if (!this.perSecond) return;
      far.pause();
      setTimeout(() => far.resume(), (data.length * 1000) / this.perSecond);
    });
  }
  slow(perSecond) { this.perSecond = perSecond; }
  cut() {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }
  // up: what is said to the one who is dialled; down: what they say.
  lose({ up = false, down = false }) { this.#lost = { up, down }; }
  mend() {
    if (this.#lost.up || this.#lost.down) this.cut(); // a stream with a hole in it is of no use
    this.lose({});
    this.#cut = false;
    this.perSecond = 0;
  }
  end() {
    this.cut();
    this.server.close();
  }
}

// {desks: [A, B], line}: both have written down the same two members. With `line`, B dials A over
// one, and there is no other way between them. `own(name)`: more options of desk "a" or "b".
export async function pair({ weights = [3, 1], plugins = [], line: lined = false, own = () => ({}) } = {}) {
  const ports = [await freePort(), await freePort()];
  const line = lined ? await Line.to(ports[0]) : undefined;
  const members = (own) => [
    { number: 1, name: 'Ann', weight: weights[0], ...(own === 'a' ? {} : { peer: 'a' }) },
    { number: 2, name: 'Bo', weight: weights[1], ...(own === 'b' ? {} : { peer: 'b' }) }];
  const at = (port, announced) => `listen = ["127.0.0.1:${port}"]\naddresses = ["127.0.0.1:${announced}"]\n`;
  const peers = (own, more) => `[peers]\nname = "${own}"\n${more}`;
  const a = new Desk({ members: members('a'), plugins, extra: peers('a', at(ports[0], line?.port ?? ports[0])), ...own('a') });
  const b = new Desk({ members: members('b'), plugins: [], extra: peers('b', line ? 'listen = []\n' : at(ports[1], ports[1])), ...own('b') });
  await a.start();
  await joined(a, b);
  await b.start();
  return { desks: [a, b], line };
}

// B, which has no folder yet, joins the running A by invitation.
export async function joined(a, b) {
  const invite = new Dialogue(a, 'invite');
  const code = (await invite.find(/deskmate join (\S+)/))[1];
  const join = new Dialogue(b, 'join', code);
  const here = (await invite.find(/Here: ([\d ]+)\./))[1];
  const there = (await join.find(/Here: ([\d ]+)\./))[1];
  assert.equal(here, there);
  invite.say('y');
  join.say('y');
  assert.equal(await join.ended, 0, join.text);
  assert.equal(await invite.ended, 0, invite.text);
}

export const ready = async (desk) => {
  const { peers } = await desk.ask('peers');
  return peers.length === 2 && peers.every((peer) => peer.standing === 'here' && peer.ready && peer.seen);
};

const said = (desks) => desks.map((desk, i) => `\n--- the log of ${'abc'[i]}:\n${desk.logText()}`).join('');

// Plays with these desks and ends them; what fails says what they logged.
export async function withDesks(desks, play) {
  try {
    await play();
  } catch (error) {
    error.message += said(desks);
    throw error;
  } finally {
    for (const desk of desks) await desk.remove();
  }
}
