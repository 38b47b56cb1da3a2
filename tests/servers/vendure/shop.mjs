// What tests need of the Vendure shop of server.mjs: start and stop it, be a buyer, look as its owner.
//
//   import { startShop, Admin, Buyer } from '.../tests/servers/vendure/shop.mjs';
//   const shop = await startShop();                   // {url, port, pid, admin, stop()}
//   const buyer = await Buyer.register(shop.url, { email: 'li@example.org', first: 'Na', last: 'Li' });
//   const order = await buyer.order({ lines: [{ sku: 'L2201308', quantity: 1 }] });   // paid
//   const admin = await Admin.login(shop.url);
//   (await admin.order(order.code)).payments[0].refunds
//   await shop.stop();
//
// or from a shell, each printing JSON:
//   node shop.mjs place URL '{"email": "li@example.org", "first": "Na", "count": 3}'
//   node shop.mjs orders URL
//   node shop.mjs order URL CODE
//   node shop.mjs ship URL CODE
//
// Throws an Error with what the shop said whenever it refuses.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const startMs = 60_000;

/** Starts a shop of this process's own; it ends with stop() or with this process. */
export async function startShop({ port = 0, session = 86400 } = {}) {
  const args = [path.join(here, 'server.mjs'), '--port', String(port), '--session', String(session)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const lines = readline.createInterface({ input: child.stdout });
  const ready = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the shop did not start in time')), startMs);
    child.once('exit', (code) => reject(new Error(`the shop ended at its start (${code})`)));
    lines.on('line', (line) => {
      if (!line.startsWith('{')) return;
      clearTimeout(timer);
      resolve(JSON.parse(line));
    });
  });
  return {
    ...ready,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** One GraphQL session. */
class Session {
  constructor(url, api) {
    this.url = `${url}/${api}`;
    this.token = null;
  }

  /** Sends a query and returns its data; throws on errors, and on a result that is an ErrorResult. */
  async ask(query, variables = {}) {
    const headers = { 'content-type': 'application/json' };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const answer = await fetch(this.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    this.token = answer.headers.get('vendure-auth-token') ?? this.token;
    const { data, errors } = await answer.json();
    if (errors) throw new Error(errors.map((e) => e.message).join('; '));
    for (const value of Object.values(data)) {
      if (value?.errorCode) throw new Error(`${value.errorCode}: ${value.message}`);
    }
    return data;
  }
}

const refused = '... on ErrorResult { errorCode message }';

const defaultAddress = {
  fullName: 'Na Li', streetLine1: '8 Changjiang Road', city: 'Wuhan', province: 'Hubei', postalCode: '430010',
  countryCode: 'CN', phoneNumber: '+8613812345678',
};

/** A buyer at the shop's public side. */
export class Buyer extends Session {
  constructor(url, person) {
    super(url, 'shop-api');
    this.person = { first: 'Na', last: 'Li', phone: '+8613812345678', ...person };
  }

  /** With an account, logged in. */
  static async register(url, person) {
    const buyer = new Buyer(url, { password: 'test-password', ...person });
    const { email, first, last, phone, password } = buyer.person;
    await buyer.ask(
      `mutation($input: RegisterCustomerInput!) { registerCustomerAccount(input: $input) { __typename ${refused} } }`,
      { input: { emailAddress: email, firstName: first, lastName: last, phoneNumber: phone, password } });
    await buyer.ask(
      `mutation($email: String!, $password: String!) {
        login(username: $email, password: $password) { __typename ${refused} } }`, { email, password });
    return buyer;
  }

  /** Without one: the address is given at the checkout. */
  static guest(url, person) {
    return new Buyer(url, { ...person, guest: true });
  }

  async variant(sku) {
    catalogues[this.url] ??= this.ask('{ products(options: {take: 100}) { items { variants { id sku } } } }').then(
      (data) => new Map(data.products.items.flatMap((p) => p.variants.map((v) => [v.sku, v.id]))));
    const id = (await catalogues[this.url]).get(sku);
    if (!id) throw new Error(`the catalogue has no ${sku}`);
    return id;
  }

  /** Fills a cart and stops there. */
  async cart(lines) {
    for (const { sku, quantity } of lines) {
      await this.ask(
        `mutation($id: ID!, $quantity: Int!) {
          addItemToOrder(productVariantId: $id, quantity: $quantity) { __typename ${refused} } }`,
        { id: await this.variant(sku), quantity });
    }
  }

  /** Places an order and pays it. Returns {id, code, state, totalWithTax, currencyCode}.
   *  payment is the payment's metadata: {authorize: true}, {refundFails: true}; null does not pay. */
  async order({ lines = [{ sku: 'L2201308', quantity: 1 }], address = {}, coupons = [], payment = {} } = {}) {
    await this.cart(lines);
    if (this.person.guest) {
      const { email, first, last, phone } = this.person;
      await this.ask(
        `mutation($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) { __typename ${refused} } }`,
        { input: { emailAddress: email, firstName: first, lastName: last, phoneNumber: phone } });
    }
    const { first, last, phone } = this.person;
    await this.ask(
      `mutation($input: CreateAddressInput!) { setOrderShippingAddress(input: $input) { __typename ${refused} } }`,
      { input: { ...defaultAddress, fullName: `${first} ${last}`, phoneNumber: phone, ...address } });
    for (const code of coupons) {
      await this.ask(`mutation($code: String!) { applyCouponCode(couponCode: $code) { __typename ${refused} } }`, { code });
    }
    const { eligibleShippingMethods } = await this.ask('{ eligibleShippingMethods { id } }');
    await this.ask(
      `mutation($id: [ID!]!) { setOrderShippingMethod(shippingMethodId: $id) { __typename ${refused} } }`,
      { id: [eligibleShippingMethods[0].id] });
    const placed = 'id code state totalWithTax currencyCode';
    const { transitionOrderToState } = await this.ask(
      `mutation { transitionOrderToState(state: "ArrangingPayment") { ... on Order { ${placed} } ${refused} } }`);
    if (!payment) return transitionOrderToState;
    const { addPaymentToOrder } = await this.ask(
      `mutation($input: PaymentInput!) { addPaymentToOrder(input: $input) { ... on Order { ${placed} } ${refused} } }`,
      { input: { method: 'test-payment', metadata: payment } });
    return addPaymentToOrder;
  }
}
const catalogues = {};

const everything = `
  id code state active updatedAt orderPlacedAt totalWithTax shippingWithTax currencyCode couponCodes
  customer { id firstName lastName emailAddress }
  shippingAddress { fullName streetLine1 city postalCode countryCode phoneNumber }
  lines { id quantity orderPlacedQuantity unitPriceWithTax proratedLinePriceWithTax productVariant { id sku name } }
  payments { id state amount method transactionId metadata refunds { id state total reason lines { orderLineId quantity } } }
  fulfillments { id state method trackingCode lines { orderLineId quantity } }
  history(options: {take: 100}) { items { id type isPublic data } }`;

/** The shop's owner. */
export class Admin extends Session {
  static async login(url, { username, password } = { username: 'superadmin', password: 'superadmin' }) {
    const admin = new Admin(url, 'admin-api');
    await admin.ask(
      `mutation($username: String!, $password: String!) {
        login(username: $username, password: $password) { __typename ${refused} } }`, { username, password });
    return admin;
  }

  /** One order with its payments, refunds, fulfillments and history; null if there is none. */
  async order(code) {
    const { orders } = await this.ask(
      `query($code: String!) { orders(options: {filter: {code: {eq: $code}}}) { items { ${everything} } } }`, { code });
    return orders.items[0] ?? null;
  }

  /** All orders that left the cart, oldest first. */
  async orders() {
    const all = [];
    for (;;) {
      const { orders } = await this.ask(
        `query($skip: Int!) { orders(options: {skip: $skip, take: 100, filter: {active: {eq: false}}, sort: {id: ASC}})
          { totalItems items { ${everything} } } }`, { skip: all.length });
      all.push(...orders.items);
      if (all.length >= orders.totalItems || orders.items.length === 0) return all;
    }
  }

  async promotions() {
    const { promotions } = await this.ask('{ promotions(options: {take: 100}) { items { id name couponCode enabled usageLimit endsAt actions { code args { name value } } } } }');
    return promotions.items;
  }

  /** The texts of an order's notes, private ones too, oldest first. */
  async notes(code) {
    const { id } = await this.order(code);
    const notes = [];
    for (let skip = 0; ; skip += 100) {
      const { order } = await this.ask(
        `query($id: ID!, $skip: Int!) { order(id: $id) { history(options: {skip: $skip, take: 100, sort: {createdAt: ASC}}) {
          totalItems items { type data } } } }`, { id, skip });
      notes.push(...order.history.items.filter((h) => h.type === 'ORDER_NOTE').map((h) => h.data.note));
      if (skip + 100 >= order.history.totalItems) return notes;
    }
  }

  /** Ships everything of an order, as somebody would by hand in the shop. Returns the fulfillment. */
  async ship(code, { tracking = 'TEST-1', method = 'SF Express', state = 'Shipped' } = {}) {
    const order = await this.order(code);
    const { addFulfillmentToOrder } = await this.ask(
      `mutation($input: FulfillOrderInput!) { addFulfillmentToOrder(input: $input) { ... on Fulfillment { id state } ${refused} } }`,
      { input: {
        lines: order.lines.map((line) => ({ orderLineId: line.id, quantity: line.quantity })),
        handler: { code: 'manual-fulfillment', arguments: [
          { name: 'method', value: method }, { name: 'trackingCode', value: tracking }] } } });
    return this.parcel(addFulfillmentToOrder.id, state);
  }

  /** Moves a fulfillment on: "Shipped", "Delivered". */
  async parcel(id, state) {
    const { transitionFulfillmentToState } = await this.ask(
      `mutation($id: ID!, $state: String!) { transitionFulfillmentToState(id: $id, state: $state) {
        ... on Fulfillment { id state trackingCode } ${refused} } }`, { id, state });
    return transitionFulfillmentToState;
  }

  /** Gives money back, as somebody would by hand in the shop. */
  async refund(code, amount, reason) {
    const order = await this.order(code);
    const { refundOrder } = await this.ask(
      `mutation($input: RefundOrderInput!) { refundOrder(input: $input) { ... on Refund { id state total } ${refused} } }`,
      { input: { lines: [], shipping: 0, adjustment: 0, amount, paymentId: order.payments[0].id, reason } });
    return refundOrder;
  }

  async stock(sku) {
    const { productVariants } = await this.ask(
      `query($sku: String!) { productVariants(options: {filter: {sku: {eq: $sku}}}) {
        items { id sku name stockLevels { stockLocationId stockOnHand stockAllocated } } } }`, { sku });
    return productVariants.items[0] ?? null;
  }

  async setStock(sku, stockOnHand) {
    const { id, stockLevels } = await this.stock(sku);
    await this.ask(
      `mutation($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }`,
      { input: [{ id, stockLevels: [{ stockLocationId: stockLevels[0].stockLocationId, stockOnHand }] }] });
  }
}

async function main([command, url, argument]) {
  const print = (value) => console.log(JSON.stringify(value));
  if (command === 'place') {
    const { count = 1, order = {}, ...person } = JSON.parse(argument);
    const buyer = person.guest ? Buyer.guest(url, person) : await Buyer.register(url, person);
    const placed = [];
    for (let i = 0; i < count; i++) placed.push(await buyer.order(order));
    print(placed);
  } else if (command === 'orders') {
    print(await (await Admin.login(url)).orders());
  } else if (command === 'order') {
    print(await (await Admin.login(url)).order(argument));
  } else if (command === 'ship') {
    print(await (await Admin.login(url)).ship(argument));
  } else {
    console.error('usage: node shop.mjs place URL JSON | orders URL | order URL CODE | ship URL CODE');
    process.exitCode = 2;
  }
}
if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
