// Ctrl+K: any action, chat or order by a few letters.
import { useMemo, useRef, useState } from 'preact/hooks';
import { rows } from '../desk/store';
import { listOf } from '../desk/queue';
import { composes } from '../keys/composition';
import { afterRender, offered, run } from '../keys/keyboard';
import { actions } from '../keys/table';
import { dictionaries, t } from '../text/i18n';
import { line } from '../text/plain';
import { Dialog } from '../ui/dialog';
import { go } from '../ui/router';
import { keyText } from './help';

const itemsMax = 12;

interface Item {
  id: string;
  text: string;
  hint: string;
  run: () => void;
}

function itemsOf(typed: string): Item[] {
  const query = typed.trim().toLowerCase();
  const out: Item[] = [];
  const words = query.split(/\s+/).filter(Boolean);
  for (const action of actions) {
    if (!offered(action.id)) continue;
    // In both languages: whoever knows one of the words finds it.
    const text = `${dictionaries.en[action.label]} ${dictionaries.zh[action.label]}`.toLowerCase();
    if (!words.every((one) => text.includes(one))) continue;
    out.push({
      id: action.id,
      text: t(action.label),
      hint: keyText(action.keys[0] ?? action.typing?.[0] ?? ''),
      run: () => run(action.id),
    });
  }
  if (query) {
    for (const row of listOf(rows.value.values(), 'all', 0, query).slice(0, 5)) {
      out.push({
        id: row.id,
        text: t('palette.chat', { chat: row.chat, name: line(row.name) || t('buyer.unnamed') }),
        hint: line(row.text, 40),
        run: () => go(`/inbox/${row.chat}`),
      });
    }
    out.push({
      id: 'order',
      text: t('palette.order', { number: typed.trim() }),
      hint: '',
      run: () => go(`/orders/${encodeURIComponent(typed.trim())}`),
    });
  }
  return out.slice(0, itemsMax);
}

export function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const items = useMemo(() => itemsOf(typed), [typed]);
  const chosen = Math.min(at, items.length - 1);
  const take = (item: Item | undefined): void => {
    if (!item) return;
    onClose();
    // After the dialog has gone: it would keep the keys to itself.
    afterRender(item.run);
  };
  return (
    <Dialog title={t('key.palette')} onClose={onClose} name="palette">
      <input
        data-focus
        class="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={items[chosen] ? `palette-${chosen}` : undefined}
        aria-label={t('palette.label')}
        placeholder={t('palette.label')}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (composes(event)) return;
          if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, items.length - 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0));
          else if (event.key === 'Enter') take(items[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <ul id="palette-list" class="palette" role="listbox" aria-label={t('palette.label')} ref={list}>
        {items.map((item, i) => (
          <li
            key={item.id}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === chosen}
            onMouseMove={() => setAt(i)}
            onClick={() => take(item)}
          >
            <span>{item.text}</span>
            {item.hint && <kbd>{item.hint}</kbd>}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
