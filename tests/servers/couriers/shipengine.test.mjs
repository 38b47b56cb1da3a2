// ShipEngine through the running daemon, against the vendor's own description of its interface,
// served by Prism: it looks whether requests fit it, and answers with its examples. (Those do not all fit
// it themselves: so not with --errors, and its log says what it found.)
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../../lib/desk.mjs';
import { freePort } from '../../lib/port.mjs';
import { parcelOf, ship, withDesk } from './stage.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const modules = path.join(here, 'node_modules');

function description() {
  const folder = path.join(modules, 'shipengine-openapi');
  const found = ['openapi.yaml', 'openapi.json', 'dist/openapi.yaml'].map((f) => path.join(folder, f)).find((f) => fs.existsSync(f));
  if (!found) throw new Error(`no description in ${folder}: ${fs.readdirSync(folder)}`);
  return found;
}

async function withPrism(play) {
  const port = await freePort();
  const log = [];
  const prism = spawn(process.execPath, [path.join(modules, '@stoplight/prism-cli/dist/index.js'), 'mock', '-p', port, '-h', '127.0.0.1', description()]);
  for (const stream of [prism.stdout, prism.stderr]) stream.on('data', (data) => log.push(String(data)));
  const ended = new Promise((resolve) => prism.once('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  try {
    await until('Prism answers', async () => (await fetch(`${url}/v1/tracking`)).status > 0, 60);
    await play(url, () => log.join(''));
  } catch (error) {
    error.message += `\n--- Prism:\n${log.join('').slice(-4000)}`;
    throw error;
  } finally {
    prism.kill();
    await ended;
  }
}

test('R60 R65 ShipEngine: a query that fits the published description, and its answer as a trace', () => withPrism(async (url, log) => {
  const plugin = { name: 'shipengine', id: 'courier-shipengine', settings: { url }, secrets: { key: 'TEST_key' } };
  const direct = await (await fetch(`${url}/v1/tracking?carrier_code=ups&tracking_number=1Z`, { headers: { 'api-key': 'TEST_key' } })).json();
  const before = log().length;
  await withDesk(plugin, async ({ desk }) => {
    const order = await ship(desk, 'UPS', '1Z100');
    const parcel = await until('its trace is there', async () => {
      const found = await parcelOf(desk, order);
      return found.courier && found;
    }, 30);
    assert.equal(parcel.raw_code, direct.status_code);
    assert.ok(parcel.stations.length > 0, JSON.stringify(direct));
    assert.equal(parcel.stations.length, new Set(direct.events.map((e) => JSON.stringify([e.occurred_at, e.event_code, e.description]))).size);
    // Each request of the plugin fits: Prism says so line by line.
    const said = log().slice(before);
    const asked = said.match(/Request received/g).length;
    assert.equal(said.match(/The request passed the validation rules/g)?.length, asked, said);
  });
}));
