// The readings of Chinese characters, fetched when the first phrase or query needs them: the
// dictionary is larger than the rest of the console.
import { signal } from '@preact/signals';
import type { Readings } from './match';

export const readings = signal<Readings | null>(null);
let asked = false;

export function wantReadings(): void {
  if (asked) return;
  asked = true;
  void import('pinyin-pro').then(
    ({ pinyin }) => {
      const known = new Map<string, (string[] | null)[]>();
      readings.value = (text) => {
        let found = known.get(text);
        if (!found) {
          found = [...text].map((char) =>
            /\p{Script=Han}/u.test(char)
              ? pinyin(char, { type: 'array', toneType: 'none', multiple: true, v: true }).map((s) => s.toLowerCase())
              : null);
          known.set(text, found);
        }
        return found;
      };
    },
    () => (asked = false),
  );
}
