// The rows of a sheet as a grid: one cell has the focus, arrows move it, Enter changes it.
import { useRef, useState } from 'preact/hooks';
import { mayAct } from '../../desk/store';
import { afterRender, useActions } from '../../keys/keyboard';
import { shown, type Column, type Sheet, type Value, type View } from '../../sheets/sheet';
import { t } from '../../text/i18n';
import { line } from '../../text/plain';
import { Words } from '../../ui/bits';
import { go } from '../../ui/router';
import { CellEditor } from './cell';
import { people } from './rows';

const pageRows = 10; // of Page Up and Page Down
const rowsFirst = 200; // that are there at once
const cellChars = 200;

interface Props<T> {
  sheet: Sheet<T>;
  rows: T[];
  view: View;
  onSort: (column: string) => void;
  onChange: (row: T, column: Column<T>, value: Value) => void;
}

export function Grid<T>({ sheet, rows, view, onSort, onChange }: Props<T>) {
  const [at, setAt] = useState({ row: 0, column: 0 });
  const [editing, setEditing] = useState(false);
  const [most, setMost] = useState(rowsFirst);
  const body = useRef<HTMLTableSectionElement>(null);
  const here = { row: Math.min(at.row, Math.max(rows.length - 1, 0)), column: at.column };

  const focusCell = (): void =>
    afterRender(() => body.current?.querySelector<HTMLElement>('[role=gridcell][tabindex="0"]')?.focus());
  const move = (row: number, column: number): void => {
    const next = {
      row: Math.min(Math.max(row, 0), rows.length - 1),
      column: Math.min(Math.max(column, 0), sheet.columns.length - 1),
    };
    if (next.row >= most) setMost(next.row + rowsFirst);
    setAt(next);
    focusCell();
  };
  useActions({
    'list.down': () => move(here.row + (body.current?.contains(document.activeElement) ? 1 : 0), here.column),
    'list.up': () => move(here.row - 1, here.column),
  });
  const enter = (row: T, column: Column<T>): void => {
    if (column.edits && sheet.change && mayAct.value) setEditing(true);
    else if (column.id === sheet.key || sheet.columns[0] === column) {
      const to = sheet.link?.(row);
      if (to) go(to);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (editing || event.ctrlKey || event.altKey || event.metaKey) return;
    const row = rows[here.row];
    const column = sheet.columns[here.column];
    if (!row || !column || !(event.target as Element).closest('[role=gridcell]')) return;
    const steps: Record<string, [number, number]> = {
      ArrowDown: [here.row + 1, here.column], ArrowUp: [here.row - 1, here.column],
      ArrowRight: [here.row, here.column + 1], ArrowLeft: [here.row, here.column - 1],
      Home: [here.row, 0], End: [here.row, sheet.columns.length - 1],
      PageDown: [here.row + pageRows, here.column], PageUp: [here.row - pageRows, here.column],
    };
    const step = steps[event.key];
    if (step) move(...step);
    else if (event.key === 'Enter' || event.key === 'F2') enter(row, column);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <div class="table sheet">
        <table role="grid" aria-label={t(sheet.label)} aria-rowcount={rows.length + 1} onKeyDown={onKeyDown}>
          <thead>
            <tr role="row">
              {sheet.columns.map((column) => (
                <th
                  key={column.id}
                  role="columnheader"
                  scope="col"
                  aria-sort={view.sort !== column.id ? 'none' : view.down ? 'descending' : 'ascending'}
                >
                  <button type="button" class="sort" onClick={() => onSort(column.id)}>
                    {t(column.label)} <span aria-hidden="true">{view.sort !== column.id ? '' : view.down ? '↓' : '↑'}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {rows.slice(0, most).map((row, r) => (
              <tr key={sheet.idOf(row)} role="row" aria-rowindex={r + 2}>
                {sheet.columns.map((column, c) => {
                  const current = r === here.row && c === here.column;
                  const edits = column.edits && sheet.change && mayAct.value;
                  return (
                    <td
                      key={column.id}
                      role="gridcell"
                      class={`cell ${column.kind}`}
                      data-column={column.id}
                      tabIndex={current ? 0 : -1}
                      aria-readonly={edits ? undefined : true}
                      onFocus={() => !current && setAt({ row: r, column: c })}
                      onDblClick={() => (setAt({ row: r, column: c }), enter(row, column))}
                    >
                      {current && editing ? (
                        <CellEditor
                          column={column}
                          row={row}
                          onLeave={() => (setEditing(false), focusCell())}
                          onKeep={(value) => {
                            setEditing(false);
                            focusCell();
                            onChange(row, column, value);
                          }}
                        />
                      ) : column.id === sheet.key && sheet.link?.(row) ? (
                        <a href={sheet.link(row)} tabIndex={-1}><Words text={shown(column, row, people)} /></a>
                      ) : (
                        <Words text={line(shown(column, row, people), cellChars)} most={cellChars} />
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > most && (
        <p><button type="button" onClick={() => setMost(most + rowsFirst)}>{t('sheet.more', { n: rows.length - most })}</button></p>
      )}
    </>
  );
}
