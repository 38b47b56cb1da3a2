// Every action and its keys. `keys` work while no text is being typed; `typing` works anywhere.
// "g i" is one after the other. Left hand alone: q w s d and 1 to 9, Enter with the same thumb's
// neighbour on a numeric pad or the right hand.
import type { Key } from '../text/i18n';

export interface Action {
  id: string;
  label: Key;
  keys: string[];
  typing?: string[];
  group: 'go' | 'list' | 'chat' | 'write' | 'other';
}

export const actions: Action[] = [
  { id: 'go.inbox', label: 'nav.inbox', keys: ['g i'], group: 'go' },
  { id: 'go.orders', label: 'nav.orders', keys: ['g o'], group: 'go' },
  { id: 'go.problems', label: 'nav.problems', keys: ['g r'], group: 'go' },
  { id: 'go.ledgers', label: 'nav.ledgers', keys: ['g l'], group: 'go' },
  { id: 'go.split', label: 'nav.split', keys: ['g s'], group: 'go' },
  { id: 'go.numbers', label: 'nav.numbers', keys: ['g n'], group: 'go' },
  { id: 'go.listen', label: 'nav.listen', keys: ['g h'], group: 'go' },
  { id: 'go.practice', label: 'nav.practice', keys: ['g p'], group: 'go' },
  { id: 'go.settings', label: 'nav.settings', keys: ['g ,'], group: 'go' },
  { id: 'list.down', label: 'key.down', keys: ['j', 's', 'ArrowDown'], typing: ['Alt+j', 'Alt+ArrowDown'], group: 'list' },
  { id: 'list.up', label: 'key.up', keys: ['k', 'w', 'ArrowUp'], typing: ['Alt+k', 'Alt+ArrowUp'], group: 'list' },
  { id: 'list.next', label: 'key.next', keys: ['n', 'q'], typing: ['Alt+n', 'Alt+q'], group: 'list' },
  { id: 'list.open', label: 'key.open', keys: ['o', 'Enter'], group: 'list' },
  { id: 'list.mine', label: 'view.mine', keys: ['v m'], group: 'list' },
  { id: 'list.queue', label: 'view.queue', keys: ['v q'], group: 'list' },
  { id: 'list.everyone', label: 'view.open', keys: ['v e'], group: 'list' },
  { id: 'list.all', label: 'view.all', keys: ['v a'], group: 'list' },
  { id: 'list.search', label: 'key.search', keys: ['Ctrl+f'], typing: ['Ctrl+f'], group: 'list' },
  { id: 'chat.reply', label: 'key.reply', keys: ['r', 'd'], group: 'chat' },
  { id: 'chat.phrase', label: 'key.phrase', keys: ['/'], group: 'chat' },
  { id: 'chat.attach', label: 'key.attach', keys: ['i'], typing: ['Alt+i'], group: 'chat' },
  { id: 'chat.transfer', label: 'key.transfer', keys: ['t'], typing: ['Alt+t'], group: 'chat' },
  { id: 'chat.claim', label: 'key.claim', keys: ['c'], typing: ['Alt+c'], group: 'chat' },
  { id: 'chat.close', label: 'key.close', keys: ['e'], typing: ['Alt+e'], group: 'chat' },
  { id: 'chat.note', label: 'key.note', keys: ['m'], typing: ['Alt+m'], group: 'chat' },
  { id: 'chat.flag', label: 'key.flag', keys: ['f'], typing: ['Alt+f'], group: 'chat' },
  { id: 'chat.hold', label: 'key.hold', keys: ['h'], typing: ['Alt+h'], group: 'chat' },
  { id: 'chat.ask', label: 'key.ask', keys: ['A'], typing: ['Alt+w'], group: 'chat' },
  { id: 'chat.answer_colleague', label: 'key.answer_colleague', keys: ['z a'], group: 'chat' },
  { id: 'chat.case', label: 'key.case', keys: ['y'], typing: ['Alt+y'], group: 'chat' },
  { id: 'chat.call', label: 'key.call', keys: ['l'], typing: ['Alt+l'], group: 'chat' },
  { id: 'chat.kept', label: 'key.kept', keys: ['z k'], group: 'chat' },
  { id: 'chat.supervisor', label: 'key.supervisor', keys: ['!'], group: 'chat' },
  { id: 'chat.card', label: 'key.card', keys: ['b'], typing: ['Alt+b'], group: 'chat' },
  { id: 'chat.action', label: 'key.action', keys: ['a'], typing: ['Alt+a'], group: 'chat' },
  { id: 'chat.resolve', label: 'key.resolve', keys: ['x'], group: 'chat' },
  { id: 'chat.earlier', label: 'key.earlier', keys: ['u'], group: 'chat' },
  { id: 'chat.block', label: 'key.block', keys: ['z b'], group: 'chat' },
  { id: 'sheet.export', label: 'sheet.export', keys: ['z x'], group: 'other' },
  { id: 'sheet.import', label: 'sheet.import', keys: ['z i'], group: 'other' },
  { id: 'presence', label: 'key.presence', keys: ['p'], group: 'other' },
  { id: 'shift', label: 'shift.end', keys: ['z e'], group: 'other' },
  { id: 'mute', label: 'key.mute', keys: ['z m'], group: 'other' },
  { id: 'theme', label: 'key.theme', keys: ['z t'], group: 'other' },
  { id: 'language', label: 'key.language', keys: ['z l'], group: 'other' },
  { id: 'help', label: 'key.help', keys: ['?'], group: 'other' },
  { id: 'palette', label: 'key.palette', keys: ['Ctrl+k'], typing: ['Ctrl+k'], group: 'other' },
  { id: 'logout', label: 'key.logout', keys: [], group: 'other' },
];

export interface Pressed {
  key: string;
  code?: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
}

// "Alt+j", "Ctrl+k", "?". With Alt, some layouts give another letter: the key's place counts then.
export function nameOf(event: Pressed): string {
  let key = event.key;
  if (event.altKey && /^Key[A-Z]$/.test(event.code ?? '')) key = event.code!.slice(3);
  if (key.length === 1 && (event.altKey || event.ctrlKey || event.metaKey)) key = key.toLowerCase();
  return `${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${key}`;
}

export interface Resolved {
  action?: string;
  prefix: string; // of a sequence that has begun
}

export function resolve(event: Pressed, typing: boolean, prefix: string): Resolved {
  const name = nameOf(event);
  if (typing) return { action: actions.find((a) => a.typing?.includes(name))?.id, prefix: '' };
  if (prefix) {
    const action = actions.find((a) => a.keys.includes(`${prefix} ${name}`));
    if (action) return { action: action.id, prefix: '' };
  }
  const action = actions.find((a) => a.keys.includes(name) || a.typing?.includes(name));
  if (action) return { action: action.id, prefix: '' };
  return { prefix: actions.some((a) => a.keys.some((k) => k.startsWith(`${name} `))) ? name : '' };
}
