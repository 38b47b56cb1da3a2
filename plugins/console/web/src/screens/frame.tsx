// What surrounds every screen: the places to go, who I am, the banner of the connection.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { logout } from '../desk/connection';
import { muted, setMuted } from '../desk/notices';
import {
  call, isOwner, me, memberName, members, myRows, now, rows, session,
} from '../desk/store';
import type { Presence } from '../desk/types';
import { run, useActions } from '../keys/keyboard';
import { language, setLanguage, t, word, type Key } from '../text/i18n';
import { Hint } from '../ui/bits';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { go, parts, path } from '../ui/router';
import { nextTheme } from '../ui/theme';
import { say } from '../ui/toast';
import { Banners } from './banners';
import { Help } from './help';
import { Palette } from './palette';
import { Places, places } from './places';
import { refused } from './refused';
import { Settings } from './settings/settings';
import { endShift, ShiftDialog } from './shift';

type Window = 'help' | 'palette' | 'presence' | 'places';
const shown = signal<Window | null>(null);

export function Frame() {
  const place = parts(path.value)[0] ?? 'inbox';
  useEffect(() => {
    if (!places.some((one) => one.id === place) || path.value === '/') go('/inbox', true);
  }, [place]);
  const Place = (places.find((one) => one.id === place) ?? places[0]!).screen;
  const leave = (): void => {
    logout().catch(refused);
  };
  useActions({
    ...Object.fromEntries(places.map((one) => [`go.${one.id}`, () => go(one.to)])),
    help: () => (shown.value = 'help'),
    palette: () => (shown.value = 'palette'),
    presence: () => (shown.value = 'presence'),
    shift: endShift,
    mute: () => {
      setMuted(!muted.value);
      say(t(muted.value ? 'mute.on' : 'mute.off'));
    },
    theme: nextTheme,
    language: () => setLanguage(language.value === 'zh' ? 'en' : 'zh'),
    logout: leave,
  });
  const close = (): void => void (shown.value = null);
  const waiting = myRows.value.filter((row) => row.waiting_since_ms).length;
  const title = `${waiting > 0 ? `(${waiting}) ` : ''}${session.value?.desk || 'Deskmate'}`;
  useEffect(() => void (document.title = title), [title]);
  return (
    <div class="frame" data-place={place}>
      <a class="skip" href="#content">{t('skip')}</a>
      <nav class="rail" aria-label={t('nav')}>
        {places.map((one) => (
          <a key={one.id} class={one.often ? 'rail-item' : 'rail-item wide-only'} href={one.to} aria-current={place === one.id ? 'page' : undefined}>
            <Icon name={one.icon} />
            <span>{t(one.label)}</span>
            {one.id === 'inbox' && waiting > 0 && (
              <span class="badge">
                {waiting}
                <span class="unseen"> {t('nav.waiting', { n: waiting })}</span>
              </span>
            )}
          </a>
        ))}
        <button type="button" class="rail-item narrow-only" onClick={() => (shown.value = 'places')}>
          <Icon name="more" />
          <span>{t('nav.more')}</span>
        </button>
        <span class="rail-space" />
        <button type="button" class="rail-item wide-only" onClick={() => run('help')}>
          <span class="rail-key" aria-hidden="true">?</span>
          <span>{t('key.help')}</span>
        </button>
        <PresenceButton />
      </nav>
      <div class="stage">
        <Banners />
        <main id="content" class="content" tabIndex={-1}>
          {Place ? <Place /> : <Settings onLogout={leave} />}
        </main>
      </div>
      {shown.value === 'help' && <Help onClose={close} />}
      {shown.value === 'palette' && <Palette onClose={close} />}
      {shown.value === 'places' && <Places onClose={close} />}
      {shown.value === 'presence' && <PresenceDialog onClose={close} />}
      <ShiftDialog />
    </div>
  );
}

function PresenceButton() {
  const mine = members.value.find((m) => m.number === me.value);
  const state = mine?.presence ?? 'off';
  return (
    <button
      type="button"
      class="rail-item me"
      onClick={() => (shown.value = 'presence')}
    >
      <span class={`avatar ${state}`} aria-hidden="true">
        {[...(session.value?.name ?? '?')][0]}
      </span>
      <span>
        <span class="unseen">{t('me.label', { name: session.value?.name ?? '' })} </span>
        {word('presence', state)}
      </span>
    </button>
  );
}

const presences: { state: Presence; minutes?: number; key: string; label: Key }[] = [
  { state: 'online', key: '1', label: 'presence.online' },
  { state: 'back_soon', minutes: 2, key: '2', label: 'presence.back_2' },
  { state: 'back_soon', minutes: 15, key: '3', label: 'presence.back_15' },
  { state: 'away', key: '4', label: 'presence.away' },
  { state: 'off', key: '5', label: 'presence.off' },
];

function PresenceDialog({ onClose }: { onClose: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const choose = (one: (typeof presences)[number]): void => {
    onClose();
    call('desk.presence', {
      member: me.value,
      state: one.state,
      until_ms: one.minutes ? Math.round(now.value + one.minutes * 60_000) : undefined,
    }).catch(refused);
  };
  const open = [...rows.value.values()].filter((row) => row.member === me.value && row.state !== 'closed').length;
  return (
    <Dialog title={t('me.title', { name: memberName(me.value) })} onClose={onClose} name="presence">
      <p class="hint">{t('me.open', { n: open })}</p>
      <div
        class="choices"
        ref={list}
        onKeyDown={(event) => {
          const one = presences.find((p) => p.key === event.key);
          if (one && session.value?.access !== 'viewer') choose(one);
        }}
      >
        {presences.map((one, i) => (
          <button
            type="button"
            key={one.key}
            data-focus={i === 0 ? '' : undefined}
            disabled={session.value?.access === 'viewer'}
            onClick={() => choose(one)}
          >
            <span class={`dot ${one.state}`} aria-hidden="true" />
            {t(one.label)} <Hint keys={one.key} />
          </button>
        ))}
      </div>
      {!isOwner.value && <p class="hint">{t('me.access', { access: word('access', session.value?.access ?? '') })}</p>}
    </Dialog>
  );
}
