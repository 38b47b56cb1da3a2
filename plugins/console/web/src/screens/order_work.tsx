// What rules found wrong with an order, and what was offered for it: on the order's card, once it is open.
import { useState } from 'preact/hooks';
import { touchChat } from '../desk/live';
import { standards, type Offer, type Problem } from '../desk/money';
import { call, mayAct, me, now, orderNews } from '../desk/store';
import type { Order } from '../desk/types';
import { money, short } from '../text/format';
import { t } from '../text/i18n';
import { line } from '../text/plain';
import { Tag } from '../ui/bits';
import { Icon } from '../ui/icon';
import { say } from '../ui/toast';
import { useAnswer } from './asked';
import { WhyDialog } from './ledgers/why_dialog';
import { OfferCard, ProposeDialog, WordsDialog } from './offers';
import { refused } from './refused';

const offersShown = 10;

interface Found {
  problems: Problem[];
  offers: Offer[];
}

export function OrderWork({ order, onDone }: { order: Order; onDone?: () => void }) {
  const { found, again } = useAnswer<Found>(async () => {
    const [{ orders }, { offers }] = await Promise.all([
      call<{ orders: (Order & { problems?: Problem[] })[] }>('desk.order', { order: order.id }),
      call<{ offers: Offer[] }>('desk.offers', { order: order.id, view: 'all', limit: offersShown }),
    ]);
    return { problems: orders.find((one) => one.id === order.id)?.problems ?? [], offers };
  }, [order.id, orderNews.value]);
  const done = (): void => {
    again();
    onDone?.();
  };
  if (!found) return null;
  const open = found.problems.filter((one) => one.open);
  return (
    <>
      {open.map((one) => (
        <ProblemView key={one.kind} problem={one} order={order.id} number={line(order.number) || order.id.slice(0, 8)} onDone={done} />
      ))}
      {found.offers.map((one) => <OfferCard key={one.offer} offer={one} onDone={done} />)}
    </>
  );
}

type Asked = { what: 'offer'; standard: string } | { what: 'write' } | { what: 'done' | 'ignored' };

// One problem: why, what to do, and what became of it.
export function ProblemView({ problem, order, number, onDone }: {
  problem: Problem; order: string; number: string; onDone: () => void;
}) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = (): void => setAsked(null);
  const after = (word: Promise<unknown>, words: string): void => {
    close();
    word.then(() => {
      say(words);
      touchChat();
      onDone();
    }, refused);
  };
  const settle = (how: string, text: string): void =>
    after(call('desk.problem_settle', { order, kind: problem.kind, how, text, member: me.value }), t('done.settled'));
  const write = (text: string): void =>
    after(call('desk.problem_write', { order, kind: problem.kind, text, member: me.value }), t('done.told'));
  const writes = problem.chat !== undefined && !problem.left_alone && problem.question;
  return (
    <div class={problem.severity === 'high' ? 'request problem trouble' : 'request problem'} data-kind={problem.kind}>
      <p>
        <Icon name="alert" /> <strong>{problem.text}</strong>{' '}
        {problem.amount !== undefined && <span class="price">{money(problem.amount, problem.currency ?? '')}</span>}{' '}
        <span class="hint">{short(problem.since_ms, now.value)}</span>{' '}
        {problem.told_ms && <Tag>{t(problem.answered ? 'problem.answered' : 'problem.told')}</Tag>}
        {problem.left_alone && <Tag kind="flag">{t('problem.left_alone')}</Tag>}
      </p>
      {problem.fixes.length > 0 && (
        <p class="hint">{t('problem.suggested', { fixes: problem.fixes.map((one) => one.text).join(', ') })}</p>
      )}
      {mayAct.value && (
        <p class="offer-acts">
          {problem.fixes.filter((one) => standards.includes(one.fix)).map((one) => (
            <button type="button" class="small" key={one.fix} onClick={() => setAsked({ what: 'offer', standard: one.fix })}>
              {t('problem.offer', { what: one.text })}
            </button>
          ))}
          {writes && <button type="button" class="small" onClick={() => setAsked({ what: 'write' })}>{t('problem.write')}</button>}
          <button type="button" class="small" onClick={() => setAsked({ what: 'done' })}>{t('problem.done')}</button>
          <button type="button" class="small" onClick={() => setAsked({ what: 'ignored' })}>{t('problem.ignore')}</button>
        </p>
      )}
      {asked?.what === 'offer' && (
        <ProposeDialog order={order} standard={asked.standard} chat={problem.chat} number={number} onClose={close} onDone={onDone} />
      )}
      {asked?.what === 'write' && (
        <WordsDialog title={t('problem.write')} label={t('hold.text')} first={problem.question ?? ''} onClose={close} onWords={write} />
      )}
      {(asked?.what === 'done' || asked?.what === 'ignored') && (
        <WhyDialog onClose={close} onWhy={(why) => settle(asked.what, why)} />
      )}
    </div>
  );
}
