// Two owners at work, for tests: two daemons on machines of a test network, paired by code as two
// people would, both reading the shop's mailbox; each answers what is theirs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { Desk, deskmate, pause, until } from '../lib/desk.mjs';
import { Buyer } from './mail/buyer.mjs';
import { startMail } from './mail/servers.mjs';
import { Network } from './network.mjs';
import { mailPlugin } from './stage.mjs';

export const PEER_PORT = 7370;
export const weights = { 1: 3, 2: 1 };
const openAtMost = 30; // below everyone's capacity: a full member is not eligible

// The seed of what is done at random; DESKMATE_SEED plays one again.
export const seed = Number(process.env.DESKMATE_SEED ?? Date.now() % 1_000_000);
export function dice(from = seed) { // mulberry32
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

// A command that asks: lines out of it, answers into it.
class Dialogue {
  constructor(wrap, desk, ...args) {
    this.text = '';
    this.child = spawn(...wrap(deskmate, ['--config', desk.config, '--language', 'en', ...args]));
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => { this.text += data; });
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
  }

  async find(pattern) {
    await until(`${pattern}`, () => pattern.test(this.text), 40).catch((error) => {
      throw new Error(`${error.message} in:\n${this.text}`);
    });
    return pattern.exec(this.text)[1];
  }

  // Both owners read the digits to one another.
  digits() { return this.find(/Here: ([\d ]+)\./); }
  say(line) { this.child.stdin.write(`${line}\n`); }
}

export class Owners {
  // machines: (network) => [machine, machine]; addresses: where each is dialled, none: nowhere;
  // relays; peers: more of [peers]; plugin: more settings of the mailbox.
  static async open(options = {}) {
    const owners = new Owners();
    try {
      await owners.begin(options);
    } catch (error) {
      await owners.close(error);
    }
    return owners;
  }

  async begin({ machines = (net) => [net.machine('anna'), net.machine('bo')], prepare = () => ({}), plugin = {} }) {
    this.network = new Network();
    this.mail = await startMail({ addresses: [this.network.address] });
    this.machines = machines(this.network);
    const { addresses = this.machines.map((one) => [`${one.address}:${PEER_PORT}`]), relays = [], peers = '' } =
      (await prepare(this)) ?? {};
    const settings = { imap_host: this.network.address, allow_plain: true, ...plugin };
    const toml = (list) => `[${list.map((text) => JSON.stringify(text)).join(', ')}]`;
    this.desks = this.machines.map((machine, i) => {
      const name = ['anna', 'bo'][i];
      const [program, wrap] = machine.wrap('', []);
      return new Desk({
        name,
        members: [1, 2].map((number) => ({
          number, name: ['Anna', 'Bo'][number - 1], weight: weights[number],
          ...(number === i + 1 ? {} : { peer: ['anna', 'bo'][number - 1] }),
        })),
        wrap: [program, ...wrap.filter(Boolean)],
        plugins: [mailPlugin(this.mail, settings)],
        extra: [`[peers]`, `name = "${name}"`,
          `listen = ${toml(addresses[i].length > 0 ? [`0.0.0.0:${PEER_PORT}`] : [])}`,
          `addresses = ${toml(addresses[i])}`, `relays = ${toml(relays)}`, peers].join('\n') + '\n',
      });
    });
    const [a, b] = this.desks;
    await a.start();
    await this.pair();
    await b.start();
    await until('both are ready', async () => {
      for (const desk of this.desks) {
        const { peers: list } = await desk.ask('peers');
        if (list.length < 2 || !list.every((peer) => peer.standing === 'here' && peer.ready && peer.seen)) return false;
        if ((await desk.list('members')).length < 2) return false;
      }
      return true;
    }, 60);
    for (const [i, desk] of this.desks.entries()) {
      await desk.ask('back', '--as', i + 1);
      await until('the mailbox has been looked at', () =>
        fs.readFileSync(desk.log, 'utf8').includes('first connection to the mailbox'), 30);
    }
    await until('both members are online, as both know', async () => {
      for (const desk of this.desks) {
        if (!(await desk.list('members')).every((member) => member.takes_chats)) return false;
      }
      return true;
    }, 30);
    this.buyers = [];
    this.written = [];
    this.closed = new Set();
    this.working = false;
  }

  async pair() {
    const [a, b] = this.desks;
    const here = (program, args) => [program, args];
    const invite = new Dialogue(here, a, 'invite');
    const code = await invite.find(/deskmate join (\S+)/);
    const join = new Dialogue((program, args) => this.machines[1].wrap(program, args), b, 'join', code);
    assert.equal(await invite.digits(), await join.digits());
    invite.say('y');
    join.say('y');
    assert.equal(await join.ended, 0, join.text);
    assert.equal(await invite.ended, 0, invite.text);
  }

  // So many new buyers write, each one mail; who of them is given.
  async write(count, prefix = 'buyer') {
    this.post ??= new Buyer(this.mail, 'post@buyers.test', 'Post');
    for (let i = 0; i < count; i++) {
      const name = `${prefix}${this.written.length}`;
      await until('chats are closed', () => !this.working || this.written.length - this.closed.size < openAtMost, 120);
      await this.post.write({
        from: { name, address: `${name}@buyers.test` }, subject: `Question of ${name}`, text: 'Is it in stock?',
      });
      this.written.push(name);
    }
  }

