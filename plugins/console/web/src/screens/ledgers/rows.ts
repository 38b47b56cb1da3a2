// The rows of a sheet, page by page; read again when something of theirs has changed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { link, memberName, members, sentence } from '../../desk/store';
import type { People, Sheet } from '../../sheets/sheet';

// Named limits and times.
export const rowsMax = 5_000; // of a sheet; older ones are left out, and it says so
const pauseMs = 2_000; // at least, between two readings

export const people: People = {
  nameOf: memberName,
  numberOf: (text) => {
    const wanted = text.trim().toLowerCase();
    const found = members.peek().find((one) => one.name.toLowerCase() === wanted || String(one.number) === wanted);
    return found?.number;
  },
};

export interface Rows<T> {
  rows: T[] | null;
  leftOut: boolean;
  failed: string;
  again: () => void;
}

export function useRows<T>(sheet: Sheet<T>, news: number): Rows<T> {
  const [state, setState] = useState<{ rows: T[] | null; leftOut: boolean; failed: string }>({ rows: null, leftOut: false, failed: '' });
  const [round, setRound] = useState(0);
  const readAt = useRef(0);
  const up = link.value === 'open';
  useEffect(() => {
    if (!up) return undefined;
    let current = true;
    const read = async (): Promise<void> => {
      readAt.current = Date.now();
      const rows: T[] = [];
      let after: unknown;
      try {
        do {
          const page = await sheet.read(after);
          if (!current) return;
          rows.push(...page.rows);
          after = page.next;
          // The first reading is shown as it comes.
          if (after !== undefined) setState((was) => (was.rows && was.rows.length > rows.length ? was : { ...was, rows: [...rows] }));
        } while (after !== undefined && rows.length < rowsMax);
        setState({ rows: rows.slice(0, rowsMax), leftOut: after !== undefined || rows.length > rowsMax, failed: '' });
      } catch (error) {
        if (current) setState((was) => ({ ...was, failed: sentence(error) }));
      }
    };
    const timer = setTimeout(() => void read(), Math.max(0, readAt.current + pauseMs - Date.now()));
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [sheet.id, up, news, round]);
  return {
    ...state,
    again: () => {
      readAt.current = 0;
      setRound((n) => n + 1);
    },
  };
}
