// The desk's other machines: how they are, inviting one, alarms, changes that wait.
import { useEffect, useState } from 'preact/hooks';
import { call, now } from '../../desk/store';
import type { Peers as PeersView } from '../../desk/types';
import { dateTime, span } from '../../text/format';
import { t, word } from '../../text/i18n';
import { line } from '../../text/plain';
import { Empty, Failed, Loading, Tag, Words } from '../../ui/bits';
import { say } from '../../ui/toast';
import { useAsked } from '../asked';
import { refused } from '../refused';
import { QrCode } from './qr';

const lookMs = 3_000;
const idChars = 12;

export function Peers() {
  const { found, failed, again } = useAsked<PeersView>('desk.peers', { everyMs: lookMs });
  if (!found) return failed ? <Failed text={failed} again={again} /> : <Loading />;
  const nameOf = (id: string): string => found.peers.find((peer) => peer.id === id)?.name ?? id.slice(0, idChars);
  return (
    <>
      {(found.rolled_back || found.skewed) && (
        <section class="panel alarm" role="alert">
          {found.rolled_back && <p>{t('peers.rolled_back')}</p>}
          {found.skewed && <p>{t('peers.skewed')}</p>}
        </section>
      )}
      <section class="panel">
        <h2>{t('settings.peers')}</h2>
        {found.peers.length <= 1 && (
          <Empty icon="link" title={t('peers.alone')}>
            <p>{t('peers.alone_text')}</p>
          </Empty>
        )}
        <ul class="plain cards">
          {found.peers.map((peer) => (
            <li key={peer.id}>
              <p>
                <span class={`dot ${peer.self || peer.linked ? 'online' : 'off'}`} aria-hidden="true" />
                <strong><Words text={peer.name} /></strong>{' '}
                {peer.self && <Tag kind="mine">{t('peers.this')}</Tag>} <Tag>{word('standing', peer.standing)}</Tag>{' '}
                {peer.book && <Tag>{t('peers.book')}</Tag>}
                {found.frozen.includes(peer.id) && <Tag kind="flag">{t('peers.frozen')}</Tag>}
              </p>
              <p class="hint">
                <code>{peer.id.slice(0, idChars)}…</code>
                {!peer.self && ` · ${peer.linked ? t('peers.linked') : t('peers.cut')}`}
                {peer.rtt_ms !== undefined && ` · ${t('peers.rtt', { n: Math.round(peer.rtt_ms) })}`}
                {peer.missing ? ` · ${t('peers.missing', { n: peer.missing })}` : ''}
              </p>
            </li>
          ))}
        </ul>
      </section>
      {found.alarms.length > 0 && (
        <section class="panel">
          <h2>{t('peers.alarms')}</h2>
          <ul class="plain">
            {found.alarms.map((alarm) => (
              <li key={`${alarm.at_ms} ${alarm.what} ${alarm.peer}`}>
                <Tag kind={alarm.raised ? 'flag' : ''}>{word('alarm', alarm.what)}</Tag> {nameOf(alarm.peer)}{' '}
                <span class="hint">{dateTime(alarm.at_ms)} {line(alarm.detail, 160)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Invite />
    </>
  );
}

interface Invitation {
  code: string;
  qr: string;
  expires_ms: number;
  addresses: number;
}

interface Asked {
  state: string;
  phrase: string;
  name: string;
  end: string;
}

function Invite() {
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const tell = (what?: 'same' | 'different' | 'withdraw'): Promise<void> =>
    call<Asked>('desk.invitation', what ? { do: what } : {}).then(setAsked);
  useEffect(() => {
    if (!invitation) return undefined;
    const timer = setInterval(() => void tell().catch(() => {}), 1_000);
    return () => clearInterval(timer);
  }, [invitation]);
  const invite = (): void => {
    call<Invitation>('desk.invite').then((one) => (setInvitation(one), setAsked(null)), refused);
  };
  const left = invitation ? invitation.expires_ms - now.value : 0;
  const state = asked?.state ?? 'open';
  return (
    <section class="panel">
      <h2>{t('invite.title')}</h2>
      <p>{t('invite.text')}</p>
      {(!invitation || left <= 0 || state === 'ended' || state === 'paired') && (
        <>
          {state === 'paired' && <p role="status"><Tag kind="mine">{t('invite.paired', { name: line(asked?.name) })}</Tag></p>}
          {state === 'ended' && <p role="status">{line(asked?.end, 200)}</p>}
          <button type="button" class="primary" onClick={invite}>{t('invite.new')}</button>
        </>
      )}
      {invitation && left > 0 && state === 'open' && (
        <div class="invitation">
          <QrCode text={invitation.qr} label={t('invite.qr')} />
          <div>
            <label>
              {t('invite.code')}
              <textarea class="code" readOnly rows={5} value={invitation.code} />
            </label>
            <p class="hint">{t('invite.left', { time: span(left) })}</p>
            {invitation.addresses === 0 && <p class="hint">{t('invite.no_address')}</p>}
            <div class="acts">
              <button
                type="button"
                onClick={() => void navigator.clipboard?.writeText(invitation.code).then(() => say(t('done.copied')), refused)}
              >
                {t('copy')}
              </button>
              <button
                type="button"
                onClick={() => void tell('withdraw').then(() => setInvitation(null), refused)}
              >
                {t('invite.withdraw')}
              </button>
            </div>
          </div>
        </div>
      )}
      {(state === 'asked' || state === 'confirmed') && (
        <div class="confirm" role="alert">
          <p>{t('invite.asks', { name: line(asked?.name) })}</p>
          <p class="phrase">{asked?.phrase}</p>
          {state === 'asked' ? (
            <div class="acts">
              <button type="button" class="primary" onClick={() => void tell('same').catch(refused)}>{t('invite.same')}</button>
              <button type="button" class="danger" onClick={() => void tell('different').catch(refused)}>
                {t('invite.different')}
              </button>
            </div>
          ) : (
            <p class="hint">{t('invite.other_confirms')}</p>
          )}
        </div>
      )}
    </section>
  );
}