  // Each owner's hand: answers what is given to their member and waits for a word, as soon as the desk
  // lets them, and closes it. Goes by what the desk shows, as a person does. Runs until stopped; a
  // daemon that is down is left alone.
  work() {
    let on = true;
    this.working = true;
    this.reasons = new Map(); // why an answer was refused: how often
    const done = Promise.all(this.desks.map(async (desk, i) => {
      const member = i + 1;
      while (on) {
        await pause(100);
        const rows = await desk.list('chats', '--limit', '1000').catch(() => []);
        for (const row of rows) {
          if (!on) break;
          // What was written may still be on its way from the other machine; nobody answers that blindly.
          if (row.member !== member || !row.name) continue;
          if (row.last_word_theirs) {
            const said = await desk.command('reply', row.chat, `Yes, ${row.name}.`, '--as', member);
            if (said.code !== 0) {
              const reason = said.err.trim().replace(/\d+/g, 'N');
              this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
              continue;
            }
          }
          if ((await desk.command('close', row.chat, '--as', member)).code === 0) this.closed.add(row.name);
        }
      }
    }));
    return async () => { on = false; this.working = false; await done; };
  }

  answers(name) { return this.mail.read(`${name}@buyers.test`); }

  // Every buyer has an answer; fails telling of who does not, as both desks see it.
  async allAnswered(seconds) {
    const missing = () => this.written.filter((name) => this.answers(name).length === 0);
    await until('every buyer has an answer', () => missing().length === 0, seconds).catch(async (error) => {
      const lines = [`${error.message}; ${missing().length} of ${this.written.length} have none`];
      lines.push(`answers refused: ${JSON.stringify([...this.reasons])}`);
      for (const desk of this.desks) {
        const chats = await desk.list('chats', '--all', '--limit', '1000').catch(() => []);
        for (const name of missing().slice(0, 3)) {
          const row = chats.find((one) => one.name === name);
          lines.push(`at ${desk.options.name}: ${JSON.stringify(row ?? name)}`);
          if (row) lines.push(...(await desk.ask('chat', row.id)).entries.map((entry) => `  ${JSON.stringify(entry)}`));
        }
        lines.push(JSON.stringify((await desk.ask('requests')).unknown), JSON.stringify((await desk.ask('requests')).pending));
        lines.push(JSON.stringify(await desk.ask('peers')));
      }
      throw new Error(lines.join('\n'));
    });
  }

  // Nobody has two answers, and everybody has their own.
  assertAnswersRight() {
    const counts = this.written.map((name) => [name, this.answers(name).length]).filter(([, count]) => count > 1);
    assert.deepEqual(counts, [], 'buyers with more than one answer to one message');
    for (const name of this.written) {
      for (const mail of this.answers(name)) {
        assert.ok(mail.includes(`Yes, ${name}.`), `${name} got another's answer: ${/^Yes, .*/m.exec(mail)?.[0]}`);
      }
    }
  }

  async same() {
    const [one, two] = await Promise.all(this.desks.map((desk) => desk.ask('status')));
    return one.state_hash === two.state_hash && one.log.events === two.log.events;
  }

  untilSame(seconds = 30) {
    return until('both are the same', () => this.same(), seconds).catch(async (error) => {
      const states = await Promise.all(this.desks.map((desk) => desk.ask('status')));
      throw new Error(`${error.message}: ${JSON.stringify(states.map(({ log, chats, requests, state_hash: hash }) => ({ log, chats, requests, hash })))}`);
    });
  }

  // [member, …]: of every visit that stands, in the order of assignment, who was given it first.
  async given(desk = this.desks[0]) {
    const first = new Map();
    for (const { facts } of await desk.events('chat.assigned')) {
      if (!first.has(facts.visit)) first.set(facts.visit, facts);
    }
    return [...first.values()];
  }

  // How many chats were given by each rule and claim.
  async rules() {
    const counts = {};
    for (const { facts } of await this.desks[0].events('chat.assigned')) {
      const name = [facts.why.rule, facts.claim].filter(Boolean).join(' ');
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  async seeEachOther() {
    const lists = await Promise.all(this.desks.map((desk) => desk.ask('peers')));
    return lists.every(({ peers }) => peers.length === 2 && peers.every((peer) => peer.seen));
  }

  async assertSplitAgrees() {
    const [one, two] = await Promise.all(this.desks.map((desk) => desk.ask('split')));
    assert.deepEqual(two, one);
    return Object.fromEntries(one.rows.map((row) => [row.member, row.charged]));
  }

  // Ends everything. With an error: throws it, with what the desks logged.
  async close(error) {
    if (error) {
      error.message += `\nseed ${seed}`;
      for (const [i, desk] of (this.desks ?? []).entries()) {
        error.message += `\n--- the log of ${['anna', 'bo'][i]}:\n${desk.logText()}`;
      }
    }
    await this.post?.close();
    for (const desk of this.desks ?? []) await desk.remove();
    await this.mail?.stop();
    for (const end of this.ends ?? []) await end();
    this.network?.close();
    if (error) throw error;
  }
}

// Runs body(owners) and ends them.
export async function withOwners(options, body) {
  const owners = await Owners.open(options);
  try {
    await body(owners);
  } catch (error) {
    return owners.close(error);
  }
  await owners.close();
}

// After each chat every member is within 1 of their share.
export function assertExact(members) {
  const total = Object.values(weights).reduce((a, b) => a + b, 0);
  const counts = { 1: 0, 2: 0 };
  members.forEach((member, i) => {
    counts[member] += 1;
    for (const [one, weight] of Object.entries(weights)) {
      const share = ((i + 1) * weight) / total;
      assert.ok(Math.abs(counts[one] - share) < 1, `after chat ${i + 1} member ${one} has ${counts[one]} of ${share}`);
    }
  });
  return counts;
}
