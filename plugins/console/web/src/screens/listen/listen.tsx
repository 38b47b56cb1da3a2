// The listening room: every agent, and any of their chats, live. Whoever is listened to sees who
// listens, from the first moment to the last. /listen, /listen/2, /listen/2/14
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { showChat } from '../../desk/live';
import { priority } from '../../desk/queue';
import {
  call, link, maySupervise, me, memberName, members, now, openChat, rows, sentence, writing,
} from '../../desk/store';
import type { Chat, ChatRow, Member } from '../../desk/types';
import { useActions } from '../../keys/keyboard';
import { clock } from '../../text/format';
import { t, word } from '../../text/i18n';
import { line, message } from '../../text/plain';
import { Empty, Failed, Loading, Tag, Words } from '../../ui/bits';
import { go, parts, path } from '../../ui/router';
import { refused } from '../refused';
import { EntryView } from '../inbox/entry';
import { Waiting } from '../inbox/queue_list';
import { writingMs } from '../../desk/live';

const minutes = 60; // of one time; it goes on with the next look at somebody

const chatsOf = (member: number): ChatRow[] =>
  [...rows.value.values()].filter((row) => row.state !== 'closed' && row.member === member).sort(priority);

export function Listen() {
  const [, asked, chatAsked] = parts(path.value);
  const agents = members.value.filter((one) => one.number !== me.value);
  const agent = agents.find((one) => String(one.number) === asked);
  const own = members.value.find((one) => one.number === me.value);
  const listening = own?.listening && own.listening.until_ms > now.value ? own.listening : undefined;
  const may = maySupervise.value;
  const [failed, setFailed] = useState('');
  const up = link.value === 'open';
  // From the first look on, they know.
  useEffect(() => {
    if (!agent || !may || !up) return undefined;
    setFailed('');
    call('desk.listen', { to: agent.number, minutes, member: me.value }).catch((error: unknown) => setFailed(sentence(error)));
    return undefined;
  }, [agent?.number, may, up]);
  const heard = useRef(0);
  if (agent && may) heard.current = agent.number;
  const stop = (): Promise<unknown> => {
    const to = heard.current;
    heard.current = 0;
    return to === 0 ? Promise.resolve() : call('desk.listen', { to, minutes: 0, member: me.peek() });
  };
  // Whoever leaves the room no longer listens; where that is not heard, the time is up by itself.
  useEffect(() => () => void stop().catch(() => {}), []);
  const end = (): void => {
    stop().catch(refused);
    go('/listen');
  };
  const step = (by: number): void => {
    const at = agents.findIndex((one) => one === agent);
    const next = agents[at < 0 ? 0 : Math.min(Math.max(at + by, 0), agents.length - 1)];
    if (next) go(`/listen/${next.number}`);
  };
  const chats = agent ? chatsOf(agent.number) : [];
  const shown = Number(chatAsked ?? 0) || undefined;
  // The first one stays, wherever it moves in the list.
  const first = agent && shown === undefined ? chats[0]?.chat : undefined;
  useEffect(() => {
    if (first !== undefined) go(`/listen/${agent!.number}/${first}`, true);
  }, [first]);
  useActions({
    'list.down': () => step(1),
    'list.up': () => step(-1),
    'list.next': agent && chats.length > 0 && (() => {
      const at = chats.findIndex((row) => row.chat === shown);
      go(`/listen/${agent.number}/${chats[(at + 1) % chats.length]!.chat}`);
    }),
  });
  // Nothing is shown before whoever is listened to can see it.
  const hears = agent !== undefined && listening?.to === agent.number;
  return (
    <div class="screen listen">
      <header class="screen-head">
        <h1>{t('nav.listen')}</h1>
        {listening && (
          <p class="acts">
            <Tag kind="flag">{t('listen.until', { time: clock(listening.until_ms) })}</Tag>
            <button type="button" class="small" onClick={end}>{t('listen.end')}</button>
          </p>
        )}
      </header>
      {!may ? (
        <Empty icon="listen" title={t('listen.not_you')}><p>{t('listen.not_you_text')}</p></Empty>
      ) : agents.length === 0 ? (
        <Empty icon="listen" title={t('listen.alone')}><p>{t('listen.alone_text')}</p></Empty>
      ) : (
        <div class="listen-body">
          <nav class="listen-agents" aria-label={t('listen.agents')}>
            <p class="hint">{t('listen.text')}</p>
            <ul class="plain">
              {agents.map((one) => <Agent key={one.number} agent={one} current={one === agent} shown={shown} />)}
            </ul>
          </nav>
          <section class="listen-chat" aria-label={t('conversation')}>
            {failed ? <Failed text={failed} />
              : !agent ? <Empty icon="listen" title={t('listen.choose')}><p>{t('listen.choose_text')}</p></Empty>
              : !hears ? <Loading />
              : shown === undefined ? <Empty icon="inbox" title={t('listen.no_chats', { name: agent.name })}><p>{t('listen.no_chats_text')}</p></Empty>
              : <Live key={shown} number={shown} />}
          </section>
        </div>
      )}
    </div>
  );
}

function Agent({ agent, current, shown }: { agent: Member; current: boolean; shown: number | undefined }) {
  const chats = chatsOf(agent.number);
  return (
    <li>
      <a class="listen-agent" href={`/listen/${agent.number}`} aria-current={current ? 'true' : undefined}>
        <span class={`dot ${agent.presence}`} aria-hidden="true" />
        <strong><Words text={agent.name} /></strong> {word('presence', agent.presence)}{' '}
        <span class="hint">{t('member.open', { n: agent.open, limit: agent.limit })} · {t('nav.waiting', { n: agent.waiting })}</span>
      </a>
      {current && (
        <ul class="plain listen-chats">
          {chats.map((row) => (
            <li key={row.id}>
              <a href={`/listen/${agent.number}/${row.chat}`} aria-current={row.chat === shown ? 'true' : undefined}>
                <Words text={line(row.name) || t('buyer.unnamed')} /> <Waiting row={row} />
                {writing.value.get(row.id)?.member === agent.number && now.value - writing.value.get(row.id)!.atMs < writingMs && (
                  <em>{t('writing', { name: agent.name })}</em>
                )}
              </a>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function Live({ number }: { number: number }) {
  const [failed, setFailed] = useState('');
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    showChat(number, (error) => setFailed(sentence(error)));
    return () => showChat(null);
  }, [number]);
  const chat: Chat | null = openChat.value?.chat === number ? openChat.value : null;
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [chat?.entries.length, chat?.drafts.map((one) => one.text).join()]);
  if (failed) return <Failed text={failed} />;
  if (!chat) return <Loading />;
  return (
    <>
      <h2><Words text={line(chat.name) || t('buyer.unnamed')} /> <span class="hint">{chat.shop} · {t('chat.number', { chat: chat.chat })}</span></h2>
      <div class="entries" ref={box} tabIndex={0} role="log" aria-label={t('conversation')}>
        {chat.entries.map((entry) => <EntryView key={entry.event + entry.kind} entry={entry} chat={chat} />)}
        {chat.drafts.filter((draft) => draft.text && draft.member !== me.value).map((draft) => (
          <div key={draft.member} class="entry draft">
            <p class="entry-who">{t('writing', { name: memberName(draft.member) })}</p>
            <div class="bubble" dir="auto">{message(draft.text).slice(0, 500)}</div>
          </div>
        ))}
      </div>
      <p><a href={`/inbox/${chat.chat}?view=open`}>{t('listen.to_inbox')}</a></p>
    </>
  );
}

export default Listen;
