// What goes over HTTP: who is logged in, and logging in and out.
import type { Session } from './types';

export class HttpError extends Error {
  constructor(readonly status: number, message: string, readonly retryAfterS = 0) {
    super(message);
  }
}

export interface NoSession {
  desk: string;
  setup: boolean;
  members: { number: number; name: string }[];
}

export async function readSession(language: string): Promise<Session | NoSession> {
  const answer = await fetch('/api/session', { headers: { 'Accept-Language': language }, cache: 'no-store' });
  if (answer.status !== 200 && answer.status !== 401) throw new HttpError(answer.status, '');
  const found = (await answer.json()) as Partial<Session & NoSession>;
  if (answer.status === 200) return found as Session;
  return { desk: found.desk ?? '', setup: found.setup ?? false, members: found.members ?? [] };
}

export async function post(path: string, body: object, language: string): Promise<void> {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Accept-Language': language },
    body: JSON.stringify(body),
  });
  if (answer.ok) return;
  let text = '';
  try {
    text = String(((await answer.json()) as { error?: string }).error ?? '');
  } catch {
    // No words of its own: the caller has some for each status.
  }
  throw new HttpError(answer.status, text, Number(answer.headers.get('Retry-After') ?? 0));
}
