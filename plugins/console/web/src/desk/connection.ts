// The session: who is logged in, the bus, and what goes out over it.
import { signal } from '@preact/signals';
import { BusClient, type Socket } from '../bus/client';
import { language, languageChosen, languageOf, setLanguage } from '../text/i18n';
import { Attached } from './attached';
import { Drafts } from './drafts';
import { post, readSession, type NoSession } from './http';
import { age, agingMs, follow, whenChatRead } from './live';
import { Outbox } from './outbox';
import { call, cutSince, forgetAll, link, sentence, session, setClient, tick } from './store';
import type { Session } from './types';

export type Gate = 'loading' | 'login' | 'desk' | 'unreachable';
export const gate = signal<Gate>('loading');
export const known = signal<NoSession>({ desk: '', setup: false, members: [] });
export const outbox = signal<Outbox | null>(null);
export const drafts = signal<Drafts | null>(null);
export const attached = signal<Attached | null>(null);

const retryMs = 2_000;
let client: BusClient | null = null;

const alone = async (key: string, work: () => Promise<void>): Promise<boolean> => {
  if (!('locks' in navigator)) return (await work(), true);
  return navigator.locks.request(`deskmate.${key}`, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return lock !== null;
  });
};

export async function startSession(): Promise<void> {
  try {
    const found = await readSession(language.value);
    if ('member' in found) begin(found);
    else {
      known.value = found;
      gate.value = 'login';
    }
  } catch {
    gate.value = 'unreachable';
    setTimeout(() => void startSession(), retryMs);
  }
}

function begin(found: Session): void {
  session.value = found;
  if (!languageChosen()) setLanguage(languageOf(found.language), false);
  const mark = `${found.desk}.${found.member}.`;
  outbox.value = new Outbox({ call, sentence, storage: localStorage, prefix: `deskmate.out.${mark}`, alone });
  drafts.value = new Drafts({ call, storage: localStorage, prefix: `deskmate.draft.${mark}` });
  attached.value = new Attached({ call, sentence, storage: localStorage, prefix: `deskmate.files.${mark}` });
  client = new BusClient({
    connect: () => {
      const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
      return new WebSocket(`${scheme}://${location.host}/api/bus`, 'deskmate.1') as unknown as Socket;
    },
    mayConnect: async () => {
      try {
        return 'member' in (await readSession(language.value));
      } catch {
        return true; // nobody answered: try again
      }
    },
    onState: (state) => {
      if (state !== 'open' && link.value === 'open') cutSince.value = Date.now();
      link.value = state;
      outbox.value?.setOpen(state === 'open');
      drafts.value?.setOpen(state === 'open');
      attached.value?.setOpen(state === 'open');
      if (state === 'refused') void leave();
    },
  });
  setClient(client);
  follow(client);
  client.start();
  gate.value = 'desk';
}

whenChatRead((chat) => outbox.value?.shown(chat));

async function leave(): Promise<void> {
  client?.end();
  client = null;
  setClient(null);
  forgetAll();
  outbox.value = null;
  drafts.value = null;
  attached.value = null;
  link.value = 'connecting';
  await startSession();
}

export async function logout(): Promise<void> {
  await post('/api/logout', {}, language.value);
  await leave();
}

export const waitingSends = (): number =>
  outbox.value?.items.value.filter((item) => item.state === 'waiting' || item.state === 'sending').length ?? 0;

addEventListener('online', () => client?.nudge());
addEventListener('visibilitychange', () => {
  if (!document.hidden) client?.nudge();
});
setInterval(() => (tick.value = Date.now()), 1_000);
setInterval(age, agingMs);

