// SF's open platform as its pages describe it: signed calls, an answer within the answer.
import crypto from 'node:crypto';
import { Courier, chinaTime } from './world.mjs';

export const PARTNER = 'TESTPARTNER';
export const CHECK_WORD = 'testcheckword';

const CODES = {
  picked_up: '50', in_transit: '30', out_for_delivery: '44', available_for_pickup: '125',
  attempt_failed: '33', delivered: '80', returning: '99',
};

// As Java's URLEncoder does.
const encode = (text) => encodeURIComponent(text).replace(/%20/g, '+').replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const digest = (text) => crypto.createHash('md5').update(encode(text), 'utf8').digest('base64');

const refused = (code, text) => ({ apiResultCode: code, apiErrorMsg: text, apiResultData: '' });

export function sf(world) {
  const courier = new Courier(world, (request) => {
    if (request.method !== 'POST' || request.path !== '/std/service') return { status: 404, body: '' };
    const form = new URLSearchParams(request.body);
    const [data, timestamp] = [form.get('msgData') ?? '', form.get('timestamp') ?? ''];
    if (form.get('partnerID') !== PARTNER) return refused('A1004', 'the partner has no permission');
    if (form.get('msgDigest') !== digest(data + timestamp + CHECK_WORD)) return refused('A1006', 'the digest is wrong');
    if (form.get('serviceCode') !== 'EXP_RECE_SEARCH_ROUTES') return refused('A1001', 'no such service');
    if (courier.overLimit) return refused('A1005', 'too many calls');
    const asked = JSON.parse(data);
    const routeResps = asked.trackingNumber.map((mailNo) => {
      const parcel = world.seen(mailNo);
      const shown = parcel && parcel.phone === asked.checkPhoneNo ? parcel.stations : [];
      return {
        mailNo,
        routes: shown.map((s) => ({
          acceptTime: chinaTime(s.at), acceptAddress: s.place, remark: s.text, opCode: s.code ?? CODES[s.status],
        })),
      };
    });
    const result = { success: true, errorCode: 'S0000', errorMsg: null, msgData: { routeResps } };
    return { apiResultCode: 'A1000', apiErrorMsg: '', apiResultData: JSON.stringify(result) };
  });
  return courier;
}
