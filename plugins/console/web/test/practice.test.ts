import { describe, expect, it } from 'vitest';
import * as en from '../src/practice/en';
import * as zh from '../src/practice/zh';
import {
  answer, begin, ended, firstTargetMs, nudgeMs, replyTargetMs, score, timePoints, wait, warningMs, type State,
} from '../src/practice/rehearsal';

const dialogue = en.dialogues[0]!;
const good = ['Hello, I am sorry! I check it with the courier.', 'I look into it today.', 'Then you get a replacement or a refund.', 'I write today, thank you!'];
const play = (answers: string[], each: number): State => {
  let now = 1_000;
  let state = begin(dialogue, now);
  for (const text of answers) state = answer(dialogue, en.lexicon, state, text, (now += each));
  return state;
};

describe('practice', () => {
  it('gives all points for what was asked for, in time', () => {
    const state = play(good, 10_000);
    expect(ended(dialogue, state)).toBe(true);
    expect(score(state)).toBe(100);
    expect(state.lines.at(-1)!.text).toBe(dialogue.ends);
    expect(state.lines.filter((one) => one.who === 'me')).toHaveLength(4);
  });
  it('takes points for lateness, by the target of the first answer and of the others', () => {
    expect(timePoints(firstTargetMs, firstTargetMs)).toBe(1);
    expect(timePoints(warningMs, replyTargetMs)).toBe(0);
    const state = play(good, 60_000);
    expect(state.marks[0]!.targetMs).toBe(firstTargetMs);
    expect(state.marks[1]!.targetMs).toBe(replyTargetMs);
    expect(score(state)).toBeGreaterThan(60);
    expect(score(state)).toBeLessThan(100);
    expect(score(play(good, 200_000))).toBe(40); // what was said still counts
  });
  it('asks once more when nothing of it was in the answer, and goes on then', () => {
    let state = answer(dialogue, en.lexicon, begin(dialogue, 0), 'No idea.', 5_000);
    expect(state.step).toBe(0);
    expect(state.lines.at(-1)!.text).toBe(dialogue.steps[0]!.again);
    state = answer(dialogue, en.lexicon, state, 'Still none.', 9_000);
    expect(state.step).toBe(1);
    expect(state.marks[0]!.missed).toEqual(['greet', 'sorry', 'check']);
    expect(state.marks[0]!.tookMs).toBe(5_000); // of the first answer
    expect(state.marks[0]!.points).toBe(60);
  });
  it('nudges once, and takes no empty answer', () => {
    const state = begin(dialogue, 0);
    expect(wait(dialogue, state, nudgeMs - 1)).toBe(state);
    const nudged = wait(dialogue, state, nudgeMs);
    expect(nudged.lines.at(-1)!.text).toBe(dialogue.nudge);
    expect(wait(dialogue, nudged, 10 * nudgeMs)).toBe(nudged);
    expect(answer(dialogue, en.lexicon, nudged, '  ', 50_000)).toBe(nudged);
  });
  it('has the same buyers in both languages, and words for everything that they want', () => {
    const shape = (all: typeof en.dialogues) => all.map((one) => [one.id, one.title, one.steps.map((step) => step.wants)]);
    expect(shape(zh.dialogues)).toEqual(shape(en.dialogues));
    for (const { lexicon, dialogues } of [en, zh]) {
      for (const one of dialogues) {
        for (const step of one.steps) for (const wish of step.wants) expect(lexicon[wish].length).toBeGreaterThan(2);
        expect(new Set(one.steps.map((step) => step.says)).size).toBe(one.steps.length);
      }
    }
    const said = JSON.stringify(zh.dialogues.flatMap((one) => one.steps.map((step) => step.says)));
    expect(/\p{Script=Han}/u.test(said)).toBe(true);
    const state = answer(zh.dialogues[0]!, zh.lexicon, begin(zh.dialogues[0]!, 0), '您好，非常抱歉，我马上查一下', 1_000);
    expect(state.marks[0]!.points).toBe(100);
  });
});
