// Shops and channels: how each is, and starting and stopping it.
import { useState } from 'preact/hooks';
import { call, now } from '../../desk/store';
import type { PluginStatus } from '../../desk/types';
import { span } from '../../text/format';
import { t, word } from '../../text/i18n';
import { Empty, Failed, Loading, Tag } from '../../ui/bits';
import { useAsked } from '../asked';
import { refused } from '../refused';
import { PluginLog } from './plugin_log';

const lookMs = 3_000;

export function Plugins() {
  const { found, failed, again } = useAsked<{ plugins: PluginStatus[] }>('desk.plugins', { everyMs: lookMs });
  const [busy, setBusy] = useState('');
  const [log, setLog] = useState('');
  if (!found) return failed ? <Failed text={failed} again={again} /> : <Loading />;
  const tell = (name: string, what: 'start' | 'stop' | 'restart'): void => {
    setBusy(name);
    call('desk.plugin', { name, do: what }).then(
      () => (setBusy(''), again()),
      (error: unknown) => (setBusy(''), refused(error)),
    );
  };
  return (
    <section class="panel">
      <h2>{t('settings.plugins')}</h2>
      {found.plugins.length === 0 && (
        <Empty icon="power" title={t('plugins.empty')}>
          <p>{t('plugins.empty_text')}</p>
        </Empty>
      )}
      <ul class="plain cards">
        {found.plugins.map((one) => {
          const runs = one.state === 'running' || one.state === 'starting';
          return (
            <li key={one.name}>
              <p>
                <span class={`dot ${one.state}`} aria-hidden="true" />
                <strong>{one.name}</strong> {one.title} {one.version}{' '}
                <Tag kind={one.state === 'running' ? 'mine' : one.state === 'off' ? '' : 'flag'}>
                  {word('plugin', one.state)}
                </Tag>
              </p>
              <p class="hint">
                {t('plugin.since', { time: span(now.value - one.since_ms) })} · {t('plugin.starts', { n: one.starts })}
                {one.crashes > 0 && ` · ${t('plugin.crashes', { n: one.crashes })}`}
                {one.pid ? ` · ${t('plugin.pid', { n: one.pid })}` : one.isolation === 'daemon' ? ` · ${t('plugin.in_desk')}` : ''}
                {one.next_start_ms && ` · ${t('plugin.next_start', { time: span(one.next_start_ms - now.value) })}`}
              </p>
              {one.trouble && <p class="hint">{one.trouble}</p>}
              {one.reason && !runs && <p class="hint">{one.reason}</p>}
              {one.denied.length > 0 && <p class="hint">{t('plugin.denied', { list: one.denied.join(', ') })}</p>}
              <div class="acts" role="group" aria-label={one.name}>
                {runs ? (
                  <>
                    <button type="button" class="small" disabled={busy !== ''} onClick={() => tell(one.name, 'restart')}>
                      {t('plugin.restart')}
                    </button>
                    {one.plugin !== 'console' && (
                      <button type="button" class="small" disabled={busy !== ''} onClick={() => tell(one.name, 'stop')}>
                        {t('plugin.stop')}
                      </button>
                    )}
                  </>
                ) : (
                  <button type="button" class="small" disabled={busy !== ''} onClick={() => tell(one.name, 'start')}>
                    {t('plugin.start')}
                  </button>
                )}
                <button type="button" class="small" onClick={() => setLog(one.name)}>{t('plugin.log')}</button>
              </div>
            </li>
          );
        })}
      </ul>
      {log && <PluginLog name={log} onClose={() => setLog('')} />}
    </section>
  );
}
