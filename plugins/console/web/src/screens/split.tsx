// The fairness ledger: who was given what, who is owed what, what waits for the other's word.
import { call, isOwner, memberName, members } from '../desk/store';
import type { Change, Split as SplitView, SplitRow } from '../desk/types';
import { dateTime } from '../text/format';
import { t, word } from '../text/i18n';
import { Empty, Failed, Loading, Tag } from '../ui/bits';
import { say } from '../ui/toast';
import { refused } from './refused';
import { Spans, useSpan } from './spans';

export function Split() {
  const { found, failed, again } = useSpan<SplitView>('desk.split');
  return (
    <div class="screen">
      <header class="screen-head">
        <h1>{t('nav.split')}</h1>
        <Spans screen="/split" />
      </header>
      {failed ? <Failed text={failed} again={again} /> : found === null ? <Loading /> : <Ledger split={found} again={again} />}
    </div>
  );
}

function Ledger({ split, again }: { split: SplitView; again: () => void }) {
  return (
    <>
      <Weights />
      {split.waiting.length > 0 && (
        <section class="panel waiting">
          <h2>{t('split.waiting')}</h2>
          <ul class="plain">
            {split.waiting.map((change) => <Waiting key={change.change} change={change} again={again} />)}
          </ul>
        </section>
      )}
      {split.days.length === 0 ? (
        <Empty icon="split" title={t('split.empty')}>
          <p>{t('split.empty_text')}</p>
          <p><a href="/inbox">{t('nav.inbox')}</a></p>
        </Empty>
      ) : (
        <>
          <section class="panel">
            <h2>{t('split.all')}</h2>
            <Rows rows={split.rows} label={t('split.all')} />
          </section>
          {[...split.days].reverse().map((one) => (
            <section class="panel" key={one.date}>
              <h2>{one.date}</h2>
              <Rows rows={one.rows} label={one.date} />
              {one.debt.map((set, i) => (
                <p class="debt" key={i}>
                  {t('split.debt')}{' '}
                  {set.map((debt) => (
                    <Tag key={debt.member} kind={debt.owed > 0 ? 'wait amber' : ''}>
                      {memberName(debt.member)} · {t('split.weight', { n: debt.weight })} · {owed(debt.owed, debt.of)}
                    </Tag>
                  ))}
                </p>
              ))}
              {one.changes.map((change) => <p key={change.change} class="hint">{changeText(change)}</p>)}
            </section>
          ))}
          <p class="hint">{t('split.explain')}</p>
        </>
      )}
    </>
  );
}

// Hundredths of a chat.
function owed(amount: number, of: number): string {
  const value = of === 0 ? 0 : amount / of;
  const text = Math.abs(value).toFixed(2).replace(/\.?0+$/, '') || '0';
  if (text === '0') return t('split.even');
  return value > 0 ? t('split.owed', { amount: text }) : t('split.ahead', { amount: text });
}

const changeText = (change: Change): string =>
  change.removed
    ? t('split.change_removed', { name: change.name, time: dateTime(change.in_force_ms || change.asked_ms) })
    : t('split.change', {
        name: change.name, weight: change.weight, time: dateTime(change.in_force_ms || change.asked_ms),
      });

function Waiting({ change, again }: { change: Change; again: () => void }) {
  const agree = (): void => {
    call('desk.agree', { change: change.change }).then(() => (say(t('done.agreed')), again()), refused);
  };
  return (
    <li>
      <span>{changeText(change)}</span> <span class="hint">{t('split.waits', { n: change.waits_for.length })}</span>{' '}
      {isOwner.value && (
        <button type="button" class="primary" onClick={agree}>
          {t('split.agree')}
        </button>
      )}
    </li>
  );
}

function Weights() {
  const sharing = members.value.filter((m) => m.weight > 0);
  const total = sharing.reduce((sum, m) => sum + m.weight, 0);
  if (total === 0) return null;
  return (
    <section class="panel">
      <h2>{t('split.weights')}</h2>
      <ul class="plain shares">
        {sharing.map((m) => (
          <li key={m.number}>
            <span class="share-name">{m.name}</span>
            <progress max={total} value={m.weight} aria-label={t('split.share', { name: m.name })} />
            <span class="share-number">
              {m.weight} · {Math.round((m.weight / total) * 100)} %
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Rows({ rows, label }: { rows: SplitRow[]; label: string }) {
  const rules = [...new Set(rows.flatMap((row) => Object.keys(row.given)))].sort();
  return (
    <div class="table" tabIndex={0} role="region" aria-label={t('split.table', { what: label })}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('split.member')}</th>
            {rules.map((rule) => <th key={rule} scope="col">{word('rule', rule)}</th>)}
            <th scope="col">{t('split.charged')}</th>
            <th scope="col">{t('split.total')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.member}>
              <th scope="row">{memberName(row.member)}</th>
              {rules.map((rule) => <td key={rule}>{row.given[rule] ?? 0}</td>)}
              <td>{row.charged}</td>
              <td>{row.total}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
