// 17TRACK v2.2: a parcel has to be registered before it can be asked about; signed pushes.
import crypto from 'node:crypto';
import { Courier } from './world.mjs';

export const KEY = 'ABCDEF0123456789';

const STATUSES = {
  info_received: ['InfoReceived', 'InfoReceived'], picked_up: ['InTransit', 'InTransit_PickedUp'],
  in_transit: ['InTransit', 'InTransit_Other'], customs_hold: ['InTransit', 'InTransit_CustomsProcessing'],
  out_for_delivery: ['OutForDelivery', 'OutForDelivery_Other'], available_for_pickup: ['AvailableForPickup', 'AvailableForPickup_Other'],
  attempt_failed: ['DeliveryFailure', 'DeliveryFailure_Other'], delivered: ['Delivered', 'Delivered_Other'],
  returning: ['Exception', 'Exception_Returning'], returned: ['Exception', 'Exception_Returned'],
  lost: ['Exception', 'Exception_Lost'], exception: ['Exception', 'Exception_Other'], expired: ['Expired', 'Expired_Other'],
};

function infoOf(parcel) {
  if (!parcel || parcel.stations.length === 0) return { latest_status: { status: 'NotFound', sub_status: 'NotFound_Other' }, tracking: { providers: [] } };
  const [status, sub_status] = STATUSES[parcel.status];
  return {
    latest_status: { status, sub_status },
    time_metrics: { estimated_delivery_date: { from: null, to: parcel.eta ? new Date(parcel.eta).toISOString() : null } },
    tracking: {
      providers: [{
        provider: { key: 3011, name: parcel.carrier },
        events: [...parcel.stations].reverse().map((s) => ({
          time_utc: new Date(s.at).toISOString(), description: s.text, location: s.place, sub_status: STATUSES[s.status][1],
        })),
      }],
    },
  };
}

export function seventeenTrack(world) {
  const courier = new Courier(world, (request) => {
    if (request.headers['17token'] !== KEY) return { status: 401, body: { code: 401, data: { errors: [{ message: 'no such key' }] } } };
    const method = request.path.match(/^\/track\/v2\.2\/(\w+)$/)?.[1];
    const list = JSON.parse(request.body);
    if (!Array.isArray(list) || list.length === 0 || list.length > 40) {
      return { code: -18010013, data: { errors: [{ code: -18010013, message: '1 to 40 numbers' }] } };
    }
    const accepted = [];
    const rejected = [];
    for (const { number } of list) {
      if (method === 'register') {
        courier.registered.add(number);
        accepted.push({ number, carrier: 3011, origin: 1 });
      } else if (method === 'gettrackinfo' && courier.registered.has(number)) {
        accepted.push({ number, carrier: 3011, track_info: infoOf(world.seen(number)) });
      } else {
        rejected.push({ number, error: { code: -18019902, message: `The tracking number '${number}' does not register` } });
      }
    }
    return { code: 0, data: { accepted, rejected } };
  });
  courier.registered = new Set();
  return courier;
}

// {body, sign} of a push of what is known of a parcel.
export function push(world, number, key = KEY) {
  const body = JSON.stringify({ event: 'TRACKING_UPDATED', data: { number, carrier: 3011, track_info: infoOf(world.seen(number)) } });
  return { body, sign: crypto.createHash('sha256').update(`${body}/${key}`).digest('hex') };
}
