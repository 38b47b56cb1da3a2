// Parcels on their way: what a courier knows of each moves on by itself as time passes. The couriers'
// interfaces (kuaidi100.mjs …) tell of one and the same world, each in its own words, over HTTP on
// loopback; they check signatures and answer 429 to whoever asks too often.
import http from 'node:http';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export class World {
  constructor() {
    this.parcels = new Map();
  }

  // journey: [{at, status, place, text, grams}]; at: UTC milliseconds, those to come are not known
  // yet. status: one of ../../../sdk/include/deskmate/parcel.hpp.
  send(number, { carrier = 'yunda', phone = '', eta, journey = [] } = {}) {
    this.parcels.set(number, { number, carrier, phone, eta, journey: [...journey] });
  }

  // One more station.
  move(number, station) {
    this.parcels.get(number).journey.push({ at: Date.now(), ...station });
  }

  // What is known by now, the earliest first; undefined: there is no such parcel.
  seen(number, now = Date.now()) {
    const parcel = this.parcels.get(number);
    if (!parcel) return undefined;
    const stations = parcel.journey.filter((s) => s.at <= now).sort((a, b) => a.at - b.at);
    return { ...parcel, stations, status: stations.at(-1)?.status };
  }
}

// A courier's server. answer(request) → {status, headers, body} or an object as JSON; request:
// {method, path, query, headers, body}.
export class Courier {
  constructor(world, answer) {
    this.world = world;
    this.answer = answer;
    this.requests = [];
    this.perSecond = Infinity; // beyond: 429
    this.retryAfter = 1; // seconds, said with it
    this.refused = 0;
    this.recent = [];
  }

  async start() {
    this.server = http.createServer((request, response) => this.#serve(request, response));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async stop() {
    this.server.closeAllConnections?.();
    await new Promise((resolve) => this.server.close(resolve));
  }

  // How often it was asked about a parcel.
  asked(number) {
    return this.requests.filter((r) => decodeURIComponent(r.body + r.path).includes(number)).length;
  }

  async #serve(incoming, outgoing) {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const url = new URL(incoming.url, this.url ?? 'http://localhost');
    const request = {
      method: incoming.method, path: url.pathname, query: url.searchParams,
      headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8'), at: Date.now(),
    };
    this.requests.push(request);
    this.recent = this.recent.filter((at) => request.at - at < 1000);
    this.recent.push(request.at);
    let said;
    if (this.recent.length > this.perSecond) {
      this.refused += 1;
      said = { status: 429, headers: { 'retry-after': String(this.retryAfter) }, body: '' };
    } else {
      said = this.answer(request);
    }
    const whole = typeof said.status === 'number' ? said : { status: 200, body: said };
    const body = typeof whole.body === 'string' ? whole.body : JSON.stringify(whole.body);
    outgoing.writeHead(whole.status, { 'content-type': 'application/json', ...whole.headers });
    outgoing.end(body);
  }
}

// "2027-01-15 16:00:00" by the clock of China.
export function chinaTime(at) {
  return new Date(at + 8 * HOUR).toISOString().slice(0, 19).replace('T', ' ');
}
