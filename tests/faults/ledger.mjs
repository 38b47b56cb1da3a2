// What the desk has acknowledged, kept by the one it was acknowledged to. A ledger appends events,
// each recognisable when it comes again, asks again for whatever was not acknowledged, and says in the
// end whether everything acknowledged is in the log, at the arrival and with the id that were said,
// and nothing twice.
import assert from 'node:assert/strict';
import { pause, until } from '../lib/desk.mjs';
import { Client } from './wire.mjs';

export const full = process.env.DESKMATE_FULL === '1';
export const seed = Number(process.env.DESKMATE_SEED ?? Date.now() % 1_000_000);

// As many times in the full form, and in the short one.
export const times = (long, short) => (full ? long : short);

export function randomFrom(start) { // mulberry32
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const pauseAfterError = 20; // ms
const verifySecondsMax = 1800; // of millions of events

export class Ledger {
  // options: random, buyers (40; each has a thread and a key), batch (up to 6 events at a time), name
  // (of the shop), every_ms (between two batches).
  constructor(desk, options = {}) {
    this.desk = desk;
    this.options = { buyers: 40, batch: 6, name: 'ledger', every_ms: 0, random: Math.random, ...options };
    this.acknowledged = new Map(); // number → {arrival, id}, or {duplicate: true}
    this.asked = 0;
    this.refusals = []; // what the desk said instead
    this.working = false;
    this.again = [];
  }

  event(n) {
    const { name, buyers } = this.options;
    const buyer = n % buyers;
    return {
      type: 'message.received',
      facts: { shop: name, n, at: Date.now(), files: 0, auto: false },
      body: { text: `Question ${n}: where is it? `.padEnd(60 + (n * 37) % 200, 'x'), name: `b${buyer}` },
      refs: { message: `m${n}`, thread: `t${buyer}`, buyer: `b${buyer}` },
      dedupe: 'message',
    };
  }

  async client() {
    if (!this.connection || this.connection.closed) {
      this.connection = undefined;
      const made = await Client.connect(this.desk.socket, 'ledger');
      if (this.connection) made.close(); // another was quicker
      else this.connection = made;
    }
    return this.connection;
  }

  // Appends these; what is not acknowledged is kept to be asked for again. True: acknowledged.
  async append(numbers) {
    try {
      const client = await this.client();
      const outcomes = await client.call('log.append', { events: numbers.map((n) => this.event(n)) });
      outcomes.forEach((outcome, i) => {
        assert.ok(!this.acknowledged.has(numbers[i]), `${numbers[i]} was acknowledged twice`);
        this.acknowledged.set(numbers[i], outcome.duplicate ? outcome : { ...outcome, id: outcome.id.toString('hex') });
      });
      return true;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      this.refusals.push(error);
      this.again.push(numbers);
      return false;
    }
  }

  next() {
    const numbers = this.again.shift();
    if (numbers) return numbers;
    const size = 1 + Math.floor(this.options.random() * this.options.batch);
    return Array.from({ length: size }, () => this.asked++);
  }

  // Several writers until stop() is called, whatever the desk does meanwhile.
  start(writers = 3) {
    this.working = true;
    this.writers = Array.from({ length: writers }, async () => {
      while (this.working) {
        if (!(await this.append(this.next()))) await pause(pauseAfterError);
        if (this.options.every_ms) await pause(this.options.every_ms);
      }
    });
    return this;
  }

  async stop() {
    this.working = false;
    await Promise.all(this.writers ?? []);
  }

  // Asks again for what was not acknowledged until it is. The desk runs and nothing is wrong with it.
  async settle(seconds = 30) {
    await until('everything is acknowledged', async () => {
      while (this.again.length) if (!(await this.append(this.next()))) return false;
      return true;
    }, seconds);
    return this;
  }

  // What is wrong with the log, by the ledger; empty: nothing. Gives the events, too.
  async audit() {
    const acknowledged = [...this.acknowledged]; // before the log is read, as more may come meanwhile
    const events = await (await this.client()).events();
    const faults = [];
    const found = new Map();
    for (let i = 1; i < events.length; i++) {
      if (events[i].arrival <= events[i - 1].arrival) faults.push(`arrival ${events[i].arrival} comes after ${events[i - 1].arrival}`);
      if (events[i].stamp <= events[i - 1].stamp) faults.push(`the stamp of arrival ${events[i].arrival} is not above the one before`);
    }
    for (const event of events) {
      if (event.type !== 'message.received' || event.facts.shop !== this.options.name) continue;
      const { n } = event.facts;
      if (found.has(n)) faults.push(`${n} is there twice: arrivals ${found.get(n).arrival} and ${event.arrival}`);
      found.set(n, event);
    }
    let lost = 0;
    for (const [n, said] of acknowledged) {
      const event = found.get(n);
      if (!event) lost += 1, faults.push(`${n} was acknowledged and is lost`);
      else if (!said.duplicate && (event.arrival !== said.arrival || event.id !== said.id)) {
        faults.push(`${n} was acknowledged at arrival ${said.arrival} and is at ${event.arrival}`);
      }
    }
    return { events, faults, lost };
  }

  // Fails unless the log is what was acknowledged, and verifies.
  async check(where = '') {
    const { events, faults } = await this.audit();
    assert.deepEqual(faults.slice(0, 10), [], `${where} (${faults.length} faults)`);
    const verified = await this.desk.commandWithin(verifySecondsMax, 'verify');
    assert.equal(verified.code, 0, `${where}: ${verified.out}${verified.err}`);
    return events;
  }

  close() {
    this.working = false;
    this.connection?.close();
  }
}

// How the daemon may end: by itself, with words. Never by a signal that is not ours.
export function assertEndedClearly(desk, { code, signal }, where) {
  const said = desk.logText();
  // A daemon that is ending by itself has given SIGTERM back, so that ours may still meet it; it must
  // have said by then what is wrong.
  if (signal === 'SIGTERM') {
    assert.match(said, /Input\/output error|No space left/, `${where}: ended by ${signal} without a word\n${said}`);
    return;
  }
  assert.equal(signal, null, `${where}: ended by ${signal}\n${said}`);
  if (code !== 0) assert.match(said, /deskmate: .{8,}|"clean":"no"|stopped/, `${where}: exit ${code} without a word\n${said}`);
}
