// One conversation: what was said, by whom, why it is whose it is, and what can be done with it.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { outbox } from '../../desk/connection';
import { showEarlier, touchChat, writingMs } from '../../desk/live';
import { call, link, mayAct, me, memberName, now, writing } from '../../desk/store';
import type { Chat, ChatRow } from '../../desk/types';
import { useActions } from '../../keys/keyboard';
import { day, sameDay } from '../../text/format';
import { t } from '../../text/i18n';
import { line, message } from '../../text/plain';
import { Hint, Loading, Tag, Words } from '../../ui/bits';
import { Icon } from '../../ui/icon';
import { say } from '../../ui/toast';
import { refused } from '../refused';
import { Composer } from './composer';
import { EntryView, Sending } from './entry';
import { Due } from './card_work';
import { ConversationWindow, type Window } from './windows';
import { cardShown } from './inbox';
import { Answering, Listened, Waiting } from './queue_list';

const bottomPx = 80; // so near the end that new entries keep it there

interface Props {
  chat: Chat;
  row: ChatRow;
  loading: boolean;
  onBack: () => void;
  onNext: () => void;
}

export function Conversation({ chat, row, loading, onBack, onNext }: Props) {
  const [shown, setShown] = useState<Window | null>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const sending = outbox.value?.of(chat.id) ?? [];
  const there = new Set(chat.entries.map((entry) => entry.event));
  const ours = sending.filter((item) => !item.event || !there.has(item.event));

  useLayoutEffect(() => {
    const element = scroll.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [chat.entries.length, chat.entries.at(-1)?.event, ours.length]);
  useEffect(() => {
    const element = scroll.current;
    if (!element) return undefined;
    // The field below grows while somebody writes: the end stays in view.
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const act = (method: string, params: object = {}, done?: string): void => {
    if (link.value !== 'open') return say(t('error.cut'), true);
    call(method, { chat: chat.id, member: me.value, ...params }).then(() => {
      if (done) say(done);
      touchChat();
    }, refused);
  };
  const may = mayAct.value;
  const open = row.state !== 'closed';
  const mine = row.member === me.value && row.state === 'assigned';
  const unknown = chat.entries.filter((entry) => entry.outcome === 'unknown');
  const claim = (): void => act('desk.claim', {}, t('done.claimed'));
  const close = (): void => {
    act('desk.close', {}, t('done.closed', { chat: chat.chat }));
    onNext();
  };
  const focusComposer = (): void => scroll.current?.parentElement?.querySelector('textarea')?.focus();
  useActions({
    'chat.reply': may && focusComposer,
    'chat.transfer': may && open && (() => setShown('transfer')),
    'chat.claim': may && open && !mine && claim,
    'chat.close': may && open && close,
    'chat.note': may && (() => setShown('note')),
    'chat.flag': may && open && (() => setShown('flag')),
    'chat.hold': may && (() => setShown('hold')),
    'chat.case': may && (() => setShown('case')),
    'chat.call': may && (() => setShown('call')),
    'chat.ask': may && (() => setShown('ask')),
    'chat.supervisor': may && open && (() => act('desk.flag', { topic: 'supervisor' }, t('done.supervisor'))),
    'chat.earlier': chat.earlier && showEarlier,
    'chat.resolve': may && unknown.length > 0 && (() => document.querySelector<HTMLElement>('.resolve button')?.focus()),
    'chat.block': may && !!chat.buyer && (() => block(chat)),
  });

  const writer = writing.value.get(chat.id);
  const others = chat.drafts.filter((draft) => draft.member !== me.value && draft.text);
  return (
    <div class="conversation">
      <header class="conversation-head">
        <button type="button" class="quiet narrow-only" onClick={onBack} aria-label={t('back')}>
          <Icon name="back" />
        </button>
        <div class="conversation-who">
          <h2><Words text={line(row.name) || t('buyer.unnamed')} /></h2>
          <p class="conversation-facts">
            <span class="fact">{chat.shop} · {t('chat.number', { chat: chat.chat })}</span>
            <Waiting row={row} />
            <Answering row={row} />
            {!open ? <Tag>{t('state.closed')}</Tag>
              : row.state === 'assigned' ? <Tag kind={mine ? 'mine' : ''}>{mine ? t('state.mine') : memberName(row.member)}</Tag>
              : <Tag kind="nobody">{t('state.queued')}</Tag>}
            {row.topic && <Tag kind="flag">{line(row.topic, 30)}</Tag>}
            {row.due_ms !== undefined && <Due ms={row.due_ms} />}
            <Listened chat={chat} />
          </p>
        </div>
        <div class="conversation-acts">
          {may && open && !mine && (
            <button type="button" class="primary" onClick={claim}>
              {t('key.claim')} <Hint keys="c" />
            </button>
          )}
          {may && open && (
            <>
              <button type="button" class="wide-only" onClick={() => setShown('transfer')}>
                <Icon name="transfer" /><span class="act-word">{t('act.transfer')}</span> <Hint keys="t" />
              </button>
              <button type="button" onClick={close}>
                <Icon name="check" /><span class="act-word">{t('act.close')}</span> <Hint keys="e" />
              </button>
            </>
          )}
          {may && (
            <button type="button" class="more-toggle" aria-label={t('nav.more')} onClick={() => setShown('more')}>
              <Icon name="more" />
            </button>
          )}
          <button
            type="button"
            class="card-toggle"
            aria-expanded={cardShown.value}
            aria-controls="card"
            aria-label={t('key.card')}
            onClick={() => (cardShown.value = !cardShown.value)}
          >
            <Icon name="person" />
          </button>
        </div>
      </header>
      <div
        class="entries"
        ref={scroll}
        tabIndex={0}
        role="log"
        aria-label={t('conversation')}
        onScroll={(event) => {
          const e = event.currentTarget;
          atEnd.current = e.scrollHeight - e.scrollTop - e.clientHeight < bottomPx;
        }}
      >
        {chat.earlier && (
          <p class="earlier">
            <button type="button" onClick={() => ((atEnd.current = false), showEarlier())}>
              {t('chat.earlier')} <Hint keys="u" />
            </button>
          </p>
        )}
        {loading && <Loading />}
        {chat.subject && <p class="subject"><Words text={chat.subject} most={200} /></p>}
        {chat.entries.map((entry, i) => {
          const before = chat.entries[i - 1];
          return (
            <div key={entry.event + entry.kind} class="entry-slot">
              {(!before || !sameDay(before.at_ms, entry.at_ms)) && <p class="day">{day(entry.at_ms)}</p>}
              <EntryView entry={entry} chat={chat} />
            </div>
          );
        })}
        {ours.map((item) => <Sending key={item.key} item={item} />)}
        {others.map((draft) => (
          <div key={draft.member} class="entry draft">
            <p class="entry-who">
              {writer?.member === draft.member && now.value - writer.atMs < writingMs
                ? t('writing', { name: memberName(draft.member) })
                : t('draft.of', { name: memberName(draft.member) })}
            </p>
            <div class="bubble" dir="auto">{message(draft.text).slice(0, 500)}</div>
          </div>
        ))}
      </div>
      {may ? (
        <Composer key={chat.id} chat={chat} row={row} mine={mine} />
      ) : (
        <p class="composer-none">{t('viewer.reads')}</p>
      )}
      {shown && <ConversationWindow chat={chat} shown={shown} onClose={() => setShown(null)} onNext={onNext} />}
    </div>
  );
}

export function block(chat: Chat): void {
  const blocked = chat.blocked_until_ms !== undefined;
  call(blocked ? 'desk.unblock' : 'desk.block', { buyer: chat.buyer, member: me.value }).then(() => {
    say(t(blocked ? 'done.unblocked' : 'done.blocked'));
    touchChat();
  }, refused);
}
