// /settings/<section>. Each member sees what their access allows.
import { isOwner, session } from '../../desk/store';
import { t, type Key } from '../../text/i18n';
import { parts, path } from '../../ui/router';
import { Me } from './me';
import { Erase } from './erase';
import { Members } from './members';
import { Peers } from './peers';
import { Phrases } from './phrases';
import { Plugins } from './plugins';
import { Shifts } from './shifts';
import { Upkeep } from './upkeep';

const sections: { id: string; label: Key; owners?: boolean }[] = [
  { id: 'me', label: 'settings.me' },
  { id: 'members', label: 'settings.members' },
  { id: 'shifts', label: 'settings.shifts' },
  { id: 'phrases', label: 'settings.phrases' },
  { id: 'plugins', label: 'settings.plugins', owners: true },
  { id: 'peers', label: 'settings.peers', owners: true },
  { id: 'upkeep', label: 'settings.upkeep', owners: true },
  { id: 'erase', label: 'settings.erase', owners: true },
];

export function Settings({ onLogout }: { onLogout: () => void }) {
  const allowed = sections.filter((one) => !one.owners || isOwner.value);
  const asked = parts(path.value)[1];
  const section = allowed.find((one) => one.id === asked)?.id ?? 'me';
  return (
    <div class="screen settings">
      <header class="screen-head">
        <h1>{t('nav.settings')}</h1>
        <p class="hint">{t('settings.version', { version: session.value?.version ?? '' })}</p>
      </header>
      <div class="settings-body">
        <nav class="settings-nav" aria-label={t('nav.settings')}>
          {allowed.map((one) => (
            <a key={one.id} href={`/settings/${one.id}`} aria-current={one.id === section ? 'page' : undefined}>
              {t(one.label)}
            </a>
          ))}
        </nav>
        <div class="settings-section">
          {section === 'me' && <Me onLogout={onLogout} />}
          {section === 'members' && <Members />}
          {section === 'shifts' && <Shifts />}
          {section === 'phrases' && <Phrases />}
          {section === 'plugins' && <Plugins />}
          {section === 'peers' && <Peers />}
          {section === 'upkeep' && <Upkeep />}
          {section === 'erase' && <Erase />}
        </div>
      </div>
    </div>
  );
}
