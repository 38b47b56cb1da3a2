// Every sentence of the console in both languages. `t` follows the chosen language by itself where
// it is used while rendering.
import { signal } from '@preact/signals';
import { en as enDesk } from './en';
import { enWork } from './en_work';
import { zh as zhDesk } from './zh';
import { zhWork } from './zh_work';

const en = { ...enDesk, ...enWork };
const zh = { ...zhDesk, ...zhWork };

export type Key = keyof typeof en;
export type Language = 'en' | 'zh';
export const dictionaries: Record<Language, Record<Key, string>> = { en, zh };

const kept = 'deskmate.language';

export const languageOf = (tag: string): Language => (tag.toLowerCase().startsWith('zh') ? 'zh' : 'en');

function first(): Language {
  const chosen = typeof localStorage === 'undefined' ? null : localStorage.getItem(kept);
  if (chosen === 'en' || chosen === 'zh') return chosen;
  return languageOf(typeof navigator === 'undefined' ? 'en' : navigator.language);
}

export const language = signal<Language>(first());

export function setLanguage(next: Language, remember = true): void {
  language.value = next;
  if (remember) localStorage.setItem(kept, next);
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
}

export const languageChosen = (): boolean => localStorage.getItem(kept) !== null;

// "{n} waiting" with {n: 3}. English has "key|one": the singular, before a bar.
export function t(key: Key, values: Record<string, string | number> = {}): string {
  let text = dictionaries[language.value][key];
  const bar = text.indexOf('|');
  if (bar >= 0) text = values.n === 1 ? text.slice(0, bar) : text.slice(bar + 1);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

// Words of the desk that come as codes ("in_transit"); one that this version does not know is shown
// as it is, with spaces.
export function word(family: string, code: string): string {
  const key = `${family}.${code}` as Key;
  return key in en ? t(key) : code.replace(/_/g, ' ');
}
