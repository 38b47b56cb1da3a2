// Times, spans and money as people of the chosen language write them.
import { language, t } from './i18n';

const tag = (): string => (language.value === 'zh' ? 'zh-CN' : 'en-GB');

const clocks = new Map<string, Intl.DateTimeFormat>();
function format(style: Intl.DateTimeFormatOptions, name: string): Intl.DateTimeFormat {
  const key = `${tag()} ${name}`;
  let found = clocks.get(key);
  if (!found) clocks.set(key, (found = new Intl.DateTimeFormat(tag(), style)));
  return found;
}

export const clock = (ms: number): string =>
  format({ hour: '2-digit', minute: '2-digit', hour12: false }, 'clock').format(ms);
export const day = (ms: number): string =>
  format({ weekday: 'short', day: 'numeric', month: 'short' }, 'day').format(ms);
export const dateTime = (ms: number): string =>
  format({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }, 'all')
    .format(ms);
// Monday is 0.
const aMonday = Date.UTC(2024, 0, 1);
export const weekday = (number: number): string =>
  format({ weekday: 'short', timeZone: 'UTC' }, 'weekday').format(aMonday + number * 86_400_000);
export const sameDay = (a: number, b: number): boolean =>
  new Date(a).toDateString() === new Date(b).toDateString();

// The clock today, the day otherwise.
export const short = (ms: number, now: number): string =>
  sameDay(ms, now) ? clock(ms) : format({ day: 'numeric', month: 'short' }, 'short').format(ms);

export function span(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t('span.s', { n: s });
  if (s < 3600) return t('span.min', { n: Math.floor(s / 60) });
  if (s < 86_400) return t('span.h', { n: Math.floor(s / 3600) });
  return t('span.d', { n: Math.floor(s / 86_400) });
}

export const bytes = (size: number): string =>
  size < 1024 ? `${size} B` : size < 1 << 20 ? `${Math.round(size / 1024)} KB` : `${(size / (1 << 20)).toFixed(1)} MB`;

const digitsOf = (currency: string): number => {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
};

// Minor units.
export function money(amount: number, currency: string): string {
  const value = amount / 10 ** digitsOf(currency);
  try {
    return new Intl.NumberFormat(tag(), { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(value);
  } catch {
    return `${value} ${currency}`;
  }
}

export const moneyInput = (amount: number, currency: string): string =>
  (amount / 10 ** digitsOf(currency)).toFixed(digitsOf(currency));

// What a person typed, to minor units; null: no amount above 0.
export function parseMoney(text: string, currency: string): number | null {
  const digits = digitsOf(currency);
  const match = /^\s*(\d{1,9})(?:[.,。](\d+))?\s*$/.exec(text);
  if (!match || (match[2]?.length ?? 0) > digits) return null;
  const amount = Number(match[1]) * 10 ** digits + Number((match[2] ?? '').padEnd(digits, '0') || 0);
  return amount > 0 ? amount : null;
}
