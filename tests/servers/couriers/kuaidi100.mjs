// Kuaidi100 as its pages describe it: signed queries, registration, signed pushes.
import crypto from 'node:crypto';
import { Courier, chinaTime } from './world.mjs';

export const CUSTOMER = 'TESTCUSTOMER';
export const KEY = 'testkey';
export const SALT = 'XXXXXXXX';

const STATES = {
  info_received: '101', picked_up: '1', in_transit: '0', customs_hold: '10', out_for_delivery: '5',
  available_for_pickup: '501', attempt_failed: '204', delivered: '3', returning: '6', returned: '4',
  damaged: '209', exception: '2',
};

const md5 = (text) => crypto.createHash('md5').update(text, 'utf8').digest('hex').toUpperCase();

function traceOf(parcel) {
  return {
    message: 'ok', nu: parcel.number, com: parcel.carrier, ischeck: parcel.status === 'delivered' ? '1' : '0',
    status: '200', state: STATES[parcel.status],
    data: [...parcel.stations].reverse().map(stationOf),
  };
}

function stationOf(station) {
  const time = chinaTime(station.at);
  return { time, ftime: time, context: station.text, areaName: station.place ?? '', status: '', statusCode: STATES[station.status] };
}

const failure = (returnCode, message) => ({ result: false, returnCode, message });

export function kuaidi100(world) {
  const courier = new Courier(world, (request) => {
    const form = new URLSearchParams(request.body);
    if (request.method !== 'POST') return { status: 405, body: '' };
    if (request.path === '/poll/query.do') {
      const param = form.get('param') ?? '';
      if (form.get('customer') !== CUSTOMER || form.get('sign') !== md5(param + KEY + CUSTOMER)) {
        return failure('503', '验证签名失败');
      }
      const { com, num, phone } = JSON.parse(param);
      const parcel = world.seen(num);
      if (!parcel || parcel.stations.length === 0 || parcel.carrier !== com) {
        return failure('500', '查询无结果，请隔段时间再查');
      }
      if (com === 'shunfeng' && phone !== parcel.phone) return failure('408', '验证码错误');
      return traceOf(parcel);
    }
    if (request.path === '/poll') {
      const param = JSON.parse(form.get('param') ?? '{}');
      if (param.key !== KEY) return failure('601', 'key 已过期');
      if (courier.registered.has(param.number)) return failure('501', '重复订阅');
      courier.registered.set(param.number, param.parameters);
      return { result: true, returnCode: '200', message: '提交成功' };
    }
    return { status: 404, body: '' };
  });
  courier.registered = new Map();
  return courier;
}

// The form of a push of what is known of a parcel.
export function push(world, number, { salt = SALT, status = 'polling' } = {}) {
  const param = JSON.stringify({ status, message: '', lastResult: traceOf(world.seen(number)) });
  return new URLSearchParams({ sign: md5(param + salt), param }).toString();
}
