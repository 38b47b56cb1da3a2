// What is wrong between the desk's machines, for everybody to know.
import { t } from '../text/i18n';
import { line } from '../text/plain';
import type { Peers } from './types';

// The words for what is wrong between the desk's machines; none: nothing is.
export function troubleOf(peers: Peers): string[] {
  const away = peers.peers.filter((peer) => !peer.self && peer.standing === 'here' && !peer.linked);
  const out: string[] = [];
  if (away.length > 0) out.push(t('peers.away', { names: away.map((peer) => line(peer.name)).join(', ') }));
  if (peers.rolled_back) out.push(t('peers.rolled_back'));
  if (peers.skewed) out.push(t('peers.skewed'));
  return out;
}
