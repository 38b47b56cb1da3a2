// A file brought back into a sheet: first what it would do, then, when somebody says so, it is done.
import { useState } from 'preact/hooks';
import { call, sentence } from '../../desk/store';
import { CsvError, csvText } from '../../sheets/csv';
import { csvSentence, faultsShownMax, planOf, type Fault, type Plan } from '../../sheets/import';
import type { Sheet } from '../../sheets/sheet';
import { t } from '../../text/i18n';
import { line } from '../../text/plain';
import { Dialog } from '../../ui/dialog';
import { people } from './rows';

interface Props<T> {
  sheet: Sheet<T>;
  rows: T[];
  onClose: () => void;
  onDone: () => void;
}

export function ImportDialog<T>({ sheet, rows, onClose, onDone }: Props<T>) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [bad, setBad] = useState('');
  const [done, setDone] = useState(0);
  const [faults, setFaults] = useState<Fault[]>([]);
  const [state, setState] = useState<'choose' | 'busy' | 'end'>('choose');

  const choose = async (file: File | undefined): Promise<void> => {
    setPlan(null);
    setBad('');
    if (!file) return;
    try {
      const found = planOf(sheet, rows, csvText(await file.arrayBuffer()), people);
      setPlan(found);
      setFaults(found.faults);
    } catch (error) {
      setBad(error instanceof CsvError ? csvSentence(error) : t('csv.cannot'));
    }
  };
  const apply = async (): Promise<void> => {
    if (!plan) return;
    setState('busy');
    const refused: Fault[] = [];
    for (const [i, step] of plan.steps.entries()) {
      try {
        await call(step.ask.method, step.ask.params);
      } catch (error) {
        refused.push({ line: step.line, text: sentence(error) });
      }
      setDone(i + 1);
    }
    setFaults(refused);
    setState('end');
    onDone();
  };
  const changes = plan?.steps.filter((step) => step.kind === 'change').length ?? 0;
  const adds = (plan?.steps.length ?? 0) - changes;
  return (
    <Dialog title={t('import.title', { sheet: t(sheet.label) })} onClose={onClose} wide name="import">
      {state === 'choose' && (
        <>
          <p class="hint">{t('import.text')}</p>
          <label>
            {t('import.file')}
            <input
              data-focus
              type="file"
              class="import-file"
              accept=".csv,text/csv"
              onChange={(event) => void choose(event.currentTarget.files?.[0])}
            />
          </label>
        </>
      )}
      <p class="error" role="alert">{bad}</p>
      {plan && state === 'choose' && (
        <div role="status">
          <p>{t('import.changes', { n: changes })} · {t('import.adds', { n: adds })} · {t('import.same', { n: plan.same })}</p>
          {plan.ignored.length > 0 && <p class="hint">{t('import.ignored', { list: plan.ignored.join(', ') })}</p>}
          {plan.steps.length > 0 && (
            <ul class="plain steps">
              {plan.steps.slice(0, faultsShownMax).map((step) => (
                <li key={step.line}>{t('import.line', { line: step.line })} <bdi>{line(step.what, 120)}</bdi></li>
              ))}
              {plan.steps.length > faultsShownMax && <li>{t('import.others', { n: plan.steps.length - faultsShownMax })}</li>}
            </ul>
          )}
        </div>
      )}
      {state === 'busy' && <p role="status">{t('import.busy', { done, n: plan?.steps.length ?? 0 })}</p>}
      {state === 'end' && <p role="status">{t('import.done', { n: (plan?.steps.length ?? 0) - faults.length })}</p>}
      {faults.length > 0 && state !== 'busy' && (
        <div class="failed" role="alert">
          <p>{t(state === 'end' ? 'import.refused' : 'import.faults', { n: faults.length })}</p>
          <ul class="plain steps">
            {faults.slice(0, faultsShownMax).map((fault) => (
              <li key={fault.line}>{t('import.line', { line: fault.line })} {fault.text}</li>
            ))}
            {faults.length > faultsShownMax && <li>{t('import.others', { n: faults.length - faultsShownMax })}</li>}
          </ul>
        </div>
      )}
      <div class="dialog-acts">
        {state === 'choose' && plan && plan.steps.length > 0 && (
          <button type="button" class="primary" onClick={() => void apply()}>{t('import.do', { n: plan.steps.length })}</button>
        )}
        {state === 'end' && <button type="button" class="primary" data-focus onClick={onClose}>{t('close')}</button>}
      </div>
    </Dialog>
  );
}
