// The frames of sdk/frames.md, one msgpack array to a WebSocket message.
import { Decoder, Encoder } from '@msgpack/msgpack';

export const kind = {
  hello: 1, welcome: 2, request: 3, answer: 4, refusal: 5, cancel: 6,
  events: 7, credit: 8, ping: 9, pong: 10, goodbye: 11,
} as const;

export const status = {
  invalid: -1, denied: -2, notFound: -3, limit: -4, deadline: -5, cancelled: -6, unavailable: -7, internal: -8,
} as const;

// Named limits.
export const frameBytesMax = 1 << 20;
const itemsMax = 65_536;
const textBytesMax = frameBytesMax;

export type Params = Record<string, unknown>;

export interface DeskEvent {
  arrival: number;
  id: string; // hex
  atMs: number;
  type: string;
  facts: Params;
  body: Params;
}

const encoder = new Encoder({ ignoreUndefined: true });
const decoder = new Decoder({
  maxArrayLength: itemsMax,
  maxMapLength: itemsMax,
  maxStrLength: textBytesMax,
  maxBinLength: textBytesMax,
  maxExtLength: 0,
});

export const encodeFrame = (frame: unknown[]): Uint8Array => encoder.encode(frame);

// Null: not a frame.
export function decodeFrame(bytes: Uint8Array): unknown[] | null {
  try {
    const value = decoder.decode(bytes);
    return Array.isArray(value) && typeof value[0] === 'number' ? value : null;
  } catch {
    return null;
  }
}

export const hex = (bytes: unknown): string => {
  if (!(bytes instanceof Uint8Array)) return '';
  let out = '';
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0');
  return out;
};

const mapOf = (bytes: unknown): Params => {
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) return {};
  try {
    const value = decoder.decode(bytes);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Params) : {};
  } catch {
    return {};
  }
};

const stampCounter = 65_536; // a stamp is UTC milliseconds and a counter of 16 bits

export function decodeEvent(value: unknown): DeskEvent | null {
  if (!Array.isArray(value) || typeof value[0] !== 'number' || typeof value[3] !== 'string') return null;
  return {
    arrival: value[0],
    id: hex(value[1]),
    atMs: Math.floor(Number(value[2]) / stampCounter),
    type: value[3],
    facts: mapOf(value[6]),
    body: mapOf(value[7]),
  };
}
