// Light, dark, or as the machine is.
import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';
const kept = 'deskmate.theme';
export const themes: Theme[] = ['auto', 'light', 'dark'];
export const theme = signal<Theme>('auto');

export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(kept, next);
  document.documentElement.dataset.theme = next;
}

export function startTheme(): void {
  const found = localStorage.getItem(kept);
  setTheme(themes.includes(found as Theme) ? (found as Theme) : 'auto');
}

export const nextTheme = (): void => setTheme(themes[(themes.indexOf(theme.value) + 1) % themes.length]!);
