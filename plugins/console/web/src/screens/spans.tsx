// How many days back a screen looks: /numbers?days=7.
import { now } from '../desk/store';
import { t } from '../text/i18n';
import { go, path, query } from '../ui/router';
import { useAsked, type Asked } from './asked';

const spans = [1, 7, 30];
const usual = 7;
const dayMs = 86_400_000;

const chosen = (): number => spans.find((days) => String(days) === query(path.value, 'days')) ?? usual;

// What the desk tells of those days, in this machine's time zone.
export function useSpan<T>(method: string): Asked<T> {
  const days = chosen();
  const params = () => ({
    from_ms: Math.round(now.peek()) - days * dayMs,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  return useAsked<T>(method, { params, anew: [days] });
}

export const Spans = ({ screen }: { screen: string }) => (
  <div class="queue-views" role="group" aria-label={t('split.span')}>
    {spans.map((days) => (
      <a
        key={days}
        class="queue-view"
        href={`${screen}?days=${days}`}
        aria-current={days === chosen() ? 'true' : undefined}
        onClick={(event) => (event.preventDefault(), go(`${screen}?days=${days}`, true))}
      >
        {t('split.days', { n: days })}
      </a>
    ))}
  </div>
);
