// How quickly and how much was answered: /numbers?days=7. Every figure is the desk's.
import { memberName } from '../desk/store';
import type { Measures, Numbers as NumbersView, Waits } from '../desk/types';
import { span } from '../text/format';
import { t } from '../text/i18n';
import { line } from '../text/plain';
import { Empty, Failed, Loading } from '../ui/bits';
import { Chart } from '../ui/chart';
import { Spans, useSpan } from './spans';

const time = (waits: Waits): string => (waits.count === 0 ? '–' : span(waits.mean_ms));
const middle = (waits: Waits): string => (waits.count === 0 ? '' : t('numbers.median', { time: span(waits.median_ms) }));

const share = (part: number, of: number): string => (of === 0 ? '–' : `${Math.round((100 * part) / of)} %`);
const count = (part: number, of: number): string => (of === 0 ? '' : t('numbers.of', { n: part, all: of }));

export function Numbers() {
  const { found, failed, again } = useSpan<NumbersView>('desk.numbers');
  return (
    <div class="screen">
      <header class="screen-head">
        <h1>{t('nav.numbers')}</h1>
        <Spans screen="/numbers" />
      </header>
      {failed ? <Failed text={failed} again={again} />
        : found === null ? <Loading />
        : found.all.received + found.all.answers === 0 ? (
          <Empty icon="numbers" title={t('numbers.empty')}>
            <p>{t('numbers.empty_text')}</p>
            <p><a href="/inbox">{t('nav.inbox')}</a></p>
          </Empty>
        ) : <Figures view={found} />}
    </div>
  );
}

function Figures({ view }: { view: NumbersView }) {
  const { all } = view;
  const tiles: [string, string, string][] = [
    [t('numbers.received'), String(all.received), ''],
    [t('numbers.visits'), String(all.visits), ''],
    [t('numbers.ordered'), share(all.ordered, all.visits), count(all.ordered, all.visits)],
    [t('numbers.answers'), String(all.answers), ''],
    [t('numbers.first'), time(all.first), middle(all.first)],
    [t('numbers.in_time'), share(all.in_time, all.first.count), count(all.in_time, all.first.count)],
    [t('numbers.reply'), time(all.reply), middle(all.reply)],
  ];
  const hours = view.hours.map((one, hour) => ({ name: `${String(hour).padStart(2, '0')}:00`, ...one }));
  const days = view.days.map((one) => ({ name: one.date, ...one }));
  return (
    <>
      {view.left_out && <p class="hint" role="status">{t('numbers.left_out')}</p>}
      <dl class="tiles">
        {tiles.map(([name, value, more]) => (
          <div key={name} class="tile">
            <dt>{name}</dt>
            <dd>
              {value}
              {more && <small>{more}</small>}
            </dd>
          </div>
        ))}
      </dl>
      {days.length > 1 && <Volume title={t('numbers.by_day')} head={t('numbers.day')} rows={days} short={(name) => name.slice(5)} />}
      <Volume title={t('numbers.by_hour')} head={t('numbers.hour')} rows={hours} short={(name) => name.slice(0, 2)} />
      <section class="panel">
        <h2>{t('numbers.by_member')}</h2>
        <Table
          label={t('numbers.by_member')}
          head={t('split.member')}
          rows={view.members.map((one) => ({ name: memberName(one.member), ...one }))}
        />
      </section>
      <section class="panel">
        <h2>{t('numbers.by_shop')}</h2>
        <Table
          label={t('numbers.by_shop')}
          head={t('numbers.shop')}
          rows={view.shops.map((one) => ({ name: line(one.shop, 40), ...one }))}
          volume
        />
      </section>
      <p class="hint">{t('numbers.explain')}</p>
    </>
  );
}

interface Named extends Measures {
  name: string;
}

function Volume({ title, head, rows, short }: { title: string; head: string; rows: Named[]; short: (name: string) => string }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      <Chart
        names={rows.map((row) => short(row.name))}
        bars={[
          { label: t('numbers.received'), colour: '--accent', values: rows.map((row) => row.received) },
          { label: t('numbers.answers'), colour: '--amber', values: rows.map((row) => row.answers) },
        ]}
      />
      <details>
        <summary>{t('numbers.table')}</summary>
        <Table label={title} head={head} rows={rows} volume />
      </details>
    </section>
  );
}

function Table({ label, head, rows, volume }: { label: string; head: string; rows: Named[]; volume?: boolean }) {
  return (
    <div class="table" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{head}</th>
            {volume && <th scope="col">{t('numbers.received')}</th>}
            {volume && <th scope="col">{t('numbers.visits')}</th>}
            {volume && <th scope="col">{t('numbers.ordered')}</th>}
            <th scope="col">{t('numbers.answers')}</th>
            <th scope="col">{t('numbers.first')}</th>
            <th scope="col">{t('numbers.in_time')}</th>
            <th scope="col">{t('numbers.reply')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row"><bdi>{row.name}</bdi></th>
              {volume && <td>{row.received}</td>}
              {volume && <td>{row.visits}</td>}
              {volume && <td>{share(row.ordered, row.visits)}</td>}
              <td>{row.answers}</td>
              <td>{time(row.first)}</td>
              <td>{share(row.in_time, row.first.count)}</td>
              <td>{time(row.reply)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
