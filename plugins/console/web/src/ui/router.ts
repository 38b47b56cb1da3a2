// Every screen has an address.
import { signal } from '@preact/signals';

const current = (): string => location.pathname + location.search;
export const path = signal(typeof location === 'undefined' ? '/' : current());

export function go(to: string, replace = false): void {
  if (to === current()) return;
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  path.value = current();
}

export function startRouter(): void {
  addEventListener('popstate', () => (path.value = current()));
  addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const anchor = (event.target as Element).closest?.('a');
    if (!anchor || anchor.target || anchor.origin !== location.origin || anchor.hasAttribute('download')) return;
    if (!anchor.hasAttribute('href') || /^\/(api|plugins|hooks)\//.test(anchor.pathname)) return;
    if (anchor.hash && anchor.pathname === location.pathname) return;
    event.preventDefault();
    go(anchor.pathname + anchor.search);
  });
}

// "/inbox/12?view=all" to ["inbox", "12"].
export const parts = (address: string): string[] =>
  (address.split('?')[0] ?? '').split('/').filter(Boolean).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
export const query = (address: string, name: string): string =>
  new URLSearchParams(address.split('?')[1] ?? '').get(name) ?? '';
