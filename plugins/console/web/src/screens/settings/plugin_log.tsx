// What a plugin has said lately.
import { dateTime } from '../../text/format';
import { t, word } from '../../text/i18n';
import { message } from '../../text/plain';
import { Failed, Loading, Tag } from '../../ui/bits';
import { Dialog } from '../../ui/dialog';
import { useAsked } from '../asked';

const lookMs = 3_000;
const warning = 2; // and above

interface Line {
  at_ms: number;
  level: number;
  text: string;
  state?: string; // what became of it; the text is why
}

export function PluginLog({ name, onClose }: { name: string; onClose: () => void }) {
  const { found, failed, again } = useAsked<{ lines: Line[] }>('desk.plugin_log', {
    params: () => ({ name }), anew: [name], everyMs: lookMs,
  });
  return (
    <Dialog title={t('plugin.log_of', { name })} onClose={onClose} wide name="plugin-log">
      {!found ? (failed ? <Failed text={failed} again={again} /> : <Loading />)
        : found.lines.length === 0 ? <p>{t('plugin.log_empty')}</p>
        : (
          <ol class="plain log" tabIndex={0} aria-label={t('plugin.log_of', { name })}>
            {[...found.lines].reverse().map((one, i) => (
              <li key={i}>
                <span class="hint">{dateTime(one.at_ms)}</span>{' '}
                {one.level >= warning && <Tag kind="flag">{word('level', String(one.level))}</Tag>}{' '}
                {one.state && <strong>{word('plugin_was', one.state)}</strong>} <bdi class="words">{message(one.text)}</bdi>
              </li>
            ))}
          </ol>
        )}
    </Dialog>
  );
}
