import { pinyin } from 'pinyin-pro';
import { describe, expect, it } from 'vitest';
import { findPhrases, foundMax, typedPhrase, type Readings } from '../src/phrases/match';
import { expand } from '../src/phrases/variables';
import { readings, wantReadings } from '../src/phrases/pinyin';

const syllables = (char: string): string[] | null =>
  /\p{Script=Han}/u.test(char) ? pinyin(char, { type: 'array', toneType: 'none', multiple: true }) : null;
const inPinyin: Readings = (text) => [...text].map(syllables);

const phrases = [
  { name: 'shipping', language: 'en', text: 'Your parcel left today.' },
  { name: 'thanks', language: 'en', text: 'Thank you for writing!' },
  { name: 'sorry late', language: 'en', text: 'We are sorry for the delay.' },
  { name: '发货', language: 'zh', text: '亲，您的包裹今天已经发出。' },
  { name: '重新发货', language: 'zh', text: '我们重新给您寄一个。' },
  { name: '银行转账', language: 'zh', text: '请转到这个账号。' },
];
const names = (typed: string, preferred = ''): string[] =>
  findPhrases(phrases, typed, inPinyin, preferred).map((found) => found.phrase.name);

describe('phrases are found', () => {
  it('by the beginning of the name, of a word, by initials, by text', () => {
    expect(names('shi')[0]).toBe('shipping');
    expect(names('late')[0]).toBe('sorry late');
    expect(names('sl')[0]).toBe('sorry late');
    expect(names('delay')).toEqual(['sorry late']);
    expect(names('发货')[0]).toBe('发货');
  });
  it('by pinyin, its initials, and readings of which there are several', () => {
    expect(names('fahuo')[0]).toBe('发货');
    expect(names('fh')[0]).toBe('发货');
    expect(names('fhuo')[0]).toBe('发货');
    expect(names('cxfh')[0]).toBe('重新发货');
    expect(names('chongxin')[0]).toBe('重新发货');
    expect(names('yhzz')[0]).toBe('银行转账');
    expect(names('yinhang')[0]).toBe('银行转账');
    expect(names('xyz')).toEqual([]);
  });
  it("in the buyer's language first, and the usual ones first", () => {
    expect(names('', 'zh').slice(0, 3).every((name) => /\p{Script=Han}/u.test(name))).toBe(true);
    expect(findPhrases(phrases, '', null, '', { thanks: 5 })[0]!.phrase.name).toBe('thanks');
    const many = Array.from({ length: 50 }, (_, i) => ({ name: `p${i}`, language: 'en', text: 'x' }));
    expect(findPhrases(many, 'p', null).length).toBe(foundMax);
  });
  it('without pinyin until it is there', async () => {
    expect(findPhrases(phrases, 'fh', null).length).toBe(0);
    wantReadings();
    await import('pinyin-pro');
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(readings.value?.('发a')).toEqual([['fa'], null]);
  });
});

describe('a phrase is asked for', () => {
  it('at the beginning of the text or of a word', () => {
    expect(typedPhrase('/', 1)).toEqual({ from: 0, typed: '' });
    expect(typedPhrase('/fh', 3)).toEqual({ from: 0, typed: 'fh' });
    expect(typedPhrase('Hello /th', 9)).toEqual({ from: 6, typed: 'th' });
    expect(typedPhrase('、fh', 3)).toEqual({ from: 0, typed: 'fh' }); // the key "/" of a Chinese keyboard
    expect(typedPhrase('and/or', 6)).toBeNull();
    expect(typedPhrase('/done ', 6)).toBeNull();
    expect(typedPhrase('/fh later', 3)).toEqual({ from: 0, typed: 'fh' });
  });
});

it('variables are filled in once, and missing ones told', () => {
  const values = { buyer: 'Ann {order}', order: 'T_1', parcel: '', agent: 'Li' };
  expect(expand('{buyer}: {order} {parcel} {parcel} {agent} {other} {{x}', values)).toEqual({
    text: 'Ann {order}: T_1 {parcel} {parcel} Li {other} {x}', missing: ['parcel'],
  });
});
