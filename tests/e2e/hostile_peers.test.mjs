// Strangers, a hostile network and a paired peer that means ill, against the installed daemon: each is
// refused with the reason in the log, nothing crashes, memory stays bounded, and an honest peer goes
// on replicating beside it. The rogue has joined by invitation and never runs: the test has its key
// and speaks for it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Desk, deskmate, patience, until } from '../lib/desk.mjs';
import { Caller, ForgedLog, frame, framed, identity, identityOf, pack, record, unpack } from '../lib/hostile.mjs';
import { freePort } from '../lib/port.mjs';

// Of the daemon, over all that is done to it here. Sanitizers keep what is freed and shadow the rest.
const growth_kb_max = 64 * 1024 * (patience > 1 ? 12 : 1);

// `deskmate invite` at one, `deskmate join` at the other; resolves with the code and both texts.
async function join(a, b) {
  const start = (desk, ...args) => {
    const child = spawn(deskmate, ['--config', desk.config, '--language', 'en', ...args]);
    const dialogue = { child, text: '', ended: new Promise((resolve) => child.once('exit', resolve)) };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { dialogue.text += data; });
    return dialogue;
  };
  const invite = start(a, 'invite');
  const code = (await until('an invitation', () => /deskmate join (\S+)/.exec(invite.text), 40))[1];
  const joining = start(b, 'join', code);
  for (const side of [invite, joining]) await until('the digits', () => /Here: ([\d ]+)\./.exec(side.text), 40);
  invite.child.stdin.write('y\n');
  joining.child.stdin.write('y\n');
  assert.equal(await joining.ended, 0, joining.text);
  assert.equal(await invite.ended, 0, invite.text);
  return code;
}

