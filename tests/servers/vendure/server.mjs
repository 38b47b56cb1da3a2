// A real Vendure shop on 127.0.0.1, with the sample catalogue of @vendure/create, in memory.
//
//   node server.mjs [--port N] [--session SECONDS]
//
// Prints one line of JSON once it answers: {"port", "url", "pid", "admin": {"username", "password"}}.
// Everything is forgotten at the end: SIGTERM, SIGINT, or standard input closing (so that it never
// outlives a test that died). The populated catalogue is kept in .build/servers/, which makes the
// first start slow (about 10 s) and the later ones quick.
import { createHash, randomUUID, scryptSync, webcrypto } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

process.env.VENDURE_DISABLE_TELEMETRY = 'true';
globalThis.crypto ??= webcrypto; // Debian 12's Node 18 lacks it, and Vendure wants it
const require = createRequire(import.meta.url);
const vendure = require('@vendure/core');
const { populateInitialData, importProductsFromCsv } = require('@vendure/core/cli');

const here = path.dirname(fileURLToPath(import.meta.url));
const assets = path.join(here, 'node_modules/@vendure/create/assets');
const cacheFolder = path.join(here, '../../../.build/servers');
const admin = { username: 'superadmin', password: 'superadmin' };
const stockOnHand = 100000; // of every variant, so that long tests do not run out of it

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    session: { type: 'string', default: '86400' },
  },
});

/** Takes money, and can give it back, which Vendure's dummy handler cannot. A payment with
 *  {"authorize": true} in its metadata waits to be settled; {"refundFails": true} cannot be given
 *  back. */
const paymentHandler = new vendure.PaymentMethodHandler({
  code: 'test-payment',
  description: [{ languageCode: 'en', value: 'Test payment' }],
  args: {},
  createPayment: (_ctx, _order, amount, _args, metadata) => ({
    amount, transactionId: randomUUID(), metadata, state: metadata.authorize ? 'Authorized' : 'Settled',
  }),
  settlePayment: () => ({ success: true }),
  createRefund: (_ctx, _input, _amount, _order, payment) => ({
    state: payment.metadata.refundFails ? 'Failed' : 'Settled', transactionId: randomUUID(),
  }),
});

/** Vendure's own takes a quarter of a second for each login, on purpose; tests log in hundreds. */
const quickHashing = {
  hash: async (text) => scryptSync(text, 'tests', 32, { N: 16 }).toString('hex'),
  async check(text, hash) {
    return hash === (await this.hash(text));
  },
};

function config(database) {
  return {
    apiOptions: { port: Number(options.port), hostname: '127.0.0.1', adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
    authOptions: {
      tokenMethod: ['bearer'], requireVerification: false, sessionDuration: Number(options.session) * 1000,
      superadminCredentials: { identifier: admin.username, password: admin.password },
      passwordHashingStrategy: quickHashing,
    },
    dbConnectionOptions: { type: 'sqljs', database, synchronize: !database, autoSave: false, logging: false },
    paymentOptions: { paymentMethodHandlers: [paymentHandler] },
    importExportOptions: { importAssetsDir: path.join(here, 'no-pictures') },
    logger: new vendure.DefaultLogger({ level: vendure.LogLevel.Error }),
  };
}

/** The sample catalogue as the importer wants it, without pictures and with counted stock. */
function catalogue() {
  const { parse } = require('csv-parse/sync');
  const rows = parse(fs.readFileSync(path.join(assets, 'products.csv')), { columns: true, trim: true });
  const names = Object.keys(rows[0]);
  const quote = (text) => `"${text.replaceAll('"', '""')}"`;
  const lines = rows.map((row) => {
    const changed = { ...row, assets: '', variantAssets: '', stockOnHand: String(stockOnHand), trackInventory: 'true' };
    return names.map((name) => quote(changed[name])).join(',');
  });
  return [names.join(','), ...lines].join('\n') + '\n';
}

function initialData() {
  const data = JSON.parse(fs.readFileSync(path.join(assets, 'initial-data.json'), 'utf8'));
  data.paymentMethods = [{ name: 'Test payment', handler: { code: 'test-payment', arguments: [] } }];
  data.collections = [];
  return data;
}

/** The bytes of a populated database: from the cache, or made now. */
async function populated() {
  const key = createHash('sha256');
  for (const file of [fileURLToPath(import.meta.url), path.join(here, 'package-lock.json')]) {
    key.update(fs.readFileSync(file));
  }
  const file = path.join(cacheFolder, `vendure-${key.digest('hex').slice(0, 16)}.sqlite`);
  if (fs.existsSync(file)) return fs.readFileSync(file);
  fs.mkdirSync(cacheFolder, { recursive: true });
  const csv = path.join(cacheFolder, `products-${process.pid}.csv`);
  fs.writeFileSync(csv, catalogue());
  const app = await vendure.bootstrap({ ...config(), apiOptions: { port: 0, hostname: '127.0.0.1' } });
  await populateInitialData(app, initialData());
  const progress = await importProductsFromCsv(app, csv, 'en');
  fs.unlinkSync(csv);
  if (progress.errors?.length) throw new Error(`the catalogue: ${progress.errors.join('; ')}`);
  const bytes = app.get(vendure.TransactionalConnection).rawConnection.driver.export();
  await app.close();
  const scratch = `${file}.${process.pid}`;
  fs.writeFileSync(scratch, bytes);
  fs.renameSync(scratch, file); // others may be doing the same
  return bytes;
}

const app = await vendure.bootstrap(config(await populated()));
const { port } = app.getHttpServer().address();
const url = `http://127.0.0.1:${port}`;
console.log(JSON.stringify({ port, url, pid: process.pid, admin }));

const stop = () => process.exit(0); // nothing is kept, so nothing has to be closed
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdin.on('end', stop).on('error', stop).resume();
