// On the buyer's card: what was promised, asked, opened and called about.
import { useState } from 'preact/hooks';
import { touchChat } from '../../desk/live';
import { call, mayAct, me, memberName, now, ownMember } from '../../desk/store';
import type { Chat } from '../../desk/types';
import { endStates, type Promised, type Question } from '../../desk/work';
import { useActions } from '../../keys/keyboard';
import { clock, short, span } from '../../text/format';
import { t, word } from '../../text/i18n';
import { Hint, Tag, Words } from '../../ui/bits';
import { Icon } from '../../ui/icon';
import { say } from '../../ui/toast';
import { refused } from '../refused';
import { WhyDialog } from '../ledgers/why_dialog';
import { AskDialog } from './ask_dialog';

export const forMe = (question: Question): boolean =>
  question.to === me.value || (question.to === undefined && question.to_role !== undefined && question.to_role === ownMember.value?.role);

// How long until something is due, in words and in colour.
export const Due = ({ ms }: { ms: number }) => {
  const left = ms - now.value;
  return (
    <Tag kind={`wait ${left <= 0 ? 'red' : left < 5 * 60_000 ? 'amber' : 'green'}`}>
      <Icon name={left <= 0 ? 'alert' : 'clock'} />
      {left <= 0 ? t('promise.late', { time: span(-left) }) : t('promise.left', { time: span(left) })}
    </Tag>
  );
};

export function Work({ chat }: { chat: Chat }) {
  const promises = chat.promises ?? [];
  const [asked, setAsked] = useState<Question | null>(null);
  const questions = (chat.questions ?? []);
  const mine = questions.find(forMe);
  const kept = (one: Promised): void => {
    call('desk.promise_kept', { promise: one.promise, member: me.value }).then(() => (say(t('done.kept')), touchChat()), refused);
  };
  useActions({
    'chat.kept': mayAct.value && promises.length > 0 && (() => kept(promises[0]!)),
    'chat.answer_colleague': mayAct.value && !!mine && (() => setAsked(mine!)),
  });
  return (
    <>
      {promises.length > 0 && (
        <section class="card-promises">
          <h3>{t('nav.promises')} {mayAct.value && <Hint keys="z k" />}</h3>
          <ul class="plain card-list">
            {promises.map((one) => <PromiseView key={one.promise} one={one} onKept={() => kept(one)} />)}
          </ul>
        </section>
      )}
      {questions.length > 0 && (
        <section class="card-questions">
          <h3>{t('card.questions')}</h3>
          <ul class="plain card-list">
            {questions.map((one) => (
              <li key={one.question}>
                <Words text={one.text} most={200} />
                <p class="hint">
                  {t('ask.between', { from: memberName(one.from), to: one.to ? memberName(one.to) : word('role', one.to_role ?? '') })} · {short(one.asked_ms, now.value)}
                </p>
                {mayAct.value && (
                  <p><button type="button" class="small" onClick={() => setAsked(one)}>{t('ask.do_answer')}</button></p>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      {(chat.cases ?? []).length > 0 && (
        <section class="card-cases">
          <h3>{t('nav.cases')}</h3>
          <ul class="plain card-list">
            {chat.cases!.map((one) => (
              <li key={one.id}>
                <a href={`/ledgers/cases/${one.case}`}>{t('case.number', { n: one.case })}</a>{' '}
                <Tag>{word('case_kind', one.kind)}</Tag>{' '}
                <Tag kind={endStates.has(one.state) ? '' : 'wait amber'}>{word('case_state', one.state)}</Tag>{' '}
                {one.title && <Words text={one.title} most={80} />}
              </li>
            ))}
          </ul>
        </section>
      )}
      {(chat.calls ?? []).length > 0 && (
        <section class="card-calls">
          <h3>{t('nav.calls')}</h3>
          <ul class="plain card-list">
            {chat.calls!.map((one) => (
              <li key={one.call}>
                <span class="hint">{short(one.at_ms, now.value)} · {word('direction', one.direction)} · {word('party', one.party)}</span>{' '}
                {one.answered === false && <Tag>{t('call.unanswered')}</Tag>} <Words text={one.text} most={120} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {asked && <AskDialog chat={chat.chat} question={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function PromiseView({ one, onKept }: { one: Promised; onKept: () => void }) {
  const [why, setWhy] = useState(false);
  return (
    <li>
      <Due ms={one.due_ms} /> <span class="hint">{clock(one.due_ms)} · {memberName(one.member)}</span>
      <p><Words text={one.text} most={200} /></p>
      {mayAct.value && (
        <p class="acts">
          <button type="button" class="small" onClick={onKept}>{t('promise.keep')}</button>
          <button type="button" class="small" onClick={() => setWhy(true)}>{t('promise.drop')}</button>
        </p>
      )}
      {why && (
        <WhyDialog
          onClose={() => setWhy(false)}
          onWhy={(reason) => {
            setWhy(false);
            call('desk.promise_dropped', { promise: one.promise, member: me.value, reason }).then(touchChat, refused);
          }}
        />
      )}
    </li>
  );
}
