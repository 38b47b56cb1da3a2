// What rules found wrong and nobody has settled, who is to be called, what waits for an approval, and
// offers that are under way: /problems, /problems/call, /problems/approvals, /problems/offers
import type { Offer, Problem } from '../desk/money';
import { orderNews } from '../desk/store';
import { t, type Key } from '../text/i18n';
import { line } from '../text/plain';
import { Empty, Failed, Loading, Words } from '../ui/bits';
import { parts, path } from '../ui/router';
import { useAsked } from './asked';
import { OfferCard } from './offers';
import { ProblemView } from './order_work';

const rowsMax = 200;
const againMs = 15_000; // rules find things by themselves

const views: { id: string; label: Key }[] = [
  { id: '', label: 'problems.all' },
  { id: 'call', label: 'problems.call' },
  { id: 'approvals', label: 'problems.approvals' },
  { id: 'offers', label: 'problems.offers' },
];

export function Problems() {
  const view = views.find((one) => one.id === (parts(path.value)[1] ?? '')) ?? views[0]!;
  return (
    <div class="screen">
      <header class="screen-head">
        <h1>{t('nav.problems')}</h1>
        <nav class="queue-views" aria-label={t('nav.problems')}>
          {views.map((one) => (
            <a key={one.id} class="queue-view" href={one.id ? `/problems/${one.id}` : '/problems'} aria-current={one === view ? 'page' : undefined}>
              {t(one.label)}
            </a>
          ))}
        </nav>
      </header>
      {view.id === 'approvals' || view.id === 'offers' ? <Offers key={view.id} view={view.id} /> : <Found key={view.id} call={view.id === 'call'} />}
    </div>
  );
}

function Found({ call }: { call: boolean }) {
  const { found, failed, again } = useAsked<{ problems: Problem[]; quiet_until_ms?: number; next?: unknown }>('desk.problems', {
    params: () => ({ limit: rowsMax, ...(call && { to_call: true }) }), anew: [orderNews.value], everyMs: againMs,
  });
  if (failed && !found) return <Failed text={failed} again={again} />;
  if (!found) return <Loading />;
  if (found.problems.length === 0) {
    return (
      <Empty icon="check" title={t(call ? 'problems.none_to_call' : 'problems.none')}>
        <p>{t(call ? 'problems.call_text' : 'problems.none_text')}</p>
        <p><a href="/settings/plugins">{t('settings.plugins')}</a></p>
      </Empty>
    );
  }
  return (
    <>
      <div class="order-list">
        {found.problems.map((one) => (
          <section class="order" key={`${one.order ?? one.sku} ${one.kind}`}>
            <p class="screen-sub">
              {one.number ? <a href={`/orders/${encodeURIComponent(one.number)}`}>{line(one.number)}</a> : <Words text={one.sku} />}{' '}
              <Words text={one.name} />{' '}
              {one.chat !== undefined && <a href={`/inbox/${one.chat}?view=all`}>{t('problems.chat', { chat: one.chat })}</a>}
            </p>
            {one.order
              ? <ProblemView problem={one} order={one.order} number={line(one.number) || one.order.slice(0, 8)} onDone={again} />
              : <p>{one.text}</p>}
          </section>
        ))}
      </div>
      {found.next !== undefined && <p class="hint">{t('sheet.left_out', { n: rowsMax })}</p>}
    </>
  );
}

function Offers({ view }: { view: 'approvals' | 'offers' }) {
  const { found, failed, again } = useAsked<{ offers: Offer[] }>(view === 'approvals' ? 'desk.approvals' : 'desk.offers', {
    params: () => ({ limit: rowsMax }), anew: [orderNews.value], everyMs: againMs,
  });
  if (failed && !found) return <Failed text={failed} again={again} />;
  if (!found) return <Loading />;
  if (found.offers.length === 0) {
    return (
      <Empty icon="check" title={t(view === 'approvals' ? 'problems.no_approvals' : 'problems.no_offers')}>
        <p>{t('problems.offers_text')}</p>
        <p><a href="/problems">{t('problems.all')}</a></p>
      </Empty>
    );
  }
  return (
    <div class="order-list">
      {found.offers.map((one) => (
        <section class="order" key={one.offer}>
          <p class="screen-sub">
            {one.order && <a href={`/orders/${encodeURIComponent(one.order)}`}>{line(one.order)}</a>}{' '}
            {one.chat !== undefined && <a href={`/inbox/${one.chat}?view=all`}>{t('problems.chat', { chat: one.chat })}</a>}
          </p>
          <OfferCard offer={one} onDone={again} />
        </section>
      ))}
    </div>
  );
}

export default Problems;
