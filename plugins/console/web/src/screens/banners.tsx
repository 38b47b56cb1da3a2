// What everybody should know at once: no connection to the desk, or between its machines.
import { outbox, waitingSends } from '../desk/connection';
import { cutSince, link, memberName, now, ownMember, tick } from '../desk/store';
import { troubleOf } from '../desk/trouble';
import type { Peers } from '../desk/types';
import { clock, span } from '../text/format';
import { t } from '../text/i18n';
import { Icon } from '../ui/icon';
import { useAsked } from './asked';
import { ShiftBanners } from './shift';

const lookMs = 5_000;

export const Banners = () => (
  <div role="status">
    <LinkBanner />
    <PeersBanner />
    <ListenersBanner />
    <ShiftBanners />
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

// Whoever is listened to sees it, wherever they are.
function ListenersBanner() {
  const there = (ownMember.value?.listeners ?? []).filter((one) => one.until_ms > now.value);
  if (there.length === 0) return null;
  return (
    <div class="banner listeners">
      <Icon name="listen" />
      <p>{there.map((one) => t('listen.to_you', { name: memberName(one.member), time: clock(one.until_ms) })).join(' ')}</p>
    </div>
  );
}
