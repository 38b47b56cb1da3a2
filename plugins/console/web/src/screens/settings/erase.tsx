// A buyer's data made unreadable for good: whose, by a chat's number; then a sentence is typed.
// /settings/erase?chat=12
import { useEffect, useState } from 'preact/hooks';
import { call, link, sentence } from '../../desk/store';
import type { Account, Chat } from '../../desk/types';
import { t } from '../../text/i18n';
import { line } from '../../text/plain';
import { Tag, Words } from '../../ui/bits';
import { go, path, query } from '../../ui/router';
import { say } from '../../ui/toast';

const longMs = 600_000; // the most that a request may wait

export function Erase() {
  const asked = query(path.value, 'chat');
  const [typed, setTyped] = useState(asked);
  const [chat, setChat] = useState<Chat | null>(null);
  const [error, setError] = useState('');
  const up = link.value === 'open';
  useEffect(() => {
    setTyped(asked);
    setChat(null);
    setError('');
    if (!asked || !up) return undefined;
    if (!/^\d{1,18}$/.test(asked)) return setError(t('erase.bad_number')), undefined;
    let current = true;
    call<Chat>('desk.chat', { chat: Number(asked), limit: 1 }).then(
      (found) => current && (found.buyer ? setChat(found) : setError(t('erase.no_buyer'))),
      (failed: unknown) => current && setError(sentence(failed)),
    );
    return () => void (current = false);
  }, [asked, up]);
  return (
    <section class="panel">
      <h2>{t('settings.erase')}</h2>
      <p>{t('erase.text')}</p>
      <form
        class="find"
        onSubmit={(event) => {
          event.preventDefault();
          go(`/settings/erase?chat=${encodeURIComponent(typed.trim())}`);
        }}
      >
        <input
          class="erase-chat"
          inputMode="numeric"
          value={typed}
          aria-label={t('erase.chat')}
          placeholder={t('erase.chat')}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit">{t('erase.look')}</button>
      </form>
      <p class="error" role="alert">{error}</p>
      {chat && <Confirm key={chat.id} chat={chat} />}
    </section>
  );
}

function Confirm({ chat }: { chat: Chat }) {
  const own: Account = chat.account ?? { buyer: chat.buyer!, joined: true, shop: chat.shop };
  const accounts = [own, ...chat.accounts.filter((one) => one.joined && one.buyer !== own.buyer)];
  const others = chat.accounts.filter((one) => !one.joined).length;
  const [word, setWord] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const wanted = t('erase.word', { chat: chat.chat });
  const erase = async (): Promise<void> => {
    setBusy(true);
    setError('');
    try {
      for (const { buyer } of accounts) await call('desk.erase', { buyer }, longMs);
      say(t('erase.done'));
      go('/settings/erase', true);
    } catch (failed) {
      setError(sentence(failed));
      setBusy(false);
    }
  };
  return (
    <form
      class="confirm"
      onSubmit={(event) => {
        event.preventDefault();
        if (word.trim() === wanted) void erase();
      }}
    >
      <h3>{t('erase.who')}</h3>
      <ul class="plain cards">
        {accounts.map((one) => (
          <li key={one.buyer}>
            <p>
              <strong><Words text={one.name || chat.name || t('buyer.unnamed')} /></strong> <Tag>{one.shop ?? chat.shop}</Tag>
            </p>
            {(one.email || one.phone) && <p class="hint">{[one.email, one.phone].map((text) => line(text)).filter(Boolean).join(' · ')}</p>}
          </li>
        ))}
      </ul>
      {others > 0 && <p class="hint">{t('erase.same', { n: others })}</p>}
      <p>{t('erase.no_way_back')}</p>
      <label>
        {t('erase.confirm', { word: wanted })}
        <input class="erase-word" value={word} autoComplete="off" onInput={(event) => setWord(event.currentTarget.value)} />
      </label>
      <p class="error" role="alert">{error}</p>
      <div class="acts">
        <button type="submit" class="danger" disabled={busy || word.trim() !== wanted}>
          {busy ? t('loading') : t('erase.do')}
        </button>
      </div>
    </form>
  );
}
