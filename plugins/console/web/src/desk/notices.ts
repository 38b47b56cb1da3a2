// Tells of new messages when nobody looks: a notification and a short sound. Both can be muted; the
// sound is off by itself while many messages come in.
import { signal } from '@preact/signals';
import { line } from '../text/plain';
import { t } from '../text/i18n';
import { me, rows } from './store';

// Named limits.
export const soundsPerMinuteMax = 12; // messages; beyond, no sound
export const noticesPerMinuteMax = 30;
const textChars = 120;

const kept = 'deskmate.muted';
export const muted = signal(typeof localStorage !== 'undefined' && localStorage.getItem(kept) === '1');

export function setMuted(next: boolean): void {
  muted.value = next;
  localStorage.setItem(kept, next ? '1' : '0');
}

export const permission = signal<NotificationPermission | 'none'>(
  typeof Notification === 'undefined' ? 'none' : Notification.permission);

export async function askPermission(): Promise<void> {
  if (typeof Notification !== 'undefined') permission.value = await Notification.requestPermission();
}

// How many of the last minute.
export class Rate {
  private times: number[] = [];
  add(ms: number): number {
    this.times = this.times.filter((one) => ms - one < 60_000);
    this.times.push(ms);
    return this.times.length;
  }
}

const rate = new Rate();
let audio: AudioContext | undefined;

function beep(): void {
  try {
    audio ??= new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime;
    tone.frequency.setValueAtTime(660, at);
    tone.frequency.setValueAtTime(880, at + 0.08);
    volume.gain.setValueAtTime(0.06, at);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.25);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.26);
  } catch {
    // No sound on this machine.
  }
}

let openNotice: (chat: string) => void = () => {};
export const whenNoticeOpened = (open: (chat: string) => void): void => void (openNotice = open);

export function onMessage(chat: string, text: string, name: string, atMs: number): void {
  const count = rate.add(atMs);
  const row = rows.value.get(chat);
  const mine = !row || row.member === me.value || row.state === 'queued' || row.state === 'fresh';
  if (muted.value || !mine || Date.now() - atMs > 60_000) return;
  if (count <= soundsPerMinuteMax) beep();
  if (!document.hidden || permission.value !== 'granted' || count > noticesPerMinuteMax) return;
  const notice = new Notification(line(name) || t('buyer.unnamed'), {
    body: line(text, textChars),
    tag: `chat-${chat}`,
    icon: '/icon.svg',
    silent: true,
  });
  notice.onclick = () => {
    window.focus();
    openNotice(chat);
    notice.close();
  };
}
