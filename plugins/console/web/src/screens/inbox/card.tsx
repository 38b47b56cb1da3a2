// The buyer: accounts, why this chat is whose it is, orders and parcels, past chats.
import { useState } from 'preact/hooks';
import { touchChat } from '../../desk/live';
import { call, isOwner, mayAct, me, memberName, now } from '../../desk/store';
import type { Account, Chat } from '../../desk/types';
import { afterRender, useActions } from '../../keys/keyboard';
import { short } from '../../text/format';
import { t } from '../../text/i18n';
import { address, line } from '../../text/plain';
import { Hint, Tag, Words } from '../../ui/bits';
import { Icon } from '../../ui/icon';
import { OrderCard } from '../order_card';
import { refused } from '../refused';
import { Work } from './card_work';
import { block } from './conversation';
import { cardShown } from './inbox';

export function Card({ chat }: { chat: Chat }) {
  const blocked = chat.blocked_until_ms !== undefined;
  useActions({
    'chat.action': chat.orders.length > 0 && (() => {
      cardShown.value = true;
      afterRender(() => document.querySelector<HTMLElement>('#card .order-acts button')?.focus());
    }),
  });
  return (
    <aside class="card" id="card" tabIndex={-1} aria-label={t('card')}>
      <header class="card-head">
        <h2>
          <Words text={line(chat.account?.name ?? chat.name) || t('buyer.unnamed')} />
        </h2>
        <button type="button" class="quiet card-close" onClick={() => (cardShown.value = false)} aria-label={t('close')}>
          <Icon name="close" />
        </button>
      </header>
      {chat.why_text && (
        <section>
          <h3>{chat.member === me.value ? t('card.why_mine') : t('card.why', { name: memberName(chat.member) })}</h3>
          <p class="why-text">{chat.why_text}</p>
        </section>
      )}
      <Work chat={chat} />
      <section>
        <h3>{t('card.accounts')}</h3>
        {chat.account && <AccountView account={chat.account} shop={chat.shop} />}
        {chat.accounts.map((account) => (
          <AccountView key={account.buyer} account={account} shop={account.shop ?? ''} chat={chat} />
        ))}
        {!chat.account && chat.accounts.length === 0 && <p class="hint">{t('card.unknown')}</p>}
        {mayAct.value && chat.buyer && (
          <p>
            <button type="button" class="small" onClick={() => block(chat)}>
              {t(blocked ? 'card.unblock' : 'card.block')}
            </button>
            {isOwner.value && <>{' '}<a class="small" href={`/settings/erase?chat=${chat.chat}`}>{t('erase.link')}</a></>}
          </p>
        )}
      </section>
      <section>
        <h3>
          {t('nav.orders')} {chat.orders.length > 0 && mayAct.value && <Hint keys="a" />}
        </h3>
        {chat.orders.length === 0 && <p class="hint">{t('card.no_orders')}</p>}
        {chat.orders.map((order, i) => <OrderCard key={order.id} order={order} open={i === 0} />)}
        {chat.unproved > 0 && <p class="hint">{t('card.unproved', { n: chat.unproved })}</p>}
      </section>
      <section>
        <h3>{t('card.history')}</h3>
        {chat.history.length === 0 ? (
          <p class="hint">{t('card.no_history')}</p>
        ) : (
          <ul class="history">
            {chat.history.map((row) => (
              <li key={row.id}>
                <a href={`/inbox/${row.chat}?view=all`}>
                  <span>{short(row.last_in_ms ?? row.last_out_ms ?? 0, now.value)}</span>{' '}
                  <Words text={row.text || row.subject} most={60} />{' '}
                  {row.member !== undefined && <Tag>{memberName(row.member)}</Tag>}
                </a>
              </li>
            ))}
          </ul>
        )}
      </section>
    </aside>
  );
}

function AccountView({ account, shop, chat }: { account: Account; shop: string; chat?: Chat }) {
  const [busy, setBusy] = useState(false);
  const join = (method: 'desk.join' | 'desk.separate'): void => {
    setBusy(true);
    call(method, { buyer: chat?.buyer, other: account.buyer, member: me.value }).then(
      () => (setBusy(false), touchChat()),
      (error: unknown) => (setBusy(false), refused(error)),
    );
  };
  const where = address(account.address);
  return (
    <div class="account">
      <p>
        <strong><Words text={account.name || t('buyer.unnamed')} /></strong> {shop && <Tag>{shop}</Tag>}
      </p>
      {account.email && <p><Words text={account.email} /></p>}
      {account.phone && <p><Words text={account.phone} /></p>}
      {where && <p dir="auto" class="address">{where}</p>}
      {chat && mayAct.value && chat.buyer && (
        <p class="hint">
          {account.joined ? t('account.joined') : t('account.same')}{' '}
          <button
            type="button"
            class="link"
            disabled={busy}
            onClick={() => join(account.joined ? 'desk.separate' : 'desk.join')}
          >
            {t(account.joined ? 'account.separate' : 'account.join')}
          </button>
        </p>
      )}
    </div>
  );
}
