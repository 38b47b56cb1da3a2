// Asks the desk for what a screen shows, again after each cut, and every `everyMs`.
import { useEffect, useState } from 'preact/hooks';
import { call, link, sentence } from '../../desk/store';

export interface Asked<T> {
  found: T | null;
  failed: string;
  again: () => void;
}

export function useAsked<T>(method: string, everyMs = 0): Asked<T> {
  const [found, setFound] = useState<T | null>(null);
  const [failed, setFailed] = useState('');
  const [round, setRound] = useState(0);
  const up = link.value === 'open';
  useEffect(() => {
    if (!up) return undefined;
    let current = true;
    const ask = (): void => {
      call<T>(method).then(
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
  }, [method, up, round]);
  return { found, failed, again: () => setRound((n) => n + 1) };
}
