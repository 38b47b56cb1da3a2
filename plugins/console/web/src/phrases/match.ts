// Finding a quick phrase by a few letters: of its name, its text, or the pinyin of either.
import type { Phrase } from '../desk/types';

// The readings of a text in pinyin: per character, the syllables it may have, lower case; null for
// what is no Chinese character.
export type Readings = (text: string) => (string[] | null)[];

export interface Found {
  phrase: Phrase;
  score: number;
}

// Named limits.
export const foundMax = 8;
const textChars = 200; // of a phrase's text that are looked at

const han = /\p{Script=Han}/u;
export const hasHan = (text: string): boolean => han.test(text);

// Does query read along the text's pinyin from character i on, each by its initial or more letters?
function reads(readings: (string[] | null)[], chars: string[], i: number, query: string): boolean {
  if (query === '') return true;
  if (i >= chars.length) return false;
  const syllables = readings[i];
  if (!syllables) {
    const c = chars[i]!;
    if (/\s|[\p{P}\p{S}]/u.test(c)) return reads(readings, chars, i + 1, query);
    return query.startsWith(c) && reads(readings, chars, i + 1, query.slice(c.length));
  }
  for (const syllable of syllables) {
    for (let n = syllable.length; n > 0; --n) {
      if (query.startsWith(syllable.slice(0, n)) && reads(readings, chars, i + 1, query.slice(n))) return true;
    }
  }
  return false;
}

function inPinyin(text: string, query: string, readingsOf: Readings): 0 | 1 | 2 {
  const chars = [...text];
  const readings = readingsOf(text);
  for (let i = 0; i < chars.length; ++i) {
    if (readings[i] && reads(readings, chars, i, query)) return i === 0 ? 2 : 1;
  }
  return 0;
}

function scoreOf(text: string, query: string, readings: Readings | null): number {
  const lower = text.toLowerCase();
  if (lower === query) return 100;
  if (lower.startsWith(query)) return 80;
  const words = lower.split(/[\s\-_.,:;!?/]+/).filter(Boolean);
  if (words.some((word) => word.startsWith(query))) return 60;
  if (words.map((word) => word[0]).join('').startsWith(query)) return 55;
  if (lower.includes(query)) return 40;
  if (readings && /^[a-z' ]+$/.test(query) && hasHan(text)) {
    const found = inPinyin(lower, query.replace(/[' ]/g, ''), readings);
    if (found > 0) return found === 2 ? 70 : 50;
  }
  return 0;
}

// The best first. `preferred`: the language of the buyer, where it is known. `uses`: how often each
// was taken lately, by name.
export function findPhrases(
  phrases: Phrase[], typed: string, readings: Readings | null, preferred = '', uses: Record<string, number> = {},
): Found[] {
  const query = typed.trim().toLowerCase();
  const out: Found[] = [];
  for (const phrase of phrases) {
    const score = query === ''
      ? 1
      : Math.max(scoreOf(phrase.name, query, readings) * 2, scoreOf(phrase.text.slice(0, textChars), query, readings));
    if (score === 0) continue;
    const fits = preferred !== '' && phrase.language === preferred ? 15 : 0;
    out.push({ phrase, score: score + fits + Math.min(uses[phrase.name] ?? 0, 10) });
  }
  out.sort((a, b) => b.score - a.score || a.phrase.name.localeCompare(b.phrase.name));
  return out.slice(0, foundMax);
}

// What follows the "/" that begins the text or a word before the cursor; null: no phrase is asked
// for there.
export function typedPhrase(text: string, cursor: number): { from: number; typed: string } | null {
  const match = /(^|\s)[/、]([^\s/、]{0,30})$/u.exec(text.slice(0, cursor));
  if (!match) return null;
  return { from: cursor - (match[2]?.length ?? 0) - 1, typed: match[2] ?? '' };
}
