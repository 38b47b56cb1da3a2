#!/usr/bin/env node
// A shop whose buyers say what a test writes into in.jsonl, {buyer, name, text} a line; what is
// answered goes to sent.jsonl, {request, text, files} a line; not while there is a file named held. With
// one named doubt the shop cannot tell whether it sent what it is told to send.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(new URL('../../../../plugins/console/web/package.json', import.meta.url));
const { decode, encode } = require('@msgpack/msgpack');
const lookMs = 50;
const readMax = 262_144; // bytes of a file read at a time
const batch = 100; // messages appended together
let settings = {};
let instance = '';
let nextId = 1;
let taken = 0; // lines
let busy = false;
const doubt = () => fs.existsSync(path.join(settings.folder, 'doubt'));
const sent = () => path.join(settings.folder, 'sent.jsonl');

const send = (frame) => {
  const bytes = encode(frame);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  process.stdout.write(Buffer.concat([head, bytes]));
};
const waiting = new Map();
const ask = (method, params) =>
  new Promise((resolve, reject) => {
    const id = nextId++;
    waiting.set(id, { resolve, reject });
    send([3, id, method, 10_000, params]);
  });
const linesOf = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);

async function look() {
  if (busy) return;
  busy = true;
  const lines = linesOf(path.join(settings.folder, 'in.jsonl'));
  while (taken < lines.length) {
    const events = lines.slice(taken, taken + batch).map((line, i) => {
      const { buyer, name, text } = JSON.parse(line);
      return {
        type: 'message.received', facts: { shop: instance, at: Date.now() }, body: { text, name },
        refs: { thread: buyer, buyer, message: `m${taken + i}` }, dedupe: 'message',
      };
    });
    await ask('log.append', { events });
    taken += events.length;
  }
  busy = false;
}

async function perform(id, params) {
  while (fs.existsSync(path.join(settings.folder, 'held'))) await new Promise((done) => setTimeout(done, lookMs));
  if (doubt()) return send([4, id, { outcome: 'unknown', message: 'no answer' }]);
  const files = [];
  for (const { hash, name, type, size } of params.body.files ?? []) {
    const bytes = await ask('file.read', { hash, offset: 0, size: readMax });
    files.push({ name, type, size, begins: Buffer.from(bytes).toString('latin1').slice(0, 20), read: bytes.length });
  }
  const request = hexOf(params.request);
  fs.appendFileSync(sent(), JSON.stringify({ request, text: params.body.text, ...(files.length > 0 && { files }) }) + '\n');
  send([4, id, { outcome: 'done', refs: { message: `r${request}` } }]);
}

const hexOf = (bin) => Buffer.from(bin).toString('hex');
function take(frame) {
  const [kind, id, what, , params] = frame;
  if (kind === 2) {
    settings = id.settings;
    instance = id.instance;
    setInterval(() => void look(), lookMs);
  } else if (kind === 3 && what === 'action.perform') {
    void perform(id, params);
  } else if (kind === 3 && what === 'action.look_up') {
    const request = hexOf(params.request);
    if (doubt()) return send([4, id, { found: 'cannot tell', message: 'no answer' }]);
    const found = linesOf(sent()).some((line) => JSON.parse(line).request === request);
    send([4, id, { found: found ? 'yes' : 'no', refs: found ? { message: `r${request}` } : undefined }]);
  } else if (kind === 3) send([5, id, -3, { message: 'no such method' }]);
  else if (kind === 4) waiting.get(id)?.resolve(what);
  else if (kind === 5) waiting.get(id)?.reject(new Error(String(frame[3]?.message)));
  else if (kind === 9) send([10, id]);
  else if (kind === 11) process.exit(0);
}

let buffer = Buffer.alloc(0);
process.stdin.on('data', (data) => {
  buffer = Buffer.concat([buffer, data]);
  while (buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32BE(0)) {
    const end = 4 + buffer.readUInt32BE(0);
    take(decode(buffer.subarray(4, end)));
    buffer = buffer.subarray(end);
  }
});
process.stdin.on('end', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
send([1, { protocol: 1, role: 'plugin', name: 'shop-scripted', version: '1.0.0' }]);
