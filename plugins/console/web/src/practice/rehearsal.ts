// A recorded buyer who is answered for practice: what was said, how long each answer took, what it
// should have had. Pure; nothing of it leaves the page.
import type { Key } from '../text/i18n';

// Named times: R20's targets.
export const firstTargetMs = 30_000;
export const replyTargetMs = 40_000;
export const warningMs = 100_000; // an answer as late as this is worth nothing
export const nudgeMs = 45_000; // the buyer asks again
const timeShare = 0.6; // of the points; the rest is for what was said
const answerCharsMax = 4_000;

export type Wish = 'greet' | 'sorry' | 'check' | 'when' | 'photo' | 'choice' | 'size' | 'thanks';

export interface Step {
  says: string;
  wants: Wish[];
  again: string; // said once when nothing of it was in the answer
}

export interface Dialogue {
  id: string;
  title: Key;
  about: Key;
  buyer: string;
  steps: Step[];
  nudge: string;
  ends: string; // the buyer's last words
}

export type Lexicon = Record<Wish, string[]>;

export interface Line {
  who: 'buyer' | 'me';
  text: string;
  atMs: number;
  tookMs?: number; // of an answer
  late?: boolean;
}

export interface Marked {
  tookMs: number;
  targetMs: number;
  met: Wish[];
  missed: Wish[];
  points: number; // of 100
}

export interface State {
  lines: Line[];
  step: number; // the one being answered; all done: as many as there are
  asked: number; // when the buyer last spoke, ms
  nudged: boolean;
  repeated: boolean;
  said: string; // answers to this step so far
  took: number; // of the first answer to this step; 0: none yet
  marks: Marked[];
}

export const begin = (dialogue: Dialogue, nowMs: number): State => ({
  lines: [{ who: 'buyer', text: dialogue.steps[0]!.says, atMs: nowMs }],
  step: 0, asked: nowMs, nudged: false, repeated: false, said: '', took: 0, marks: [],
});

export const targetOf = (step: number): number => (step === 0 ? firstTargetMs : replyTargetMs);
export const ended = (dialogue: Dialogue, state: State): boolean => state.step >= dialogue.steps.length;

// A word of letters counts where it begins.
function has(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/[a-z]/.test(word[0]!) || !/[a-z]/.test(text[at - 1] ?? '')) return true;
  }
  return false;
}

export const met = (text: string, wants: Wish[], lexicon: Lexicon): Wish[] => {
  const plain = ` ${text.normalize('NFKC').toLowerCase()} `;
  return wants.filter((wish) => lexicon[wish].some((word) => has(plain, word)));
};

// All of it up to the target, nothing from the warning on.
export const timePoints = (tookMs: number, targetMs: number): number =>
  Math.max(0, Math.min(1, (warningMs - tookMs) / (warningMs - targetMs)));

export function answer(dialogue: Dialogue, lexicon: Lexicon, state: State, text: string, nowMs: number): State {
  const words = text.trim().slice(0, answerCharsMax);
  const step = dialogue.steps[state.step];
  if (!step || words === '') return state;
  const tookMs = nowMs - state.asked;
  const targetMs = targetOf(state.step);
  const lines: Line[] = [...state.lines, { who: 'me', text: words, atMs: nowMs, tookMs, late: tookMs > targetMs }];
  const said = `${state.said}\n${words}`;
  const took = state.took || tookMs;
  const have = met(said, step.wants, lexicon);
  if (have.length === 0 && step.wants.length > 0 && !state.repeated) {
    return {
      ...state, lines: [...lines, { who: 'buyer', text: step.again, atMs: nowMs }],
      said, took, asked: nowMs, repeated: true, nudged: true,
    };
  }
  const share = step.wants.length === 0 ? 1 : have.length / step.wants.length;
  const points = Math.round(100 * (timeShare * timePoints(took, targetMs) + (1 - timeShare) * share));
  const marked: Marked = { tookMs: took, targetMs, met: have, missed: step.wants.filter((one) => !have.includes(one)), points };
  const next = dialogue.steps[state.step + 1];
  return {
    lines: [...lines, { who: 'buyer', text: next?.says ?? dialogue.ends, atMs: nowMs }],
    step: state.step + 1, asked: nowMs, nudged: false, repeated: false, said: '', took: 0,
    marks: [...state.marks, marked],
  };
}

// Time passes: whoever waits long asks again, once. The wait counts from the first time.
export function wait(dialogue: Dialogue, state: State, nowMs: number): State {
  if (state.nudged || ended(dialogue, state) || nowMs - state.asked < nudgeMs) return state;
  return { ...state, nudged: true, lines: [...state.lines, { who: 'buyer', text: dialogue.nudge, atMs: nowMs }] };
}

export const score = (state: State): number =>
  state.marks.length === 0 ? 0 : Math.round(state.marks.reduce((sum, one) => sum + one.points, 0) / state.marks.length);
