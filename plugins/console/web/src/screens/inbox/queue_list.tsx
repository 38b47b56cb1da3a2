// The queue: who waits, for how long, whose it is.
import { memberName, me, now, questions, rows, rowsLoaded, writing } from '../../desk/store';
import { belongs, views, type View } from '../../desk/queue';
import type { Chat, ChatRow } from '../../desk/types';
import { clock, short, span } from '../../text/format';
import { t, type Key } from '../../text/i18n';
import { line } from '../../text/plain';
import { Empty, Loading, Tag, Words } from '../../ui/bits';
import { Icon } from '../../ui/icon';
import { path } from '../../ui/router';
import { VirtualList } from '../../ui/virtual_list';
import { writingMs } from '../../desk/live';
import { Due } from './card_work';
import { chatAddress } from './inbox';

const rowHeight = 76;
const questionsShown = 3;

interface Props {
  list: ChatRow[];
  view: View;
  number: number | null;
  search: string;
  onSearch: (text: string) => void;
  onOpen: (chat: number | null) => void;
  onEnd: (() => void) | undefined; // the end of the list is in view
}

export function QueueList({ list, view, number, search, onSearch, onOpen, onEnd }: Props) {
  const counts = Object.fromEntries(views.map((one) => [one, 0])) as Record<View, number>;
  for (const row of rows.value.values()) {
    for (const one of views) if (belongs(row, one, me.value)) ++counts[one];
  }
  const current = list.find((row) => row.chat === number)?.id;
  return (
    <section class="queue" aria-label={t('queue')}>
      <div class="queue-views" role="group" aria-label={t('queue.views')}>
        {views.map((one) => (
          <a
            key={one}
            class="queue-view"
            href={chatAddress(number, one)}
            aria-current={one === view ? 'true' : undefined}
          >
            {t(`view.${one}` as Key)}
            {one !== 'all' && <span class="count">{counts[one]}</span>}
          </a>
        ))}
      </div>
      <div class="queue-find">
        <Icon name="search" />
        <input
          class="queue-search"
          type="search"
          value={search}
          aria-label={t('queue.search')}
          placeholder={t('queue.search')}
          onInput={(event) => onSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && list[0]) onOpen(list[0].chat);
            else if (event.key !== 'Escape') return;
            event.preventDefault();
            event.currentTarget.blur();
          }}
        />
      </div>
      {questions.value.length > 0 && <Questions view={view} />}
      {!rowsLoaded.value ? (
        <Loading />
      ) : list.length === 0 ? (
        <Empty icon="inbox" title={search ? t('queue.not_found') : t(`queue.empty.${view}` as Key)}>
          <p>{search ? t('queue.not_found_text') : t(`queue.empty_text.${view}` as Key)}</p>
        </Empty>
      ) : (
        <VirtualList
          items={list}
          rowHeight={rowHeight}
          keyOf={(row) => row.id}
          current={current}
          label={t('queue')}
          onEnd={onEnd}
          render={(row) => <Row row={row} current={row.chat === number} view={view} />}
        />
      )}
    </section>
  );
}

// What colleagues ask me, the oldest first.
const Questions = ({ view }: { view: View }) => (
  <div class="asked-me" role="status">
    <p>{t('ask.for_you', { n: questions.value.length })}</p>
    <ul class="plain">
      {questions.value.slice(0, questionsShown).map((one) => (
        <li key={one.question}>
          <a href={chatAddress(one.chat, view)}>{t('chat.number', { chat: one.chat })}</a> <Words text={one.text} most={60} />
        </li>
      ))}
    </ul>
  </div>
);

// How long the buyer has waited against the target: the colour, and the same in words.
export function Waiting({ row }: { row: ChatRow }) {
  if (!row.waiting_since_ms || row.state === 'closed') return null;
  const time = span(now.value - row.waiting_since_ms);
  return (
    <Tag kind={`wait ${row.colour}`}>
      <Icon name={row.colour === 'red' ? 'alert' : 'clock'} />
      {row.colour === 'red' ? t('wait.late', { time }) : t('wait.for', { time })}
    </Tag>
  );
}

// Somebody's answer is on its way longer than a buyer may wait, or does not answer all: whoever
// looks at the chat should know before they answer, too.
export function Answering({ row }: { row: ChatRow }) {
  const { answering } = row;
  if (!answering || !row.waiting_since_ms || row.state === 'closed') return null;
  return (
    <Tag kind="flag">
      {t('answering', { name: memberName(answering.member), time: clock(answering.since_ms) })}
    </Tag>
  );
}

// Who listens to this chat now: whoever has it sees that.
export function Listened({ chat }: { chat: Chat }) {
  const names = (chat.listeners ?? []).filter((one) => one.until_ms > now.value).map((one) => memberName(one.member));
  return names.length === 0 ? null : <Tag kind="flag"><Icon name="listen" />{t('listen.by', { names: names.join(', ') })}</Tag>;
}

function Row({ row, current, view }: { row: ChatRow; current: boolean; view: View }) {
  const name = line(row.name) || t('buyer.unnamed');
  const writer = writing.value.get(row.id);
  const writes = writer && now.value - writer.atMs < writingMs;
  return (
    <a
      class={`row ${row.colour}`}
      href={chatAddress(row.chat, view)}
      aria-current={current ? 'true' : undefined}
      data-chat={row.chat}
      tabIndex={current || path.value.startsWith('/inbox?') || path.value === '/inbox' ? 0 : -1}
    >
      <span class="row-top">
        <span class="row-name"><Words text={name} /></span>
        <span class="row-time">{short(Math.max(row.last_in_ms ?? 0, row.last_out_ms ?? 0), now.value)}</span>
      </span>
      <span class="row-text">
        {writes ? (
          <em>{t('writing', { name: memberName(writer.member) })}</em>
        ) : (
          <Words text={row.text || row.subject || ''} most={120} />
        )}
      </span>
      <span class="row-tags">
        <Waiting row={row} />
        <Answering row={row} />
        {row.state === 'closed' ? <Tag>{t('state.closed')}</Tag>
          : row.wants_role ? <Tag kind="nobody">{t('state.wants', { role: row.wants_role })}</Tag>
          : row.state === 'queued' || row.state === 'fresh' ? <Tag kind="nobody">{t('state.queued')}</Tag>
          : row.member !== me.value && <Tag>{memberName(row.member)}</Tag>}
        {row.topic && <Tag kind="flag">{line(row.topic, 20)}</Tag>}
        {row.due_ms !== undefined && <Due ms={row.due_ms} />}
        {!!row.questions_open && <Tag>{t('state.asked')}</Tag>}
        {!!row.open_cases?.length && <Tag>{t('state.cases', { list: row.open_cases.join(', ') })}</Tag>}
        {row.nudges > 0 && <Tag>{t('nudges', { n: row.nudges })}</Tag>}
        {row.blocked && <Tag>{t('state.blocked')}</Tag>}
        <span class="row-shop">{row.shop} · {row.chat}</span>
      </span>
    </a>
  );
}
