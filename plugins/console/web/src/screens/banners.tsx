// What everybody should know at once: no connection to the desk, or between its machines.
import { outbox, waitingSends } from '../desk/connection';
import { cutSince, link, tick } from '../desk/store';
import { troubleOf } from '../desk/trouble';
import type { Peers } from '../desk/types';
import { span } from '../text/format';
import { t } from '../text/i18n';
import { Icon } from '../ui/icon';
import { useAsked } from './asked';

const lookMs = 5_000;

export const Banners = () => (
  <div role="status">
    <LinkBanner />
    <PeersBanner />
  </div>
);

function LinkBanner() {
  void outbox.value?.items.value; // looked at again when something is sent
  if (link.value === 'open' || link.value === 'refused' || cutSince.value === 0) return null;
  const n = waitingSends();
  return (
    <div class="banner">
      <Icon name="alert" />
      <p>
        <strong>{t('cut.title', { time: span(tick.value - cutSince.value) })}</strong>{' '}
        {n > 0 ? t('cut.sends', { n }) : t('cut.text')}
      </p>
    </div>
  );
}

function PeersBanner() {
  const { found } = useAsked<Peers>('desk.peers', { everyMs: lookMs });
  if (!found || link.value !== 'open') return null;
  return (
    <>
      {troubleOf(found).map((words) => (
        <div class="banner" key={words}>
          <Icon name="alert" />
          <p>{words}</p>
        </div>
      ))}
    </>
  );
}
