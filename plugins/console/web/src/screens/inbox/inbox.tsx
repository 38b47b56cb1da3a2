// The queue, one conversation, and what is known of its buyer. /inbox, /inbox/12?view=mine
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { readMore, readOpen, showChat } from '../../desk/live';
import { whenNoticeOpened } from '../../desk/notices';
import { listOf, views, type View } from '../../desk/queue';
import { me, nextWaiting, openChat, rowByNumber, rows, rowsLoaded, sentence } from '../../desk/store';
import type { Chat, ChatRow } from '../../desk/types';
import { afterRender, useActions } from '../../keys/keyboard';
import { t } from '../../text/i18n';
import { Empty, Failed, Hint, Loading } from '../../ui/bits';
import { go, parts, path, query } from '../../ui/router';
import { say } from '../../ui/toast';
import { refused } from '../refused';
import { Card } from './card';
import { Conversation } from './conversation';
import { QueueList } from './queue_list';

export const cardShown = signal(false); // on narrow screens; on wide ones it is always there

const rowsSeen = 40; // more than a window shows

export const viewOf = (address: string): View => {
  const found = query(address, 'view') as View;
  return views.includes(found) ? found : 'mine';
};
export const chatAddress = (chat: number | null, view: View): string =>
  `/inbox${chat === null ? '' : `/${chat}`}${view === 'mine' ? '' : `?view=${view}`}`;

export function Inbox() {
  const view = viewOf(path.value);
  const [search, setSearch] = useState('');
  const [failed, setFailed] = useState('');
  const number = Number(parts(path.value)[1] ?? 0) || null;
  const list = listOf(rows.value.values(), view, me.value, search);
  const open = (chat: number | null): void => go(chatAddress(chat, view));

  useEffect(() => {
    setFailed('');
    cardShown.value = false;
    showChat(number, (error) => setFailed(sentence(error)));
  }, [number]);
  useEffect(() => () => showChat(null), []);
  // Closed chats are read as far as somebody looks.
  const all = view === 'all' || search !== '';
  const more = (): void => void readMore().catch(() => {});
  useEffect(() => {
    if (all && rowsLoaded.value && list.length < rowsSeen) more();
  }, [all, list.length, rows.value.size, rowsLoaded.value]);
  useEffect(
    () =>
      whenNoticeOpened((id) => {
        const row = rows.value.get(id);
        if (row) go(chatAddress(row.chat, row.member === me.value ? 'mine' : 'open'));
      }),
    [],
  );

  const step = (by: number): void => {
    if (list.length === 0) return;
    const at = list.findIndex((row) => row.chat === number);
    const next = at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1);
    open(list[next]!.chat);
  };
  const next = (): void => {
    const waiting = nextWaiting.value.filter((row) => row.chat !== number);
    const row = waiting[0] ?? nextWaiting.value[0];
    if (!row) return say(t('inbox.none_waiting'));
    go(chatAddress(row.chat, row.member === me.value ? view : 'queue'));
  };
  const look = (to: View) => () => go(chatAddress(number, to));
  useActions({
    'list.down': () => step(1),
    'list.up': () => step(-1),
    'list.next': next,
    'list.open': () => {
      const first = list[0];
      if (number === null && first) open(first.chat);
      else document.querySelector<HTMLElement>('.composer textarea')?.focus();
    },
    'list.mine': look('mine'),
    'list.queue': look('queue'),
    'list.everyone': look('open'),
    'list.all': look('all'),
    'list.search': () => document.querySelector<HTMLElement>('.queue-search')?.focus(),
    'chat.card': () => {
      cardShown.value = !cardShown.value;
      if (cardShown.value) afterRender(() => document.getElementById('card')?.focus());
    },
  });

  const chat = openChat.value;
  const row = number === null ? undefined : rowByNumber(number);
  const read = chat && chat.chat === number ? chat : null;
  // What the row tells is enough to begin an answer; the rest follows.
  const shown = read ?? (row ? begun(row) : null);
  return (
    <div class={number === null ? 'inbox' : cardShown.value ? 'inbox has-chat has-card' : 'inbox has-chat'}>
      <h1 class="unseen">{t('nav.inbox')}</h1>
      <QueueList list={list} view={view} number={number} search={search} onSearch={setSearch} onOpen={open} onEnd={all ? more : undefined} />
      <section class="conversation-pane" aria-label={t('conversation')}>
        {number === null ? (
          <Nothing count={list.length} />
        ) : failed ? (
          <Failed text={failed} again={() => (setFailed(''), showChat(null), showChat(number, (e) => setFailed(sentence(e))))} />
        ) : shown ? (
          <Conversation key={shown.id} chat={shown} loading={!read} row={row ?? shown} onBack={() => open(null)} onNext={next} />
        ) : (
          <Loading />
        )}
      </section>
      {read && <Card key={read.id} chat={read} />}
    </div>
  );
}

const begun = (row: ChatRow): Chat => ({
  ...row, entries: [], earlier: false, accounts: [], history: [], orders: [], unproved: 0, drafts: [],
});

function Nothing({ count }: { count: number }) {
  if (!rowsLoaded.value) return <Loading />;
  const waiting = nextWaiting.value.length;
  return (
    <Empty icon="inbox" title={waiting > 0 ? t('inbox.waiting', { n: waiting }) : t('inbox.calm')}>
      <p>{waiting > 0 ? t('inbox.press_next') : count > 0 ? t('inbox.choose') : t('inbox.empty_text')}</p>
      <p class="hint">
        <Hint keys="n" /> {t('key.next')} · <Hint keys="j" /> <Hint keys="k" /> {t('inbox.move')} · <Hint keys="?" />{' '}
        {t('key.help')}
      </p>
      {count === 0 && waiting === 0 && (
        <p>
          <button type="button" onClick={() => void readOpen().catch(refused)}>
            {t('look_again')}
          </button>
        </p>
      )}
    </Empty>
  );
}
