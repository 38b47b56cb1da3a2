// All keys, by where they work.
import { actions, type Action } from '../keys/table';
import { t, type Key } from '../text/i18n';
import { Dialog } from '../ui/dialog';

const groups: { id: Action['group']; label: Key }[] = [
  { id: 'list', label: 'help.list' },
  { id: 'chat', label: 'help.chat' },
  { id: 'write', label: 'help.write' },
  { id: 'go', label: 'help.go' },
  { id: 'other', label: 'help.other' },
];

const writing: { keys: string[]; label: Key }[] = [
  { keys: ['Enter'], label: 'write.send' },
  { keys: ['Shift+Enter'], label: 'write.line' },
  { keys: ['/'], label: 'write.phrase' },
  { keys: ['1', '…', '9'], label: 'write.digit' },
  { keys: ['Esc'], label: 'write.leave' },
];

export const keyText = (keys: string): string =>
  keys.replace('ArrowDown', '↓').replace('ArrowUp', '↑').replace(/\bEscape\b/, 'Esc');

const Keys = ({ keys }: { keys: string[] }) => (
  <dd>
    {keys.map((one) => (
      <kbd key={one}>{keyText(one)}</kbd>
    ))}
  </dd>
);

export const Help = ({ onClose }: { onClose: () => void }) => (
  <Dialog title={t('help.title')} onClose={onClose} wide name="help">
    <p class="hint">{t('help.hand')}</p>
    <div class="help">
      {groups.map((group) => (
        <section key={group.id}>
          <h3>{t(group.label)}</h3>
          <dl>
            {group.id === 'write'
              ? writing.map((one) => (
                  <div key={one.label}>
                    <dt>{t(one.label)}</dt>
                    <Keys keys={one.keys} />
                  </div>
                ))
              : actions
                  .filter((one) => one.group === group.id && (one.keys.length > 0 || one.typing))
                  .map((one) => (
                    <div key={one.id}>
                      <dt>{t(one.label)}</dt>
                      <Keys keys={[...one.keys, ...(one.typing ?? []).filter((k) => !one.keys.includes(k))]} />
                    </div>
                  ))}
          </dl>
        </section>
      ))}
    </div>
  </Dialog>
);
