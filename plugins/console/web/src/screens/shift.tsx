// The end of a shift: a reminder, overtime that is asked for and answered, and the handover (R14).
import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { call, mayAct, me, memberName, members, now, ownMember, sentence } from '../desk/store';
import type { Member } from '../desk/types';
import { clock, span } from '../text/format';
import { t } from '../text/i18n';
import { Dialog } from '../ui/dialog';
import { DialogForm, TextField } from '../ui/form';
import { Icon } from '../ui/icon';
import { say } from '../ui/toast';
import { refused } from './refused';

const remindMs = 15 * 60_000;
const overtimeMinutes = [30, 60, 120];

const ending = signal(false);
export const endShift = (): void => void (ending.value = mayAct.value);

export const ShiftBanners = () => (
  <>
    <EndBanner />
    {members.value
      .filter((m) => mayAct.value && (m.overtime_asked_ms ?? 0) > now.value && m.overtime_answerers?.includes(me.value))
      .map((m) => (
        <AskedBanner key={m.number} member={m} />
      ))}
  </>
);

export const ShiftDialog = () => (ending.value ? <EndDialog onClose={() => (ending.value = false)} /> : null);

function EndBanner() {
  const self = ownMember.value;
  const left = (self?.shift_ends_ms ?? 0) - now.value;
  if (!self || !mayAct.value || self.presence === 'off' || left <= 0 || left > remindMs) return null;
  return (
    <div class="banner shift">
      <Icon name="clock" />
      <p>
        <strong>{t('shift.ends', { time: span(left) })}</strong>{' '}
        {(self.overtime_asked_ms ?? 0) > now.value ? t('shift.asked') : t('shift.open', { n: self.open })}
      </p>
      <button type="button" onClick={endShift}>{t('shift.end')}</button>
    </div>
  );
}

function AskedBanner({ member }: { member: Member }) {
  const answer = (approved: boolean): void => {
    call('desk.overtime_answer', { member: me.value, of: member.number, approved }).catch(refused);
  };
  return (
    <div class="banner overtime">
      <Icon name="clock" />
      <p>{t('overtime.asks', { name: memberName(member.number), time: clock(member.overtime_asked_ms ?? 0) })}</p>
      <button type="button" onClick={() => answer(true)}>{t('overtime.approve')}</button>
      <button type="button" onClick={() => answer(false)}>{t('overtime.refuse')}</button>
    </div>
  );
}

function EndDialog({ onClose }: { onClose: () => void }) {
  const [note, setNote] = useState('');
  const [error, setError] = useState('');
  const self = ownMember.value;
  const ends = self?.shift_ends_ms ?? 0;
  const asked = (self?.overtime_asked_ms ?? 0) > now.value;
  const handOver = (): void => {
    call<{ chats: number }>('desk.handover', { member: me.value, note: note.trim() }).then(
      ({ chats }) => {
        onClose();
        say(t('shift.handed', { n: chats }));
      },
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  const overtime = (minutes: number): void => {
    call('desk.overtime', { member: me.value, until_ms: Math.round(ends + minutes * 60_000) }).then(
      () => {
        onClose();
        say(t('shift.asked'));
      },
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  return (
    <Dialog title={t('shift.end')} onClose={onClose} name="shift">
      <DialogForm submit={handOver} act={t('shift.hand_over')} error={error}>
        <p>{t('shift.text', { n: self?.open ?? 0 })}</p>
        <TextField label={t('shift.note')} value={note} onText={setNote} submit={handOver} focus />
      </DialogForm>
      {ends > now.value && !asked && (
        <fieldset class="overtime-choices">
          <legend>{t('overtime.title')}</legend>
          {overtimeMinutes.map((minutes) => (
            <button type="button" key={minutes} onClick={() => overtime(minutes)}>
              {t('overtime.until', { time: clock(ends + minutes * 60_000) })}
            </button>
          ))}
        </fieldset>
      )}
    </Dialog>
  );
}
