// Who works when, in a week.
import { members, now } from '../../desk/store';
import { datesOf, hoursText, weekOf } from '../../desk/shifts';
import { weekday } from '../../text/format';
import { t } from '../../text/i18n';
import { Loading, Tag, Words } from '../../ui/bits';
import type { Member } from '../../desk/types';

// Monday is 0, by the clock of a zone; one that this browser does not know: -1.
function todayIn(zone: string, ms: number): number {
  try {
    const name = new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: zone || 'UTC' }).format(ms);
    return ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(name);
  } catch {
    return -1;
  }
}

export function Shifts() {
  if (members.value.length === 0) return <Loading />;
  return (
    <section class="panel">
      <h2>{t('settings.shifts')}</h2>
      <p>{t('shifts.text')}</p>
      <ul class="plain cards">
        {members.value.map((m) => <li key={m.number}><Week member={m} /></li>)}
      </ul>
      <p class="hint">{t('shifts.how')}</p>
    </section>
  );
}

function Week({ member }: { member: Member }) {
  const week = weekOf(member.schedule);
  const today = todayIn(member.zone, now.value);
  // A day too many is shown where it is earlier there than in UTC.
  const dates = datesOf(member.schedule, new Date(now.value - 86_400_000).toISOString().slice(0, 10));
  return (
    <>
      <p>
        <strong><Words text={member.name} /></strong>{' '}
        {member.on_shift && <Tag kind="mine">{t('shifts.now')}</Tag>}{' '}
        <span class="hint">{t('shifts.zone', { zone: member.zone || 'UTC' })}</span>
      </p>
      {member.schedule.length === 0 ? (
        <p class="hint">{t('shifts.always')}</p>
      ) : week === null ? (
        <p class="hint">{member.schedule.join(' · ')}</p>
      ) : (
        <div class="table" tabIndex={0} role="region" aria-label={t('shifts.table', { name: member.name })}>
          <table class="week">
            <thead>
              <tr>{week.map((_, day) => <th key={day} scope="col" data-today={day === today || undefined}>{weekday(day)}</th>)}</tr>
            </thead>
            <tbody>
              <tr>
                {week.map((list, day) => (
                  <td key={day} data-today={day === today || undefined}>
                    {list.length === 0 ? t('shifts.none') : list.map((one) => <div key={one.from}>{hoursText(one)}</div>)}
                  </td>
                ))}
              </tr>
            </tbody>
          </table>
        </div>
      )}
      {dates.length > 0 && (
        <ul class="plain hint" aria-label={t('shifts.dates', { name: member.name })}>
          {dates.map((one) => (
            <li key={one.first + one.hours}>
              {one.first === one.last ? one.first : `${one.first} – ${one.last}`}: {one.hours || t('shifts.none')}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