describe('hostile peers and networks', { timeout: 600_000 * patience }, () => {
  let a, c, rogue, port, who, code, desk_id, rss, own;
  let sources = 0;

  const peers = (name, at) => `[peers]\nname = "${name}"\nlisten = ["127.0.0.1:${at}"]\naddresses = ["127.0.0.1:${at}"]\n`;
  const rssOf = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${a.daemon.pid}/status`, 'utf8'))[1]);
  // What the log has said since `mark`.
  const mark = () => fs.statSync(a.log).size;
  const since = (from) => fs.readFileSync(a.log).subarray(from).toString();
  const logged = (from, pattern, seconds = 20) => until(`${pattern} in the log`, () => pattern.test(since(from)), seconds);
  const from = () => {
    ++sources;
    return `127.1.${sources >> 8}.${(sources & 0xff) + 1}`;
  };
  const dial = (options = {}) => new Caller(port, { from: from(), ...options });

  // The rogue's link, up to both hellos.
  async function paired({ frontier = [], incarnation = own.incarnation, seq = own.seq, at = port, greet = true } = {}) {
    const caller = new Caller(at, { from: from(), who });
    await caller.ready;
    caller.send(frame.greeting, pack({ v: 1, listen: [] }));
    const hello = await caller.hear('hello');
    desk_id = hello.desk;
    if (greet) {
      caller.say({ k: 'hello', v: 1, desk: desk_id, peer: who.id, incarnation, seq, now: Date.now(), frontier, features: [] });
    }
    return Object.assign(caller, { hello });
  }
  // The other side wants the rogue's log.
  const wanted = (caller) => until('the log is wanted', async () => {
    const want = await caller.hear('want');
    return want.log[0].equals(who.id) && want;
  });
  const run = (want, bytes, more = {}) => ({ k: 'run', n: want.n, offset: 0, total: bytes.length, bytes, ...more });

  // Both have it: the honest one is linked, and events go both ways.
  async function well() {
    assert.equal(a.daemon.exitCode, null, a.logText());
    for (const [desk, member] of [[a, 1], [c, 2]]) {
      await desk.ask('away', '--as', member);
      await desk.ask('back', '--as', member);
    }
    await until('the honest peer has all', async () => {
      const [one, two] = [await a.ask('status'), await c.ask('status')];
      return one.log.events === two.log.events && one.state_hash === two.state_hash;
    }, 40);
    const now = rssOf();
    assert.ok(now < rss + growth_kb_max, `${rss} KiB became ${now} KiB`);
  }
  const attack = (name, work) => test(name, async () => {
    try {
      await work();
      await well();
    } catch (error) {
      error.message += `\n--- the log:\n${a.logText()}`;
      throw error;
    }
  });

  before(async () => {
    port = await freePort();
    const members = (name) => [
      { number: 1, name: 'Ann', weight: 3, ...(name === 'a' ? {} : { peer: 'a' }) },
      { number: 2, name: 'Cy', weight: 1, ...(name === 'c' ? {} : { peer: 'c' }) }];
    a = new Desk({ members: members('a'), extra: peers('a', port) });
    c = new Desk({ members: members('c'), extra: peers('c', await freePort()) });
    rogue = new Desk({ members: members('rogue'), extra: peers('rogue', await freePort()) });
    await a.start();
    await join(a, c);
    await c.start();
    code = await join(a, rogue);
    who = identityOf(rogue);
    own = { incarnation: 77n, seq: 0n };
    await until('the honest pair is ready', async () => {
      const { peers: list } = await a.ask('peers');
      return list.filter((p) => p.seen).length >= 2;
    }, 40);
    await until('both members are there', async () => (await a.list('members')).length === 2 && (await c.list('members')).length === 2, 30);
    rss = rssOf();
    await well();
  });

  after(async () => {
    for (const desk of [a, c, rogue]) await desk?.remove();
  });

  // --- strangers -------------------------------------------------------------------------------

  attack('a wrong key is refused', async () => {
    const at = mark();
    const caller = dial({ who: identity() });
    await caller.ended();
    await logged(at, /refused=.*key is not one that we know/);
  });

  attack('TLS 1.2, no protocol and another one are refused', async () => {
    for (const options of [{ options: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', sigalgs: undefined } },
      { alpn: '' }, { alpn: 'deskmate/0' }]) {
      const at = mark();
      const caller = dial({ who, ...options });
      await caller.ended();
      await logged(at, /refused=.*TLS: /);
    }
  });

  attack('what is no TLS, or too much of it, is refused', async () => {
    let at = mark();
    const plain = dial();
    await plain.ready;
    plain.raw('GET / HTTP/1.1\r\n\r\n');
    await plain.ended();
    await logged(at, /refused=.*did not begin with TLS/);
    at = mark();
    const long = dial();
    await long.ready;
    long.raw(Buffer.concat([Buffer.from([22, 3, 1, 0x3f, 0xff]), crypto.randomBytes(3000)]));
    await long.ended();
    await logged(at, /refused=.*first message that is too long/);
  });

  attack('a slow-loris is given five seconds', async () => {
    const at = mark();
    const caller = dial();
    await caller.ready;
    const head = Buffer.from([22, 3, 1, 2, 0]);
    let sent = 0;
    const drip = setInterval(() => caller.raw(Buffer.from([sent < 5 ? head[sent] : 1])) || ++sent, 100);
    await caller.ended(20);
    clearInterval(drip);
    await logged(at, /refused=.*took too long to say who it is/);
  });

  attack('a thousand silent connections keep nobody out', async () => {
    const crowd = [];
    for (let i = 0; i < 1000; ++i) {
      const caller = new Caller(port, { from: `127.2.${i >> 4}.1` });
      crowd.push(caller);
      if (i % 50 === 49) await Promise.all(crowd.slice(-50).map((one) => one.ready));
    }
    // Whoever is known comes in among them.
    await c.stop('SIGKILL');
    await c.start();
    await until('the honest peer is linked again', async () => {
      const { peers: list } = await a.ask('peers');
      return list.find((p) => p.name === 'c')?.seen;
    }, 60);
    await until('the crowd is gone', () => crowd.every((one) => one.over), 60);
  });

  attack('endless words of a stranger with a known key end at 4 KiB', async () => {
    const at = mark();
    const caller = dial({ who });
    await caller.ready;
    caller.raw(Buffer.concat([Buffer.from([0, 15, 0, 0, frame.greeting]), crypto.randomBytes(16_000)]));
    await caller.ended();
    await logged(at, /refused=.*more than a stranger may/);
  });

  attack('an invitation is of no use again, and says so', async () => {
    const late = new Desk({ extra: peers('late', await freePort()) });
    const at = mark();
    const again = await late.command('--language', 'en', 'join', code);
    assert.notEqual(again.code, 0);
    assert.match(again.out + again.err, /has been used/);
    await logged(at, /invite ended=used/);
    await late.remove();
  });

  attack('three guesses void an invitation; words of another session are wrong', async () => {
    const invite = spawn(deskmate, ['--config', a.config, '--language', 'en', 'invite']);
    let text = '';
    invite.stdout.on('data', (data) => { text += data; });
    await until('an invitation', () => /deskmate join (\S+)/.exec(text), 40);
    const at = mark();
    const recorded = pack({ kind: 'prove', v: 1, proof: crypto.randomBytes(32), name: 'Lin' });
    for (let i = 0; i < 4; ++i) {
      const caller = dial({ who: identity(), alpn: 'deskmate-pair/1' });
      await caller.ready;
      caller.send(frame.pairing, recorded);
      const answer = await caller.wait(() => caller.frames.find((f) => f.kind === frame.pairing));
      assert.equal(unpack(answer.bytes).why, i < 3 ? 0n : 2n);
      await caller.ended();
    }
    await logged(at, /invite ended=wrong_secret/);
    await logged(at, /invite ended=voided/);
    invite.kill();
  });

  // --- the network -----------------------------------------------------------------------------

  // A line to the daemon that keeps what the caller says, and alters what it is told to.
  async function line(alter = (bytes) => bytes) {
    const kept = [];
    const source = from();
    const server = net.createServer((near) => {
      const far = net.connect({ host: '127.0.0.1', port, localAddress: source });
      near.on('data', (data) => {
        kept.push(Buffer.from(data));
        far.write(alter(data));
      });
      far.on('data', (data) => near.write(data));
      for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => {}).on('close', () => other.destroy());
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return { server, kept, port: server.address().port };
  }

  attack('recorded bytes replayed are nobody', async () => {
    const { server, kept, port: through } = await line();
    const caller = await paired({ at: through });
    await wanted(caller);
    caller.drop();
    server.close();
    const at = mark();
    const replay = dial();
    await replay.ready;
    for (const bytes of kept) replay.raw(bytes);
    await replay.ended();
    await logged(at, /refused=.*(TLS: |more than a stranger may)/);
  });

  attack('a bit altered on an established link ends it', async () => {
    let spoil = false;
    const { server, port: through } = await line((bytes) => {
      if (spoil) bytes[bytes.length - 3] ^= 1;
      return bytes;
    });
    const caller = await paired({ at: through });
    await wanted(caller);
    const at = mark();
    spoil = true;
    caller.say({ k: 'have', incarnation: own.incarnation, seq: 0, frontier: [] });
    await caller.ended();
    await logged(at, /closed=.*TLS: .*(mac|decrypt)/i);
    server.close();
  });

  // --- one who was let in ----------------------------------------------------------------------

  // Says something once the link is up; it is closed for that reason.
  const closes = (name, say, why) => attack(name, async () => {
    const caller = await paired();
    await wanted(caller);
    const at = mark();
    await say(caller);
    await logged(at, why);
    await caller.ended();
  });

  closes('a frame of 4 GB', (caller) => caller.raw(Buffer.from([0xff, 0xff, 0xff, 0xff, 1])), /closed=.*(frame|long|limit)/i);
  closes('a frame above the limit', (caller) => caller.raw(framed(frame.payload, Buffer.alloc((1 << 20) + 1))), /closed=.*(frame|long|limit)/i);
  closes('deep nesting', (caller) => caller.send(frame.payload, Buffer.alloc(500_000, 0x91)), /closing=.*reason=protocol.*no message/);
  closes('a second hello', (caller) => caller.say({ k: 'hello', v: 1, desk: desk_id, peer: who.id, incarnation: 1, seq: 0, now: 0, frontier: [], features: [] }), /closing=.*second hello/);
  closes('ten thousand wants', (caller) => {
    for (let i = 0; i < 10_000; ++i) caller.say({ k: 'want', n: i, log: [crypto.randomBytes(32), i], after: 0 });
  }, /closing=.*too many wants/);
  closes('a million logs', (caller) => {
    for (let i = 0; i < 4; ++i) {
      caller.say({ k: 'have', incarnation: own.incarnation, seq: 0, frontier: Array.from({ length: 1000 }, () => [crypto.randomBytes(32), 1, 9]) });
    }
  }, /closing=.*too many logs/);
  closes('too many files at once', (caller) => {
    for (let i = 0; i < 200_000 / 40; ++i) caller.say({ k: 'file_want', hash: crypto.randomBytes(32), offset: 0 });
    for (let i = 0; i < 64; ++i) caller.send(frame.payload, pack({ k: 'file_piece', hash: crypto.randomBytes(32), offset: 0, total: 9, bytes: Buffer.alloc(9) }));
    caller.say(7);
  }, /closing=/);

  attack('a hello of another desk, of another peer, and none', async () => {
    for (const [hello, why] of [[{ desk: Buffer.alloc(16, 9) }, /reason=other_desk/],
      [{ peer: Buffer.alloc(32, 9) }, /reason=not_who/], [{ k: 'have' }, /no hello/]]) {
      const caller = await paired({ greet: false });
      const at = mark();
      caller.say({ k: 'hello', v: 1, desk: desk_id, peer: who.id, incarnation: 1, seq: 0, now: Date.now(), frontier: [], features: [], ...hello });
      await logged(at, why);
      await caller.ended();
    }
  });

  attack('messages that nobody knows are counted and ignored', async () => {
    const caller = await paired();
    await wanted(caller);
    for (let i = 0; i < 5_000; ++i) caller.say({ k: `new${i}`, more: crypto.randomBytes(100) });
    await caller.hear('beat');
    assert.equal(caller.over, false);
    caller.drop();
  });

  const log_of = () => new ForgedLog(who, desk_id, own.incarnation);
  const some = (count, more = {}) => Array.from({ length: count }, () => [record(more), Buffer.alloc(0)]);
  // Answers the want for the rogue's own log.
  const answers = (name, make, why) => attack(name, async () => {
    const caller = await paired({ seq: 3n });
    const want = await wanted(caller);
    const at = mark();
    for (const message of make(want)) caller.say(message);
    await logged(at, why);
    await caller.ended();
  });

  answers('a forged signature', (want) => [run(want, log_of().stretch(some(3), { spoil: 'signature' }))], /closing=.*reason=bad_signature/);
  answers('a forged chain', (want) => [run(want, log_of().stretch(some(3), { spoil: 'chain' }))], /closing=.*reason=bad_signature/);
  answers('a gap', (want) => [run(want, log_of().stretch(some(3), { first: 7n }))], /closing=.*reason=gap/);
  answers('no stretch at all', (want) => [run(want, crypto.randomBytes(900))], /closing=.*no stretch/);
  // Of this version, and its type would end beyond the record; of another version it would be kept as it is.
  const none = Buffer.concat([Buffer.from([1, 0, 1, 0, 0, 1]), Buffer.alloc(8), Buffer.from([60]), Buffer.alloc(20)]);
  answers('records that are none', (want) => [run(want, log_of().stretch([[none, Buffer.alloc(0)]]))], /closing=.*reason=bad_signature/);
  answers('a stretch of a gigabyte', (want) => [{ ...run(want, Buffer.alloc(100)), total: 1n << 30n }], /closing=.*more than the window/);
  answers('a million small events', (want) => {
    const bytes = log_of().stretch([]);
    const items = Buffer.concat([bytes.subarray(0, -5), Buffer.from([0xdd, 0, 15, 66, 64]), Buffer.alloc(60_000, 0xc0)]);
    return [run(want, items)];
  }, /closing=.*no stretch/);
  answers('more events than a stretch has', (want) => [run(want, log_of().stretch(some(1_025)))], /closing=.*above the limits/);
  answers('pieces that do not go on', (want) => {
    const bytes = log_of().stretch(some(3));
    return [{ ...run(want, bytes.subarray(0, 50)), total: bytes.length }, { ...run(want, bytes.subarray(60)), offset: 60, total: bytes.length }];
  }, /closing=.*does not go on/);

  attack('stamps years ahead are held, and what is right is taken after', async () => {
    const caller = await paired({ seq: 3n });
    const want = await wanted(caller);
    const at = mark();
    caller.say(run(want, log_of().stretch(some(3, { ms: Date.now() + 5 * 365 * 86_400_000 }))));
    await logged(at, /alarm.*what=ahead.*raised=yes/);
    const again = await wanted(caller);
    const log = log_of();
    caller.say(run(again, log.stretch(some(3))));
    own.seq = 3n;
    Object.assign(own, { log });
    await logged(at, /alarm.*what=ahead.*raised=no/);
    await until('it is acknowledged', async () => (await caller.hear('have')).frontier.some((one) => one[0].equals(who.id) && one[2] === 3n));
    caller.drop();
  });

  attack('to say that there is more of our own log than there is stops nothing', async () => {
    const first = await paired();
    const { hello } = first;
    first.drop();
    const ours = [hello.peer, hello.incarnation, hello.seq + 1_000_000n];
    let at = mark();
    const liar = await paired({ frontier: [ours] });  // has time to show it
    const beats = setInterval(() => liar.send(frame.beat, Buffer.alloc(0)), 1_000);
    await logged(at, /closing=.*more of our log, and does not show it/, 60);
    await liar.ended();
    clearInterval(beats);
    for (const lie of [{ k: 'want', n: 1, log: ours.slice(0, 2), after: ours[2] },
      { k: 'have', incarnation: own.incarnation, seq: own.seq, frontier: [ours] }]) {
      const caller = await paired();
      at = mark();
      caller.say(lie);
      await logged(at, /closing=.*more of our log, and never showed it/);
      await caller.ended();
    }
  });

  attack('keys that nothing needs are not kept', async () => {
    const keys = `${a.data}/keys`;
    const size = () => fs.statSync(keys, { throwIfNoEntry: false })?.size ?? 0;
    const before_it = size();
    const caller = await paired({ seq: own.seq + 1n });
    const want = await wanted(caller);
    const many = Array.from({ length: 4_000 }, () => [crypto.randomBytes(16), crypto.randomBytes(16), crypto.randomBytes(32)]);
    caller.say(run(want, own.log.stretch(some(1)), { keys: many }));
    own.seq += 1n;
    await until('it is acknowledged', async () => (await caller.hear('have')).frontier.some((one) => one[0].equals(who.id) && one[2] === own.seq));
    assert.equal(size(), before_it);
    caller.drop();
  });

  attack('a forked log is frozen and told; the others go on', async () => {
    const other = new ForgedLog(who, desk_id, own.incarnation);
    other.stretch(some(1));
    const bytes = new ForgedLog(who, desk_id, own.incarnation).stretch(some(Number(own.seq) + 1, { type: 'test.other' }));
    const caller = await paired({ seq: own.seq + 1n });
    const want = await wanted(caller);
    const at = mark();
    caller.say(run(want, bytes));
    await logged(at, /alarm.*what=forked/, 30);
    caller.drop();
    await until('the honest peer is told', () => /what=forked/.test(fs.readFileSync(c.log, 'utf8')), 20);
  });

  test('the logs of the honest ones still check', async () => {
    await well();
    for (const desk of [a, c]) {
      const report = await desk.command('verify');
      assert.equal(report.code, 0, report.out + report.err);
    }
    assert.ok(!/panic|abort|terminate|Sanitizer/.test(fs.readFileSync(a.log, 'utf8')));
  });
});
