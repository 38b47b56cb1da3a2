// The places to go. On a phone, those that are not needed all the time are behind one more touch.
import type { ComponentType } from 'preact';
import { t, type Key } from '../text/i18n';
import { Dialog } from '../ui/dialog';
import { Icon, type IconName } from '../ui/icon';
import { later } from '../ui/later';
import { go } from '../ui/router';
import { Inbox } from './inbox/inbox';
import { Numbers } from './numbers';
import { Orders } from './orders';
import { Split } from './split';

interface Place {
  id: string;
  icon: IconName;
  label: Key;
  to: string;
  often: boolean;
  screen?: ComponentType; // none: the frame has it
}

export const places: Place[] = [
  { id: 'inbox', icon: 'inbox', label: 'nav.inbox', to: '/inbox', often: true, screen: Inbox },
  { id: 'orders', icon: 'orders', label: 'nav.orders', to: '/orders', often: true, screen: Orders },
  { id: 'problems', icon: 'alert', label: 'nav.problems', to: '/problems', often: true, screen: later(() => import('./problems')) },
  { id: 'ledgers', icon: 'ledgers', label: 'nav.ledgers', to: '/ledgers', often: true, screen: later(() => import('./ledgers/ledgers')) },
  { id: 'split', icon: 'split', label: 'nav.split', to: '/split', often: false, screen: Split },
  { id: 'numbers', icon: 'numbers', label: 'nav.numbers', to: '/numbers', often: false, screen: Numbers },
  { id: 'listen', icon: 'listen', label: 'nav.listen', to: '/listen', often: false, screen: later(() => import('./listen/listen')) },
  { id: 'practice', icon: 'practice', label: 'nav.practice', to: '/practice', often: false, screen: later(() => import('./practice/practice')) },
  { id: 'settings', icon: 'settings', label: 'nav.settings', to: '/settings', often: false },
];

export const Places = ({ onClose }: { onClose: () => void }) => (
  <Dialog title={t('nav')} onClose={onClose} name="places">
    <div class="choices">
      {places.map((one, i) => (
        <button
          type="button"
          key={one.id}
          data-focus={i === 0 ? '' : undefined}
          onClick={() => {
            onClose();
            go(one.to);
          }}
        >
          <Icon name={one.icon} /> {t(one.label)}
        </button>
      ))}
    </div>
  </Dialog>
);
