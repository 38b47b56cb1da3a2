// One line of a conversation.
import { useState } from 'preact/hooks';
import { outbox } from '../../desk/connection';
import { touchChat } from '../../desk/live';
import type { Outgoing } from '../../desk/outbox';
import { call, mayAct, me, memberName } from '../../desk/store';
import type { Attachment, Chat, Entry, Outcome } from '../../desk/types';
import { bytes, clock, dateTime, short } from '../../text/format';
import { t, word, type Key } from '../../text/i18n';
import { line, message, shownCharsMax } from '../../text/plain';
import { Icon, type IconName } from '../../ui/icon';
import { refused } from '../refused';

// What anybody wrote, as text; a very long one is opened by hand.
export function Text({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const shown = message(whole ? text : text.slice(0, shownCharsMax));
  return (
    <div class="bubble" dir="auto">
      {shown}
      {!whole && text.length > shownCharsMax && (
        <>
          {'… '}
          <button type="button" class="link" onClick={() => setWhole(true)}>
            {t('text.whole', { n: text.length })}
          </button>
        </>
      )}
    </div>
  );
}

const outcomes: Record<Outcome, { icon: IconName; kind: string }> = {
  pending: { icon: 'clock', kind: '' },
  attempted: { icon: 'check', kind: '' },
  again: { icon: 'clock', kind: 'warn' },
  done: { icon: 'checks', kind: 'good' },
  failed: { icon: 'alert', kind: 'bad' },
  unknown: { icon: 'alert', kind: 'warn' },
  dropped: { icon: 'close', kind: 'bad' },
};

export const OutcomeMark = ({ state }: { state: Outcome }) => (
  <span class={`outcome ${outcomes[state].kind}`} data-outcome={state}>
    <Icon name={outcomes[state].icon} />
    {t(`outcome.${state}` as Key)}
  </span>
);

// A person says what became of a request of which nobody knows.
export function Resolve({ request }: { request: string }) {
  if (!mayAct.value) return null;
  const as = (what: 'done' | 'again' | 'dropped') => (): void => {
    call('desk.resolve', { request, as: what, member: me.value }).then(touchChat, refused);
  };
  return (
    <span class="resolve" role="group" aria-label={t('resolve.title')}>
      <span>{t('resolve.title')}</span>
      <button type="button" onClick={as('done')}>{t('resolve.done')}</button>
      <button type="button" onClick={as('again')}>{t('resolve.again')}</button>
      <button type="button" onClick={as('dropped')}>{t('resolve.dropped')}</button>
    </span>
  );
}

const images = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
const filesShownMax = 20;

// The gateway gives an image by its bytes, whatever its type says; everything else is a download.
export function Files({ all }: { all: Attachment[] | undefined }) {
  const files = (all ?? []).slice(0, filesShownMax);
  if (files.length === 0) return null;
  return (
    <ul class="files">
      {files.map((file, i) => {
        const name = line(file.name, 60) || t('file.number', { n: i + 1 });
        return (
          <li key={i}>
            <a class="file" href={`/api/files/${file.hash}`} target="_blank" rel="noopener noreferrer">
              {images.has(file.type ?? '') ? (
                <img src={`/api/files/${file.hash}`} alt={name} loading="lazy" />
              ) : (
                <>
                  <Icon name="file" /> <bdi class="words">{name}</bdi> <span class="hint">{bytes(file.size)}</span>
                </>
              )}
            </a>
          </li>
        );
      })}
    </ul>
  );
}

const systemText = (entry: Entry): string => {
  const who = entry.member ? memberName(entry.member) : t('the_desk');
  switch (entry.kind) {
    case 'assigned':
      return t('entry.assigned', { name: who });
    case 'queued':
      return t('entry.queued');
    case 'flagged':
      return t('entry.flagged', { name: who, topic: line(entry.topic, 30) });
    case 'closed':
      return t('entry.closed', { name: who });
    case 'released':
      return t('entry.released', { name: who });
    case 'transfer':
      return t('entry.transfer', { name: who, to: entry.to ? memberName(entry.to) : (entry.to_role ?? '') });
    case 'promised':
      return t('entry.promised', { name: who, time: short(entry.due_ms ?? entry.at_ms, Date.now()) });
    case 'kept':
      return t('entry.kept', { name: who });
    case 'dropped':
      return t('entry.dropped', { name: who });
    case 'call':
      return t('entry.called', { direction: word('direction', entry.direction ?? ''), party: word('party', entry.party ?? 'buyer') });
    case 'asked':
      return t('entry.asked', { name: who, to: entry.to ? memberName(entry.to) : word('role', entry.to_role ?? '') });
    case 'answered':
      return t('entry.answered', { name: who });
    case 'case':
      return t('entry.case', { n: entry.case ?? 0, kind: word('case_kind', entry.what ?? '') });
    default:
      return '';
  }
};

export function EntryView({ entry, chat }: { entry: Entry; chat: Chat }) {
  const time = <time dateTime={new Date(entry.at_ms).toISOString()} title={dateTime(entry.at_ms)}>{clock(entry.at_ms)}</time>;
  const system = systemText(entry);
  if (system) {
    return (
      <div class="entry system" data-kind={entry.kind}>
        <p>
          {entry.kind === 'case' ? <a href={`/ledgers/cases/${entry.case}`}>{system}</a> : system} {entry.why_text && <span class="why">{t('why', { why: entry.why_text })}</span>} {time}
        </p>
        {entry.text && <div class="bubble note" dir="auto">{message(entry.text)}</div>}
      </div>
    );
  }
  const theirs = entry.kind === 'received';
  const note = entry.kind === 'note';
  const who = theirs
    ? line(entry.name ?? chat.name) || t('buyer.unnamed')
    : entry.auto && !entry.member ? t('the_desk') : entry.member ? memberName(entry.member) : t('entry.elsewhere');
  return (
    <div class={`entry ${theirs ? 'theirs' : note ? 'note' : 'ours'}`} data-kind={entry.kind} data-event={entry.event}>
      <p class="entry-who">
        <bdi>{who}</bdi>
        {note && <span> · {t('entry.note')}</span>}
        {entry.auto && <span> · {t('entry.auto')}</span>} {time}
      </p>
      {entry.erased ? <div class="bubble erased">{t('entry.erased')}</div> : entry.text && <Text text={entry.text} />}
      <Files all={entry.attachments} />
      {entry.outcome && (
        <p class="entry-foot">
          <OutcomeMark state={entry.outcome} />
          {entry.outcome === 'unknown' && <Resolve request={entry.event} />}
        </p>
      )}
    </div>
  );
}

// A reply that the desk does not have yet.
export function Sending({ item }: { item: Outgoing }) {
  const state: Key =
    item.state === 'refused' ? 'sending.refused' : item.state === 'sent' ? 'outcome.pending'
      : item.state === 'sending' ? 'sending.now' : 'sending.waits';
  return (
    <div class="entry ours sending" data-kind="reply" data-key={item.key}>
      <p class="entry-who">
        {memberName(me.value)} <time>{clock(item.atMs)}</time>
      </p>
      {item.text && <Text text={item.text} />}
      <Files all={item.files} />
      <p class="entry-foot">
        <span class={item.state === 'refused' ? 'outcome bad' : 'outcome'} data-outcome={item.state}>
          <Icon name={item.state === 'refused' ? 'alert' : 'clock'} />
          {t(state)} {item.error}
        </span>
        {item.state === 'refused' && (
          <span class="resolve">
            <button type="button" onClick={() => outbox.value?.retry(item.key)}>
              {t(item.warned ? 'sending.anyway' : 'again')}
            </button>
            <button type="button" onClick={() => outbox.value?.drop(item.key)}>{t('discard')}</button>
          </span>
        )}
      </p>
    </div>
  );
}
