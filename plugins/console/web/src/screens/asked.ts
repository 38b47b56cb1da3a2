// Asks the desk for what a screen shows, again after each cut, and every `everyMs`. What was found
// stays while it is asked for again, and so does why that failed.
import { useEffect, useState } from 'preact/hooks';
import type { Params } from '../bus/frames';
import { call, link, sentence } from '../desk/store';

export interface Asked<T> {
  found: T | null;
  failed: string;
  again: () => void;
}

interface Asking {
  params?: () => Params; // of each question, as it is then
  anew?: unknown[]; // asks at once when one of these changes
  everyMs?: number;
}

export const useAsked = <T>(method: string, { params, anew = [], everyMs = 0 }: Asking = {}): Asked<T> =>
  useAnswer<T>(() => call<T>(method, params?.()), [method, ...anew], everyMs);

// The same for what takes more than one question.
export function useAnswer<T>(question: () => Promise<T>, anew: unknown[], everyMs = 0): Asked<T> {
  const [found, setFound] = useState<T | null>(null);
  const [failed, setFailed] = useState('');
  const [round, setRound] = useState(0);
  const up = link.value === 'open';
  useEffect(() => {
    if (!up) return undefined;
    let current = true;
    const ask = (): void => {
      question().then(
        (answer) => current && (setFound(answer), setFailed('')),
        (error: unknown) => current && setFailed(sentence(error)),
      );
    };
    ask();
    const timer = everyMs > 0 ? setInterval(ask, everyMs) : undefined;
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [up, round, ...anew]);
  return { found, failed, again: () => setRound((n) => n + 1) };
}
