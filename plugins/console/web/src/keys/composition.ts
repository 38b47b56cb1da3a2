// Whether a key belongs to an input method that is composing (pinyin): such an Enter chooses a
// word and must never send. Chromium says isComposing; Safari ends the composition before the
// keydown of its Enter and says 229.
export interface KeyLike {
  key: string;
  isComposing?: boolean;
  keyCode?: number;
}

const composingKeyCode = 229;

export const composes = (event: KeyLike): boolean =>
  event.isComposing === true || event.keyCode === composingKeyCode || event.key === 'Process';

// Enter alone, in nobody's composition.
export const sends = (event: KeyLike & { shiftKey: boolean; altKey: boolean }): boolean =>
  event.key === 'Enter' && !event.shiftKey && !event.altKey && !composes(event);
