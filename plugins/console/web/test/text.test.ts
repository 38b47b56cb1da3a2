import { describe, expect, it } from 'vitest';
import { dictionaries, language, t, word, type Key } from '../src/text/i18n';
import { money, parseMoney, span } from '../src/text/format';
import { address, line, message, nameCharsMax } from '../src/text/plain';
import { actions } from '../src/keys/table';

const sources = Object.entries(
  import.meta.glob<string>('../src/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true }));

describe('both languages', () => {
  const keys = Object.keys(dictionaries.en) as Key[];
  it('have the same keys, none empty', () => {
    expect(Object.keys(dictionaries.zh).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(dictionaries.en[key].trim(), key).not.toBe('');
      expect(dictionaries.zh[key].trim(), key).not.toBe('');
    }
  });
  it('name the same values', () => {
    const names = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!))].sort();
    for (const key of keys) {
      if (dictionaries.en[key].includes('|')) continue; // the singular need not say its number
      expect(names(dictionaries.zh[key]), key).toEqual(names(dictionaries.en[key]));
    }
  });
  it('Chinese is Chinese', () => {
    const same = new Set(['why', 'action.title', 'settings.version', 'action.do_amount']);
    for (const key of keys) {
      if (same.has(key)) continue;
      expect(/\p{Script=Han}/u.test(dictionaries.zh[key]), `${key}: ${dictionaries.zh[key]}`).toBe(true);
      expect(/\p{Script=Han}/u.test(dictionaries.en[key]), key).toBe(false);
    }
  });
  it('have every key that the sources name, and no other', () => {
    expect(sources.length).toBeGreaterThan(40);
    const used = new Set<string>();
    for (const [name, text] of sources) {
      for (const match of text.matchAll(/\bt\(\s*'([^']+)'/g)) {
        expect(keys, `${name} uses ${match[1]}`).toContain(match[1]);
      }
      if (!/text\/(en|zh)(_work)?\.ts$/.test(name)) for (const match of text.matchAll(/'([\w.]+)'/g)) used.add(match[1]!);
    }
    for (const action of actions) expect(keys).toContain(action.label);
    // Families whose codes come from the desk, or are put together.
    const families = /^(level|plugin_was|wish|yes|case_kind|case_state|severity|cause|party|direction|promise_kind|promise_end|missed_end|order|payment|parcel|kind|link|rule|access|presence|theme|role|plugin|standing|alarm|outcome|view|queue|action|offer|offer_act|offer_done|limit)\./;
    for (const key of keys) if (!families.test(key)) expect([...used], `nobody uses ${key}`).toContain(key);
  });
  it('count', () => {
    language.value = 'en';
    expect(t('nav.waiting', { n: 1 })).toBe('1 waiting');
    expect(t('split.days', { n: 7 })).toBe('7 days');
    expect(t('split.days', { n: 1 })).toBe('1 day');
    language.value = 'zh';
    expect(t('split.days', { n: 7 })).toBe('7 天');
    expect(word('parcel', 'in_transit')).toBe('运输中');
    expect(word('parcel', 'some_new_thing')).toBe('some new thing');
    language.value = 'en';
  });
});

describe('money and time', () => {
  it('minor units, as typed', () => {
    expect(parseMoney('12.50', 'CNY')).toBe(1250);
    expect(parseMoney(' 12 ', 'EUR')).toBe(1200);
    expect(parseMoney('12.5', 'EUR')).toBe(1250);
    expect(parseMoney('12.505', 'EUR')).toBeNull();
    expect(parseMoney('0', 'EUR')).toBeNull();
    expect(parseMoney('-3', 'EUR')).toBeNull();
    expect(parseMoney('1200', 'JPY')).toBe(1200);
    expect(parseMoney('1.5', 'JPY')).toBeNull();
    expect(money(1250, 'EUR')).toContain('12.50');
    expect(money(1200, 'JPY')).toContain('1,200');
    expect(money(5, 'no currency')).toContain('0.05');
  });
  it('spans', () => {
    expect(span(59_900)).toBe('59 s');
    expect(span(-5)).toBe('0 s');
    expect(span(3_600_000)).toBe('1 h');
    expect(span(200_000_000)).toBe('2 d');
  });
});

describe("strangers' words", () => {
  it('lose what turns the text around them', () => {
    expect(message('a\u202egnp.exe\u2066')).toBe('agnp.exe');
    expect(message('a\r\nb\u0000')).toBe('a\nb\ufffd');
    expect(message(`e${'\u0301'.repeat(200)}`).length).toBeLessThan(10);
  });
  it('stay on one line, and end', () => {
    expect(line('  a\n\nb  ')).toBe('a b');
    expect([...line('👍'.repeat(500))].length).toBe(nameCharsMax);
    expect(line(undefined)).toBe('');
    expect(line('<b>x</b>')).toBe('<b>x</b>');
  });
  it('addresses of any shape', () => {
    expect(address({ city: 'Leeds', street: '1 Hill', n: 3 })).toBe('Leeds, 1 Hill');
    expect(address('x')).toBe('x');
    expect(address(null)).toBe('');
  });
});
