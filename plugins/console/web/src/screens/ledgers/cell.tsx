// A cell that is being changed. Enter and Tab keep, Escape leaves it as it was.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { members } from '../../desk/store';
import { composes } from '../../keys/composition';
import { cellText, parsed, type Column, type Value } from '../../sheets/sheet';
import { t, word } from '../../text/i18n';
import { say } from '../../ui/toast';
import { people } from './rows';

interface Props<T> {
  column: Column<T>;
  row: T;
  onKeep: (value: Value) => void;
  onLeave: () => void;
}

const first = <T,>(column: Column<T>, row: T): string => {
  const value = column.of(row);
  if (column.kind === 'choice' && !column.free) return String(value ?? '');
  if (column.kind === 'member') return value ? String(value) : '';
  const text = cellText(column, row, people);
  return column.kind === 'time' ? text.replace(' ', 'T') : text;
};

export function CellEditor<T>({ column, row, onKeep, onLeave }: Props<T>) {
  const begun = first(column, row);
  const [text, setText] = useState(begun);
  const field = useRef<HTMLInputElement & HTMLSelectElement>(null);
  const over = useRef(false);
  useLayoutEffect(() => {
    field.current?.focus();
    if (field.current instanceof HTMLInputElement && column.kind !== 'time') field.current.select();
  }, []);
  const end = (work: () => void): void => {
    if (over.current) return;
    over.current = true;
    work();
  };
  const keep = (): void => {
    if (text === begun) return end(onLeave);
    const value = parsed(column, text, column.currency?.(row) ?? '', people);
    if (value === null) return say(t('import.bad', { column: t(column.label), text }), true);
    end(() => onKeep(value));
  };
  const common = {
    ref: field,
    class: 'cell-field',
    value: text,
    'aria-label': t(column.label),
    onKeyDown: (event: KeyboardEvent): void => {
      if (composes(event)) return;
      if (event.key === 'Enter' || event.key === 'Tab') keep();
      else if (event.key === 'Escape') end(onLeave);
      else return event.stopPropagation();
      event.preventDefault();
      event.stopPropagation();
    },
    onBlur: keep,
  };
  if ((column.kind === 'choice' && !column.free) || column.kind === 'member') {
    const options = column.kind === 'member'
      ? members.value.map((one) => ({ value: String(one.number), text: one.name }))
      : (column.choices ?? []).map((one) => ({ value: one, text: word(column.family ?? column.id, one) }));
    return (
      <select {...common} onChange={(event) => setText(event.currentTarget.value)}>
        <option value="">–</option>
        {options.map((one) => <option key={one.value} value={one.value}>{one.text}</option>)}
      </select>
    );
  }
  return (
    <>
      <input
        {...common}
        type={column.kind === 'time' ? 'datetime-local' : 'text'}
        inputMode={column.kind === 'money' ? 'decimal' : column.kind === 'number' ? 'numeric' : undefined}
        list={column.choices ? `cell-${column.id}` : undefined}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {column.choices && (
        <datalist id={`cell-${column.id}`}>
          {column.choices.map((one) => <option key={one} value={word(column.family ?? column.id, one)} />)}
        </datalist>
      )}
    </>
  );
}
