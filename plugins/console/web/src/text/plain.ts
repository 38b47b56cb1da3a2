// What strangers wrote, made safe to stand beside our own words. Markup needs nothing: it is only
// ever set as text.

// Named limits.
export const shownCharsMax = 2_000; // of a message, until somebody asks for the rest
export const nameCharsMax = 80;

// Characters that turn the direction of what follows them, and control characters.
const turns = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g;
// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;
const marks = /(\p{M}{4})\p{M}+/gu; // towers of accents

export const message = (text: string): string =>
  text.replace(/\r\n?/g, '\n').replace(turns, '').replace(controls, '\ufffd').replace(marks, '$1');

// A name, a subject, a file's name: on one line, not without end.
export function line(text: string | undefined, most = nameCharsMax): string {
  const flat = message(text ?? '').replace(/\s+/g, ' ').trim();
  const chars = [...flat.slice(0, most * 4)];
  return chars.length > most ? `${chars.slice(0, most - 1).join('')}…` : chars.join('');
}

// An address is text or a map of its parts.
export function address(value: unknown): string {
  if (typeof value === 'string') return message(value);
  if (typeof value !== 'object' || value === null) return '';
  const parts = Object.values(value).filter((part): part is string => typeof part === 'string' && part !== '');
  return message(parts.join(', '));
}
