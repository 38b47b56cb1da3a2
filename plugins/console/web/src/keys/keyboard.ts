// Gives each key to the action that a screen has offered for it.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { composes } from './composition';
import { resolve } from './table';

type Handler = () => void;
const handlers = new Map<string, Handler[]>();

export const offered = (id: string): boolean => (handlers.get(id)?.length ?? 0) > 0;
export const run = (id: string): void => handlers.get(id)?.at(-1)?.();

// After what was just changed is shown, and before the next key can come: Preact renders in a
// microtask, and this one waits behind it.
export const afterRender = (work: () => void): void => queueMicrotask(() => queueMicrotask(work));

// Offers actions while the calling component is shown; the innermost one counts. Undefined: not now.
export function useActions(offers: Record<string, Handler | undefined | false>): void {
  const latest = useRef(offers);
  latest.current = offers;
  const ids = Object.keys(offers).filter((id) => offers[id]).join(' ');
  // Before the next key can come.
  useLayoutEffect(() => {
    const added = ids.split(' ').filter(Boolean).map((id) => {
      const handler = (): void => void (latest.current[id] as Handler | undefined)?.();
      handlers.set(id, [...(handlers.get(id) ?? []), handler]);
      return [id, handler] as const;
    });
    return () => {
      for (const [id, handler] of added) handlers.set(id, (handlers.get(id) ?? []).filter((h) => h !== handler));
    };
  }, [ids]);
}

const types = new Set(['checkbox', 'radio', 'button', 'submit', 'range']);
const isTyping = (target: EventTarget | null): boolean => {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !types.has(target.type);
};

export function startKeyboard(): void {
  let prefix = '';
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || composes(event)) return;
    const target = event.target as Element | null;
    // An open dialog has its own keys; its Escape is the browser's.
    if (document.querySelector('dialog[open]')) return;
    const typing = isTyping(target);
    if (typing && event.key === 'Escape') (target as HTMLElement).blur();
    // Enter and the arrows belong to what has the focus.
    if (event.key === 'Enter' && target?.closest('button, a, summary, [role=menuitem]')) return;
    const found = resolve(event, typing, prefix);
    prefix = found.prefix;
    if (!found.action || !offered(found.action)) return;
    event.preventDefault();
    run(found.action);
  });
}
