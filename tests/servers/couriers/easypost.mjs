// EasyPost's trackers: made once, looked for by their number; signed webhooks.
import crypto from 'node:crypto';
import { Courier } from './world.mjs';

export const KEY = 'EZTKtest';
export const SECRET = 'sécret';

const STATUSES = {
  info_received: 'pre_transit', picked_up: 'in_transit', in_transit: 'in_transit', out_for_delivery: 'out_for_delivery',
  available_for_pickup: 'available_for_pickup', delivered: 'delivered', returning: 'return_to_sender', exception: 'failure',
};

function trackerOf(parcel, number, carrier) {
  return {
    id: `trk_${number}`, object: 'Tracker', mode: 'test', tracking_code: number, carrier,
    status: parcel?.status ? STATUSES[parcel.status] : 'unknown', status_detail: 'unknown',
    weight: parcel?.ounces ?? null, est_delivery_date: parcel?.eta ? new Date(parcel.eta).toISOString() : null,
    tracking_details: (parcel?.stations ?? []).map((s) => ({
      object: 'TrackingDetail', datetime: new Date(s.at).toISOString(), message: s.text, status: STATUSES[s.status],
      status_detail: 'status_update', source: carrier, tracking_location: { city: s.place, state: null, country: null, zip: null },
    })),
  };
}

export function easypost(world) {
  const courier = new Courier(world, (request) => {
    const basic = `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`;
    if (request.headers.authorization !== basic) return { status: 401, body: { error: { code: 'APIKEY.INACTIVE', message: 'no such key' } } };
    if (request.path !== '/v2/trackers') return { status: 404, body: { error: { code: 'NOT_FOUND', message: 'no such path' } } };
    if (request.method === 'GET') {
      const number = request.query.get('tracking_code');
      const known = courier.trackers.get(number);
      return { trackers: known ? [trackerOf(world.seen(number), number, known)] : [], has_more: false };
    }
    const { tracking_code: number, carrier = 'USPS' } = JSON.parse(request.body).tracker ?? {};
    if (!/^[A-Z0-9]+$/.test(number ?? '')) return { status: 422, body: { error: { code: 'TRACKER.CREATE.ERROR', message: 'this is no tracking code' } } };
    courier.made += courier.trackers.has(number) ? 0 : 1;
    courier.trackers.set(number, carrier);
    return { status: 201, body: trackerOf(world.seen(number), number, carrier) };
  });
  courier.trackers = new Map();
  courier.made = 0;
  return courier;
}

// {body, sign} of a webhook of what is known of a parcel.
export function push(world, number, secret = SECRET) {
  const body = JSON.stringify({ object: 'Event', description: 'tracker.updated', result: trackerOf(world.seen(number), number, 'USPS') });
  const sign = crypto.createHmac('sha256', secret.normalize('NFKD')).update(body, 'utf8').digest('hex');
  return { body, sign: `hmac-sha256-hex=${sign}` };
}
