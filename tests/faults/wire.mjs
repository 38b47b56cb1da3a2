// Frames (sdk/frames.md) over the desk's socket, asynchronous: many requests at a time, and readers.
import net from 'node:net';

export function encode(value) {
  const parts = [];
  const head = (byte, number, size) => {
    const bytes = Buffer.alloc(1 + size);
    bytes[0] = byte;
    if (size === 1) bytes.writeUInt8(number, 1);
    if (size === 2) bytes.writeUInt16BE(number, 1);
    if (size === 4) bytes.writeUInt32BE(number, 1);
    if (size === 8) bytes.writeBigInt64BE(BigInt(number), 1);
    parts.push(bytes);
  };
  const put = (item) => {
    if (item === null || item === undefined) return head(0xc0, 0, 0);
    if (typeof item === 'boolean') return head(item ? 0xc3 : 0xc2, 0, 0);
    if (typeof item === 'number' || typeof item === 'bigint') {
      if (item >= 0 && item < 128) return head(Number(item), 0, 0);
      return head(0xd3, item, 8);
    }
    if (typeof item === 'string') {
      const bytes = Buffer.from(item);
      if (bytes.length < 256) head(0xd9, bytes.length, 1);
      else head(0xdb, bytes.length, 4);
      return parts.push(bytes);
    }
    if (Buffer.isBuffer(item)) {
      head(0xc6, item.length, 4);
      return parts.push(item);
    }
    if (Array.isArray(item)) {
      head(0xdc, item.length, 2);
      return item.forEach(put);
    }
    const members = Object.entries(item).filter(([, member]) => member !== undefined);
    head(0xde, members.length, 2);
    for (const [key, member] of members) {
      put(key);
      put(member);
    }
  };
  put(value);
  return Buffer.concat(parts);
}

export function decode(bytes) {
  let at = 0;
  const number = (size) => {
    at += size;
    return bytes.readUIntBE(at - size, size);
  };
  const wide = (read) => {
    at += 8;
    const value = read.call(bytes, at - 8);
    return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
  };
  const slice = (size) => {
    at += size;
    return bytes.subarray(at - size, at);
  };
  const list = (size) => Array.from({ length: size }, () => take());
  const map = (size) => {
    const out = {};
    for (let i = 0; i < size; i++) {
      const key = take();
      out[key] = take();
    }
    return out;
  };
  const take = () => {
    const byte = bytes[at++];
    if (byte < 0x80) return byte;
    if (byte < 0x90) return map(byte & 0xf);
    if (byte < 0xa0) return list(byte & 0xf);
    if (byte < 0xc0) return slice(byte & 0x1f).toString();
    if (byte >= 0xe0) return byte - 256;
    switch (byte) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return slice(number(1));
      case 0xc5: return slice(number(2));
      case 0xc6: return slice(number(4));
      case 0xca: at += 4; return bytes.readFloatBE(at - 4);
      case 0xcb: at += 8; return bytes.readDoubleBE(at - 8);
      case 0xcc: return number(1);
      case 0xcd: return number(2);
      case 0xce: return number(4);
      case 0xcf: return wide(bytes.readBigUInt64BE);
      case 0xd0: at += 1; return bytes.readInt8(at - 1);
      case 0xd1: at += 2; return bytes.readInt16BE(at - 2);
      case 0xd2: at += 4; return bytes.readInt32BE(at - 4);
      case 0xd3: return wide(bytes.readBigInt64BE);
      case 0xd9: return slice(number(1)).toString();
      case 0xda: return slice(number(2)).toString();
      case 0xdb: return slice(number(4)).toString();
      case 0xdc: return list(number(2));
      case 0xdd: return list(number(4));
      case 0xde: return map(number(2));
      case 0xdf: return map(number(4));
      default: throw new Error(`not msgpack: ${byte}`);
    }
  };
  return take();
}

export class Refused extends Error {
  constructor(status, message) {
    super(`${message} (${status})`);
    this.status = status;
  }
}

const creditMax = 4096;

export class Client {
  // Resolves once the desk has said welcome.
  static connect(socket, name = 'faults') {
    return new Promise((resolve, reject) => {
      const client = new Client(net.connect(socket));
      client.socket.once('error', reject);
      client.welcomed = () => resolve(client);
      client.refused = reject;
      client.send([1, { protocol: 1, role: 'owner', name }]);
    });
  }

  constructor(socket) {
    this.socket = socket;
    this.asked = new Map();
    this.readers = new Map();
    this.last = 0;
    this.waiting = Buffer.alloc(0);
    this.closed = false;
    socket.on('data', (bytes) => this.feed(bytes));
    const end = (error) => {
      this.closed = true;
      const reason = error instanceof Error ? error : new Error('the desk went away');
      this.refused?.(reason);
      for (const { reject } of this.asked.values()) reject(reason);
      this.asked.clear();
      for (const reader of this.readers.values()) reader.reject(reason);
      this.readers.clear();
    };
    socket.on('error', end);
    socket.on('close', end);
  }

  send(frame) {
    const payload = encode(frame);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(payload.length);
    this.socket.write(Buffer.concat([head, payload]));
  }

  feed(bytes) {
    this.waiting = this.waiting.length ? Buffer.concat([this.waiting, bytes]) : bytes;
    let at = 0;
    while (this.waiting.length - at >= 4) {
      const size = this.waiting.readUInt32BE(at);
      if (this.waiting.length - at - 4 < size) break;
      this.on(decode(this.waiting.subarray(at + 4, at + 4 + size)));
      at += 4 + size;
    }
    this.waiting = Buffer.from(this.waiting.subarray(at));
  }

  on([kind, first, second, third]) {
    if (kind === 2) this.welcomed?.();
    if (kind === 4 || kind === 5) {
      const asked = this.asked.get(first);
      this.asked.delete(first);
      if (kind === 4) asked?.resolve(second);
      else asked?.reject(new Refused(second, third?.message));
    }
    if (kind === 7) this.readers.get(first)?.take(second);
    if (kind === 9) this.send([10, first]);
    if (kind === 11) this.socket.destroy(new Refused(first, second));
  }

  call(method, params, deadline_ms = 60_000) {
    if (this.closed) return Promise.reject(new Error('the desk went away'));
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.send([3, id, method, deadline_ms, params]);
    });
  }

  // Every event from the first to the one that is the last now.
  async events(topics = ['*']) {
    const { end } = await this.call('desk.log', { limit: 1, topics: [] });
    const name = `all${++this.last}`;
    const out = [];
    if (end === 0) return out;
    await new Promise((resolve, reject) => {
      let left = creditMax;
      const take = (events) => {
        left -= events.length;
        for (const [arrival, id, stamp, type, , , facts] of events) {
          out.push({ arrival, id: id.toString('hex'), stamp: BigInt(stamp), type, facts: decode(facts) });
        }
        if (out.length && out.at(-1).arrival >= end) return resolve();
        if (left < creditMax / 2) {
          this.send([8, name, creditMax - left]);
          left = creditMax;
        }
      };
      this.readers.set(name, { take, reject });
      this.call('reader.open', { name, topics, from: 'start', credit: creditMax }).catch(reject);
    });
    this.readers.delete(name);
    await this.call('reader.close', { name });
    return out.filter((event) => event.arrival <= end);
  }

  close() { this.socket.destroy(); }
}
