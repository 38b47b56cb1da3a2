// One sheet: what of it is shown, and out of it and into it by a file.
import { useMemo, useState } from 'preact/hooks';
import { call, mayAct } from '../../desk/store';
import { useActions } from '../../keys/keyboard';
import { writeCsv } from '../../sheets/csv';
import { kindsIn, table, timeText, visible, whyColumn, type Column, type Sheet, type Value, type View } from '../../sheets/sheet';
import { language, t } from '../../text/i18n';
import { Empty, Failed, Hint, Loading } from '../../ui/bits';
import { say } from '../../ui/toast';
import { save } from '../../ui/save';
import { refused } from '../refused';
import { Grid } from './grid';
import { ImportDialog } from './import_dialog';
import { people, rowsMax, useRows } from './rows';
import { WhyDialog } from './why_dialog';

const kindsMin = 2; // of a column, for a choice among them
const kindsMax = 60;

const nothing: View = { sort: '', down: false, search: '', only: new Map() };

export function SheetView<T>({ sheet, news }: { sheet: Sheet<T>; news: number }) {
  const { rows, leftOut, failed, again } = useRows(sheet, news);
  const [view, setView] = useState<View>(nothing);
  const [importing, setImporting] = useState(false);
  const [asked, setAsked] = useState<{ row: T; values: Map<string, Value> } | null>(null);
  const all = rows ?? [];
  const list = useMemo(() => visible(sheet, all, view, people), [sheet, rows, view, language.value]);
  const choices = useMemo(
    () =>
      sheet.columns
        .filter((column) => column.kind === 'choice' || column.kind === 'member')
        .map((column) => ({ column, kinds: kindsIn(column, all, people) }))
        .filter(({ kinds }) => kinds.length >= kindsMin && kinds.length <= kindsMax),
    [sheet, rows, language.value],
  );
  const write = (): void => {
    const name = `${sheet.id}-${timeText(Date.now()).slice(0, 10)}.csv`;
    save(new Blob([writeCsv(table(sheet, list, people))], { type: 'text/csv;charset=utf-8' }), name);
    say(t('sheet.exported', { n: list.length }));
  };
  const mayImport = mayAct.value && (sheet.change || sheet.add);
  useActions({
    'sheet.export': rows !== null && write,
    'sheet.import': rows !== null && !!mayImport && (() => setImporting(true)),
    'list.search': () => document.querySelector<HTMLElement>('.sheet-find')?.focus(),
    'chat.phrase': () => document.querySelector<HTMLElement>('.sheet-find')?.focus(),
  });
  const change = (row: T, values: Map<string, Value>): void => {
    if (sheet.needsWhy?.(values) && !values.get(whyColumn)) return setAsked({ row, values });
    const ask = sheet.change!(row, values);
    call(ask.method, ask.params).then(() => (say(t('done.saved')), again()), refused);
  };
  if (rows === null) return failed ? <Failed text={failed} again={again} /> : <Loading />;
  return (
    <>
      <div class="sheet-bar">
        <input
          type="search"
          class="sheet-find"
          value={view.search}
          aria-label={t('sheet.find')}
          placeholder={t('sheet.find')}
          onInput={(event) => setView({ ...view, search: event.currentTarget.value })}
        />
        {choices.map(({ column, kinds }) => (
          <label key={column.id} class="sheet-only">
            <span>{t(column.label)}</span>
            <select
              data-column={column.id}
              value={view.only.get(column.id) ?? ''}
              onChange={(event) => {
                const only = new Map(view.only);
                if (event.currentTarget.value) only.set(column.id, event.currentTarget.value);
                else only.delete(column.id);
                setView({ ...view, only });
              }}
            >
              <option value="">{t('sheet.any')}</option>
              {kinds.map((kind) => <option key={kind} value={kind}>{kind}</option>)}
            </select>
          </label>
        ))}
        <span class="acts">
          <button type="button" class="small" onClick={write}>{t('sheet.export')} <Hint keys="z x" /></button>
          {mayImport && (
            <button type="button" class="small" onClick={() => setImporting(true)}>{t('sheet.import')} <Hint keys="z i" /></button>
          )}
        </span>
      </div>
      {failed && <Failed text={failed} again={again} />}
      <p class="hint" role="status">
        {t('sheet.count', { n: list.length })} {leftOut && t('sheet.left_out', { n: rowsMax })}
      </p>
      {all.length === 0 ? (
        <Empty icon="orders" title={t('sheet.nothing')}>
          <p>{t(sheet.empty)}</p>
        </Empty>
      ) : list.length === 0 ? (
        <Empty icon="search" title={t('queue.not_found')}>
          <p><button type="button" onClick={() => setView({ ...view, search: '', only: new Map() })}>{t('sheet.show_all')}</button></p>
        </Empty>
      ) : (
        <Grid
          sheet={sheet}
          rows={list}
          view={view}
          onSort={(column) => setView({ ...view, sort: column, down: view.sort === column && !view.down })}
          onChange={(row, column: Column<T>, value) => change(row, new Map([[column.id, value]]))}
        />
      )}
      {importing && <ImportDialog sheet={sheet} rows={all} onClose={() => setImporting(false)} onDone={again} />}
      {asked && (
        <WhyDialog
          onClose={() => setAsked(null)}
          onWhy={(why) => {
            setAsked(null);
            change(asked.row, new Map([...asked.values, [whyColumn, why]]));
          }}
        />
      )}
    </>
  );
}
