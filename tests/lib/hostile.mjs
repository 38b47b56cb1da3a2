// A peer that says whatever a test likes: TLS with the key of any seed, frames, msgpack, logs signed
// by hand. core/peer/README.md has the messages, storage/README.md the bytes of a log.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';

// --- msgpack -------------------------------------------------------------------------------------

const uint = (head, size, value) => {
  const out = Buffer.alloc(1 + size);
  out[0] = head;
  if (size === 8) out.writeBigUInt64BE(BigInt(value), 1);
  else out.writeUIntBE(Number(value), 1, size);
  return out;
};

// Numbers and bigints are unsigned; a Buffer is bin; {raw: Buffer} stands as it is.
export function pack(value) {
  if (typeof value === 'bigint' || typeof value === 'number') {
    if (value < 0x80) return Buffer.from([Number(value)]);
    return value < 0x100000000 ? uint(0xce, 4, value) : uint(0xcf, 8, value);
  }
  if (typeof value === 'string') return Buffer.concat([uint(0xdb, 4, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([uint(0xc6, 4, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([uint(0xdd, 4, value.length), ...value.map(pack)]);
  if (value?.raw) return value.raw;
  const entries = Object.entries(value);
  return Buffer.concat([uint(0xdf, 4, entries.length), ...entries.flatMap(([k, v]) => [pack(k), pack(v)])]);
}

// All unsigned numbers are bigints, so that none is cut.
export function unpack(bytes) {
  let at = 0;
  const number = (size) => {
    const value = size === 8 ? bytes.readBigUInt64BE(at) : BigInt(bytes.readUIntBE(at, size));
    at += size;
    return value;
  };
  const take = (size) => bytes.subarray(at, at += Number(size));
  const list = (size) => Array.from({ length: Number(size) }, read);
  const map = (size) => Object.fromEntries(Array.from({ length: Number(size) }, () => [read(), read()]));
  function read() {
    const head = bytes[at++];
    if (head < 0x80) return BigInt(head);
    if (head < 0x90) return map(head & 0x0f);
    if (head < 0xa0) return list(head & 0x0f);
    if (head < 0xc0) return take(head & 0x1f).toString();
    if (head >= 0xe0) return BigInt(head) - 256n;
    switch (head) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return take(number(1));
      case 0xc5: return take(number(2));
      case 0xc6: return take(number(4));
      case 0xcc: return number(1);
      case 0xcd: return number(2);
      case 0xce: return number(4);
      case 0xcf: return number(8);
      case 0xd9: return take(number(1)).toString();
      case 0xda: return take(number(2)).toString();
      case 0xdb: return take(number(4)).toString();
      case 0xdc: return list(number(2));
      case 0xdd: return list(number(4));
      case 0xde: return map(number(2));
      case 0xdf: return map(number(4));
      default: throw new Error(`a byte ${head.toString(16)} that is not read here`);
    }
  }
  return read();
}

// --- BLAKE2b-256 ---------------------------------------------------------------------------------

const iv = [0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n];
const sigma = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0]];

export function blake2b(...parts) {
  const bytes = Buffer.concat(parts);
  const cut = (x) => BigInt.asUintN(64, x);
  const turn = (x, n) => cut(x >> n | x << 64n - n);
  const h = [...iv];
  h[0] ^= 0x01010020n;
  const blocks = Math.max(1, Math.ceil(bytes.length / 128));
  for (let block = 0; block < blocks; ++block) {
    const last = block === blocks - 1;
    const padded = Buffer.alloc(128);
    bytes.copy(padded, 0, block * 128, Math.min(bytes.length, block * 128 + 128));
    const m = Array.from({ length: 16 }, (_, i) => padded.readBigUInt64LE(i * 8));
    const v = [...h, ...iv];
    v[12] ^= BigInt(last ? bytes.length : block * 128 + 128);
    if (last) v[14] = cut(~v[14]);
    const mix = (a, b, c, d, x, y) => {
      v[a] = cut(v[a] + v[b] + x);
      v[d] = turn(v[d] ^ v[a], 32n);
      v[c] = cut(v[c] + v[d]);
      v[b] = turn(v[b] ^ v[c], 24n);
      v[a] = cut(v[a] + v[b] + y);
      v[d] = turn(v[d] ^ v[a], 16n);
      v[c] = cut(v[c] + v[d]);
      v[b] = turn(v[b] ^ v[c], 63n);
    };
    for (let round = 0; round < 12; ++round) {
      const s = sigma[round % 10];
      mix(0, 4, 8, 12, m[s[0]], m[s[1]]);
      mix(1, 5, 9, 13, m[s[2]], m[s[3]]);
      mix(2, 6, 10, 14, m[s[4]], m[s[5]]);
      mix(3, 7, 11, 15, m[s[6]], m[s[7]]);
      mix(0, 5, 10, 15, m[s[8]], m[s[9]]);
      mix(1, 6, 11, 12, m[s[10]], m[s[11]]);
      mix(2, 7, 8, 13, m[s[12]], m[s[13]]);
      mix(3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (let i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[i + 8];
  }
  const out = Buffer.alloc(32);
  for (let i = 0; i < 4; ++i) out.writeBigUInt64LE(h[i], i * 8);
  return out;
}

// --- who -----------------------------------------------------------------------------------------

const der = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const length = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};

// {id, key, cert, sign}: a key pair and a certificate signed by itself.
export function identity(seed = crypto.randomBytes(32)) {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  const key = crypto.createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });
  const spki = crypto.createPublicKey(key).export({ format: 'der', type: 'spki' });
  const algorithm = der(0x30, der(0x06, Buffer.from('2b6570', 'hex')));
  const name = der(0x30, der(0x31, der(0x30, der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from('rogue')))));
  const when = der(0x30, der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('490101000000Z')));
  const made = der(0x30, der(0xa0, der(0x02, Buffer.from([2]))), der(0x02, Buffer.from([1])), algorithm, name, when, name, spki);
  const cert = der(0x30, made, algorithm, der(0x03, Buffer.from([0]), crypto.sign(null, made, key)));
  const pem = `-----BEGIN CERTIFICATE-----\n${cert.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  return {
    id: spki.subarray(-32),
    key: key.export({ format: 'pem', type: 'pkcs8' }),
    cert: pem,
    sign: (bytes) => crypto.sign(null, bytes, key),
  };
}

export function identityOf(desk) {
  const line = fs.readFileSync(path.join(desk.secrets, 'identity.key'), 'utf8');
  return identity(Buffer.from(line.trim().split(' ')[1], 'hex'));
}

// --- links ---------------------------------------------------------------------------------------

export const frame = { beat: 0, payload: 1, greeting: 2, goodbye: 3, pairing: 4 };

export function framed(kind, bytes) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length + 1);
  head[4] = kind;
  return Buffer.concat([head, bytes]);
}

// Whoever listens at a port of loopback, dialled from an address of its own (the limits of strangers
// are per address).
export class Caller {
  constructor(port, { from = '127.0.0.1', who, alpn = 'deskmate/1', options = {} } = {}) {
    this.frames = [];
    this.over = false;
    this.goodbye = undefined;
    this.waiting = new Set();
    const socket = net.connect({ host: '127.0.0.1', port, localAddress: from });
    this.socket = who === undefined ? socket : tls.connect({
      socket,
      key: who.key,
      cert: who.cert,
      ...(alpn ? { ALPNProtocols: [alpn] } : {}),
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ecdhCurve: 'X25519',
      sigalgs: 'ed25519',
      checkServerIdentity: () => undefined,
      ...options,
    });
    let held = Buffer.alloc(0);
    this.socket.on('data', (data) => {
      held = Buffer.concat([held, data]);
      while (who && held.length >= 5 && held.length >= 4 + held.readUInt32BE()) {
        const end = 4 + held.readUInt32BE();
        const one = { kind: held[4], bytes: Buffer.from(held.subarray(5, end)) };
        held = held.subarray(end);
        if (one.kind === frame.goodbye) this.goodbye = unpack(one.bytes);
        this.frames.push(one);
      }
      this.look();
    });
    const end = () => {
      this.over = true;
      this.look();
    };
    for (const s of [socket, this.socket]) s.on('error', end).on('close', end);
    this.ready = new Promise((resolve) => {
      this.socket.once(who ? 'secureConnect' : 'connect', resolve);
      this.socket.once('close', resolve);
    });
  }
  look() { for (const check of [...this.waiting]) check(); }
  // Resolves with what find gives, once that is not undefined; undefined when the link is over.
  wait(find, seconds = 30) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(check);
        reject(new Error(`nothing came in ${seconds} s: ${find}`));
      }, seconds * 1000);
      const check = () => {
        const found = find();
        if (found === undefined && !this.over) return;
        clearTimeout(timer);
        this.waiting.delete(check);
        resolve(found);
      };
      this.waiting.add(check);
      check();
    });
  }
  async ended(seconds) {
    await this.wait(() => (this.over ? true : undefined), seconds);
  }
  raw(bytes) { if (!this.over) this.socket.write(bytes); }
  send(kind, bytes) { this.raw(framed(kind, bytes)); }
  say(message) { this.send(frame.payload, pack(message)); }
  // The next message of that kind; what came before it is dropped.
  async hear(kind, seconds) {
    const take = () => {
      while (this.frames.length > 0) {
        const { kind: of, bytes } = this.frames.shift();
        if (of !== frame.payload) continue;
        const message = unpack(bytes);
        if (message.k === kind) return message;
      }
      return undefined;
    };
    const message = await this.wait(take, seconds);
    assert.ok(message, `the link ended before ${kind}: ${JSON.stringify(this.goodbye?.why)}`);
    return message;
  }
  drop() { this.socket.destroy(); }
}

// --- logs ----------------------------------------------------------------------------------------

const be64 = (value) => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out;
};

// One event's record, without a body unless it names one.
export function record({ type = 'test.event', facts = {}, ms = Date.now(), flags = 0, keyId, body } = {}) {
  const head = Buffer.alloc(15);
  head[0] = 1;
  head[1] = flags | (body ? 1 : 0) | (keyId ? 2 : 0);
  head[2] = 1;
  head[3] = keyId ? 1 : 0;
  head.writeUInt16BE(1, 4);
  head.writeBigUInt64BE(BigInt(ms) << 16n, 6);
  head[14] = type.length;
  const packed = pack(facts);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(packed.length);
  return Buffer.concat([head, Buffer.from(type), ...(keyId ? [keyId] : []),
    ...(body ? [blake2b(body)] : []), size, packed]);
}

// The log that this key could have written: any number of histories of it.
export class ForgedLog {
  constructor(who, desk, incarnation) {
    Object.assign(this, { who, desk, incarnation });
    this.seq = 0n;
    this.chain = blake2b(Buffer.from('deskmate.log/1'), this.key(0n));
  }
  key(seq) { return Buffer.concat([this.desk, this.who.id, be64(this.incarnation), be64(seq)]); }
  copy() { return Object.assign(new ForgedLog(this.who, this.desk, this.incarnation), { seq: this.seq, chain: this.chain }); }
  // The next events as the bytes of a stretch; the log goes on behind them.
  stretch(items, { first, spoil } = {}) {
    const begin = this.seq + 1n;
    for (const [one] of items) {
      this.chain = blake2b(this.chain, one);
      this.seq += 1n;
    }
    const signature = this.who.sign(Buffer.concat([Buffer.from('deskmate.head/1'), this.key(this.seq), this.chain]));
    if (spoil === 'signature') signature[10] ^= 1;
    const chain = Buffer.from(this.chain);
    if (spoil === 'chain') chain[3] ^= 1;
    return pack([first ?? begin, chain, signature, items]);
  }
}
