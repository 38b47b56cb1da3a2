// Who is on the desk, and who takes chats now.
import { isOwner, me, members, now } from '../../desk/store';
import { span } from '../../text/format';
import { t, word } from '../../text/i18n';
import { Loading, Tag, Words } from '../../ui/bits';

export function Members() {
  if (members.value.length === 0) return <Loading />;
  return (
    <section class="panel">
      <h2>{t('settings.members')}</h2>
      <ul class="plain cards">
        {members.value.map((m) => (
          <li key={m.number}>
            <p>
              <span class={`dot ${m.presence}`} aria-hidden="true" />
              <strong><Words text={m.name} /></strong> {t('member.number', { n: m.number })}
              {m.number === me.value && <> <Tag kind="mine">{t('member.you')}</Tag></>}
            </p>
            <p>
              {word('presence', m.presence)}
              {m.until_ms && m.until_ms > now.value ? ` · ${t('member.until', { time: span(m.until_ms - now.value) })}` : ''}
              {!m.on_shift && ` · ${t('member.off_shift')}`}
              {m.full && ` · ${t('member.full')}`}
              {m.takes_chats && ` · ${t('member.takes')}`}
            </p>
            <p class="hint">
              {word('role', m.role)} · {t('split.weight', { n: m.weight })} ·{' '}
              {t('member.open', { n: m.open, limit: m.limit })} · {t('nav.waiting', { n: m.waiting })}
            </p>
            {m.schedule.length > 0 && <p class="hint">{m.schedule.join(' · ')} {m.zone}</p>}
            {m.experts.length > 0 && <p class="hint">{t('member.experts', { topics: m.experts.join(', ') })}</p>}
          </li>
        ))}
      </ul>
      {isOwner.value && <p class="hint">{t('members.how')}</p>}
    </section>
  );
}
