// What is shown while the desk does not answer.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BusError, type BusClient } from '../src/bus/client';
import { status } from '../src/bus/frames';
import { chatAgainMs, showChat, touchChat } from '../src/desk/live';
import { link, openChat, setClient } from '../src/desk/store';

const chat = { chat: 7, id: 'a7', entries: [], orders: [], history: [], accounts: [], drafts: [] };
let answers: (() => Promise<unknown>)[] = [];
let failures: unknown[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  answers = [];
  failures = [];
  link.value = 'open';
  setClient({ request: () => answers.shift()!() } as unknown as BusClient);
});
afterEach(() => {
  showChat(null);
  setClient(null);
  vi.useRealTimers();
});

const fails = (code: number) => () => Promise.reject(new BusError(code, '', 'desk.chat'));
const shows = (words: object = {}) => () => Promise.resolve({ ...chat, ...words });
const open = async (): Promise<void> => {
  showChat(7, (error) => failures.push(error));
  await vi.advanceTimersByTimeAsync(0);
};

test('an open chat stays open where the desk has not answered in time, and is read again', async () => {
  answers = [shows(), fails(status.deadline), shows({ name: 'Eve' })];
  await open();
  expect(openChat.value?.chat).toBe(7);
  touchChat();
  await vi.advanceTimersByTimeAsync(0);
  expect(failures).toEqual([]);
  expect(openChat.value?.chat).toBe(7);
  await vi.advanceTimersByTimeAsync(chatAgainMs);
  expect(openChat.value?.name).toBe('Eve');
  expect(answers).toEqual([]);
});

test('a chat that is not there yet, or is denied, says so', async () => {
  answers = [fails(status.deadline)];
  await open();
  expect(failures).toHaveLength(1);
  showChat(null);
  answers = [shows(), fails(status.denied)];
  await open();
  touchChat();
  await vi.advanceTimersByTimeAsync(0);
  expect(failures).toHaveLength(2);
});
