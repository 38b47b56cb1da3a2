import { describe, expect, it } from 'vitest';
import { composes, sends } from '../src/keys/composition';
import { actions, resolve, type Pressed } from '../src/keys/table';

// "Alt+j", as the table of keys has it.
const named = (name: string): Pressed => {
  const [key = '', ...held] = name.split('+').reverse();
  return press(key, { altKey: held.includes('Alt'), ctrlKey: held.includes('Ctrl') });
};
const press = (key: string, more: Partial<Pressed> = {}): Pressed => ({
  key, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...more,
});

describe('Enter', () => {
  const enter = { key: 'Enter', shiftKey: false, altKey: false };
  it('sends', () => expect(sends(enter)).toBe(true));
  it('begins a line with Shift', () => expect(sends({ ...enter, shiftKey: true })).toBe(false));
  it('does not send with Alt', () => expect(sends({ ...enter, altKey: true })).toBe(false));
  it('never sends while pinyin is being composed', () => {
    expect(sends({ ...enter, isComposing: true })).toBe(false);
    expect(sends({ ...enter, keyCode: 229 })).toBe(false); // Safari: the composition has ended already
    expect(composes({ key: 'Process' })).toBe(true);
    expect(composes({ key: 'j', keyCode: 74, isComposing: false })).toBe(false);
  });
});

describe('keys', () => {
  it('work where no text is typed', () => {
    expect(resolve(press('j'), false, '')).toEqual({ action: 'list.down', prefix: '' });
    expect(resolve(press('?', { shiftKey: true }), false, '')).toEqual({ action: 'help', prefix: '' });
    expect(resolve(press('j'), true, '').action).toBeUndefined();
  });
  it('work with Alt anywhere, whatever the layout makes of it', () => {
    expect(resolve(press('∆', { altKey: true, code: 'KeyJ' }), true, '').action).toBe('list.down');
    expect(resolve(press('t', { altKey: true, code: 'KeyT' }), false, '').action).toBe('chat.transfer');
    expect(resolve(press('k', { ctrlKey: true }), true, '').action).toBe('palette');
    expect(resolve(press('k', { metaKey: true }), true, '').action).toBe('palette');
  });
  it('come one after the other', () => {
    const first = resolve(press('g'), false, '');
    expect(first).toEqual({ prefix: 'g' });
    expect(resolve(press('o'), false, first.prefix)).toEqual({ action: 'go.orders', prefix: '' });
    expect(resolve(press('x'), false, 'g').action).toBe('chat.resolve'); // a slip: the key counts by itself
  });
  it('all reach the action that the help names them for', () => {
    for (const action of actions) {
      for (const keys of action.keys) {
        const found = keys.split(' ').reduce((so, name) => resolve(named(name), false, so.prefix), resolve(press('Escape'), false, ''));
        expect(found, keys).toEqual({ action: action.id, prefix: '' });
      }
      for (const name of action.typing ?? []) {
        for (const typing of [true, false]) expect(resolve(named(name), typing, '').action, name).toBe(action.id);
      }
    }
  });
  it('leave letters, digits, Enter and the arrows to what is being typed', () => {
    for (const name of actions.flatMap((action) => action.keys.flatMap((keys) => keys.split(' ')))) {
      if (!name.startsWith('Ctrl+')) expect(resolve(named(name), true, ''), name).toEqual({ prefix: '' });
    }
  });
  it('each belong to one action', () => {
    const all = actions.flatMap((action) => [...new Set([...action.keys, ...(action.typing ?? [])])]);
    expect(new Set(all).size).toBe(all.length);
    const single = new Set(all.filter((keys) => !keys.includes(' ')));
    for (const keys of all) if (keys.includes(' ')) expect(single.has(keys.split(' ')[0]!), keys).toBe(false);
  });
  it('every action has one, but logging out', () => {
    for (const action of actions) if (action.id !== 'logout') expect(action.keys.length, action.id).toBeGreaterThan(0);
  });
});
