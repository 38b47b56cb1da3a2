// What nobody knows the outcome of; backup; is everything as the log says?
import { useState } from 'preact/hooks';
import { call, memberName, sentence } from '../../desk/store';
import type { DeskRequest, Status } from '../../desk/types';
import { dateTime } from '../../text/format';
import { t, word } from '../../text/i18n';
import { line } from '../../text/plain';
import { Empty, Failed, Loading } from '../../ui/bits';
import { Resolve } from '../inbox/entry';
import { useAsked } from '../asked';

const longMs = 600_000; // the most that a request may wait
const lookMs = 5_000;

interface Verified {
  ok: boolean;
  events: number;
  signatures: number;
  table_differences: number;
  faults: unknown[];
}

export function Upkeep() {
  return (
    <>
      <Unknown />
      <Backup />
      <Verify />
    </>
  );
}

function Unknown() {
  const { found, failed, again } = useAsked<{ pending: DeskRequest[]; unknown: DeskRequest[] }>('desk.requests', { everyMs: lookMs });
  return (
    <section class="panel">
      <h2>{t('unknown.title')}</h2>
      {!found ? (
        failed ? <Failed text={failed} again={again} /> : <Loading />
      ) : found.unknown.length === 0 ? (
        <Empty icon="checks" title={t('unknown.empty')}>
          <p>{t('unknown.empty_text', { n: found.pending.length })}</p>
        </Empty>
      ) : (
        <ul class="plain cards">
          {found.unknown.map((one) => (
            <li key={one.request}>
              <p>
                <strong>{word('kind', one.kind)}</strong> {one.shop} · {one.member ? memberName(one.member) : t('the_desk')} ·{' '}
                {dateTime(one.made_ms)}
              </p>
              {one.detail && <p class="hint">{line(one.detail, 200)}</p>}
              <Resolve request={one.request} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Backup() {
  const [file, setFile] = useState('');
  const [said, setSaid] = useState('');
  const [bad, setBad] = useState('');
  const [busy, setBusy] = useState(false);
  return (
    <section class="panel">
      <h2>{t('backup.title')}</h2>
      <p>{t('backup.text')}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          setSaid('');
          setBad('');
          call('desk.backup', { file: file.trim() }, longMs).then(
            () => (setBusy(false), setSaid(t('backup.done', { file: file.trim() }))),
            (error: unknown) => (setBusy(false), setBad(sentence(error))),
          );
        }}
      >
        <label>
          {t('backup.file')}
          <input value={file} required placeholder="/home/…/desk.backup" onInput={(e) => setFile(e.currentTarget.value)} />
        </label>
        <p role="status">{said}</p>
        <p class="error" role="alert">{bad}</p>
        <button type="submit" disabled={busy}>{busy ? t('loading') : t('backup.do')}</button>
      </form>
    </section>
  );
}

function Verify() {
  const [found, setFound] = useState<Verified | null>(null);
  const [bad, setBad] = useState('');
  const [busy, setBusy] = useState(false);
  const verify = (): void => {
    setBusy(true);
    setBad('');
    call<Verified>('desk.verify', {}, longMs).then(
      (one) => (setBusy(false), setFound(one)),
      (error: unknown) => (setBusy(false), setBad(sentence(error))),
    );
  };
  const { found: status } = useAsked<Status>('desk.status');
  return (
    <section class="panel">
      <h2>{t('verify.title')}</h2>
      <p>{t('verify.text')}</p>
      {status && <p class="hint">{t('verify.started', { time: dateTime(status.started_ms) })}</p>}
      {found && (
        <p role="status">
          {found.ok
            ? t('verify.ok', { events: found.events, signatures: found.signatures })
            : t('verify.bad', { faults: found.faults.length, differences: found.table_differences })}
        </p>
      )}
      <p class="error" role="alert">{bad}</p>
      <button type="button" onClick={verify} disabled={busy}>{busy ? t('loading') : t('verify.do')}</button>
    </section>
  );
}
