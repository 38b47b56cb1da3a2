// Short words about what was done, or why it was not.
import { signal } from '@preact/signals';

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const shownMs = 6_000;
const toastsMax = 4;
let next = 1;
const toasts = signal<Toast[]>([]);

export function say(text: string, bad = false): void {
  const toast = { id: next++, text, bad };
  toasts.value = [...toasts.value, toast].slice(-toastsMax);
  setTimeout(() => (toasts.value = toasts.value.filter((one) => one.id !== toast.id)), shownMs);
}

export const Toasts = () => (
  <div class="toasts" role="status" aria-live="polite">
    {toasts.value.map((one) => (
      <p key={one.id} class={one.bad ? 'toast bad' : 'toast'}>
        {one.text}
      </p>
    ))}
  </div>
);
