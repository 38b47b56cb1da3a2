// One case: how it stands, what happened, and what is written down next. /ledgers/cases/12
import { useState } from 'preact/hooks';
import { call, link, mayAct, me, memberName, sentence, workNews } from '../../desk/store';
import { endStates, parties, type CaseLine, type CaseView as Case } from '../../desk/work';
import { useActions } from '../../keys/keyboard';
import { casesOf } from '../../sheets/work';
import { shown, whyColumn, type Column, type Value } from '../../sheets/sheet';
import type { Finding } from '../../desk/money';
import type { CaseRow } from '../../desk/work';
import { dateTime } from '../../text/format';
import { t, word, type Key } from '../../text/i18n';
import { line, message } from '../../text/plain';
import { Failed, Hint, Loading, Tag, Words } from '../../ui/bits';
import { say } from '../../ui/toast';
import { TextField } from '../../ui/form';
import { useAsked } from '../asked';
import { CallDialog } from '../inbox/call_dialog';
import { Due } from '../inbox/card_work';
import { Files } from '../inbox/entry';
import { refused } from '../refused';
import { CellEditor } from './cell';
import { saveEvidence } from './evidence';
import { people } from './rows';
import { WhyDialog } from './why_dialog';

const linesFirst = 200;
const sheet = casesOf();
const facts = sheet.columns.filter((column) => column.edits && column.id !== whyColumn);

export function CaseScreen({ number }: { number: string }) {
  const [limit, setLimit] = useState(linesFirst);
  const { found, failed, again } = useAsked<Case>('desk.case', {
    params: () => ({ case: Number(number) || number, limit }), anew: [number, limit, workNews.value],
  });
  const [calling, setCalling] = useState(false);
  const [busy, setBusy] = useState(false);
  const evidence = (): void => {
    setBusy(true);
    saveEvidence(Number(number)).then(() => setBusy(false), (error: unknown) => (setBusy(false), refused(error)));
  };
  useActions({
    'chat.call': mayAct.value && !!found && (() => setCalling(true)),
    'sheet.export': !!found && evidence,
  });
  if (!found) return failed ? <Failed text={failed} again={again} /> : <Loading />;
  return (
    <div class="case">
      <p><a href="/ledgers/cases">{t('case.all')}</a></p>
      <section class="panel">
        <h2>
          {t('case.number', { n: found.case })} <Words text={found.title} />
        </h2>
        <p>
          <Tag>{word('case_kind', found.kind)}</Tag>{' '}
          <Tag kind={endStates.has(found.state) ? '' : 'wait amber'}>{word('case_state', found.state)}</Tag>{' '}
          {found.deadline_ms !== undefined && !endStates.has(found.state) && <Due ms={found.deadline_ms} />}{' '}
          {found.chat !== undefined && <a href={`/inbox/${found.chat}?view=all`}>{t('case.chat_link', { n: found.chat })}</a>}
        </p>
        <Facts row={found} again={again} />
        {found.order && !endStates.has(found.state) && <Advice row={found} again={again} />}
        <p>
          <button type="button" disabled={busy} onClick={evidence}>
            {busy ? t('loading') : t('case.evidence')} <Hint keys="z x" />
          </button>{' '}
          <span class="hint">{t('case.evidence_text')}</span>
        </p>
      </section>
      <section class="panel">
        <h2>{t('case.lines')}</h2>
        {found.text && <div class="bubble note" dir="auto">{message(found.text)}</div>}
        {found.earlier && <p><button type="button" onClick={() => setLimit(limit * 4)}>{t('case.earlier')}</button></p>}
        <ol class="plain case-lines">
          {found.lines.map((one) => <LineView key={one.event} one={one} />)}
        </ol>
        {mayAct.value && <Say number={found.case} again={again} onCall={() => setCalling(true)} />}
      </section>
      {calling && <CallDialog about={{ case: found.case }} onClose={() => setCalling(false)} onDone={again} />}
    </div>
  );
}

interface Advised {
  findings: Finding[];
  silent: string[];
}

// What the rules say may be given; nothing where there are no such rules.
function Advice({ row, again }: { row: CaseRow; again: () => void }) {
  const { found } = useAsked<Advised>('desk.case_advice', { params: () => ({ case: row.case }), anew: [row.case, workNews.value] });
  if (!found) return null;
  const hardship = (): void => {
    call('desk.case_change', { case: row.case, hardship: !row.hardship, member: me.value }).then(() => (say(t('done.saved')), again()), refused);
  };
  return (
    <section class="case-advice" aria-label={t('case.advice')}>
      <h3>{t('case.advice')}</h3>
      <ul class="plain">
        {found.findings.map((one) => (
          <li key={one.kind}>
            <strong>{one.title}</strong>: {one.text}
            {one.fixes.length > 0 && <span class="hint"> {t('problem.suggested', { fixes: one.fixes.map((fix) => fix.text).join(', ') })}</span>}
          </li>
        ))}
      </ul>
      {found.findings.length === 0 && <p class="hint">{t('case.no_advice')}</p>}
      {found.silent.length > 0 && <p class="hint">{t('case.silent', { who: found.silent.join(', ') })}</p>}
      {mayAct.value && (
        <p>
          <label><input type="checkbox" checked={row.hardship ?? false} onChange={hardship} /> {t('case.hardship')}</label>
        </p>
      )}
    </section>
  );
}

function Facts({ row, again }: { row: CaseRow; again: () => void }) {
  const [edited, setEdited] = useState('');
  const [asked, setAsked] = useState<Map<string, Value> | null>(null);
  const change = (values: Map<string, Value>): void => {
    if (sheet.needsWhy?.(values) && !values.get(whyColumn)) return setAsked(values);
    const ask = sheet.change!(row, values);
    call(ask.method, ask.params).then(() => (say(t('done.saved')), again()), refused);
  };
  return (
    <>
      <dl class="case-facts">
        {facts.map((column: Column<CaseRow>) => (
          <div key={column.id} data-column={column.id}>
            <dt>{t(column.label)}</dt>
            <dd>
              {edited === column.id ? (
                <CellEditor
                  column={column}
                  row={row}
                  onLeave={() => setEdited('')}
                  onKeep={(value) => (setEdited(''), change(new Map([[column.id, value]])))}
                />
              ) : mayAct.value ? (
                <button type="button" class="link" onClick={() => setEdited(column.id)}>
                  <span class="unseen">{t('case.change')}: {t(column.label)} </span>
                  {line(shown(column, row, people), 60) || '–'}
                </button>
              ) : (
                <Words text={shown(column, row, people) || '–'} />
              )}
            </dd>
          </div>
        ))}
      </dl>
      {asked && (
        <WhyDialog
          onClose={() => setAsked(null)}
          onWhy={(why) => {
            setAsked(null);
            change(new Map([...asked, [whyColumn, why]]));
          }}
        />
      )}
    </>
  );
}

// What a change or link was about, in words.
function names(one: CaseLine): string {
  if (one.kind === 'linked') {
    const [what] = Object.keys(one.link ?? {});
    return t((({ chat: 'sheet.chat', buyer: 'sheet.buyer', order: 'sheet.order', parcel: 'sheet.parcel' }) as Record<string, Key>)[what ?? ''] ?? 'sheet.case');
  }
  return Object.entries(one.changes ?? {})
    .map(([name, value]) => {
      if (name === 'hardship') return t(value ? 'case.in_need' : 'case.not_in_need');
      const column = sheet.columns.find((column_) => column_.id === name || `${column_.id}_ms` === name);
      if (!column) return '';
      const words = name === 'assignee' ? (value ? memberName(Number(value)) : '–')
        : name.endsWith('_ms') ? (value ? dateTime(Number(value)) : '–')
        : column.family ? word(column.family, String(value)) : line(String(value), 60);
      return `${t(column.label)}: ${words || '–'}`;
    })
    .filter(Boolean)
    .join(', ');
}

function LineView({ one }: { one: CaseLine }) {
  const name = one.member ? memberName(one.member) : t('the_desk');
  const head = one.kind === 'opened' ? t('case.opened_line', { name })
    : one.kind === 'changed' ? t('case.changed', { name, what: names(one) })
    : one.kind === 'linked' ? t(one.removed ? 'case.unlinked' : 'case.linked', { name, what: names(one) })
    : one.kind === 'call' ? t('entry.called', { direction: word('direction', one.direction ?? ''), party: word('party', one.party ?? 'buyer') })
    : `${word('party', one.party ?? 'shop')} (${name})`;
  return (
    <li class="case-line" data-kind={one.kind}>
      <p class="hint">{dateTime(one.at_ms)} · {head}</p>
      {one.text && <div class="bubble" dir="auto">{message(one.text)}</div>}
      <Files all={one.attachments} />
    </li>
  );
}

function Say({ number, again, onCall }: { number: number; again: () => void; onCall: () => void }) {
  const [party, setParty] = useState('shop');
  const [text, setText] = useState('');
  const [error, setError] = useState('');
  const submit = (): void => {
    if (text.trim() === '') return;
    if (link.value !== 'open') return setError(t('error.cut'));
    call('desk.case_say', { case: number, member: me.value, party, text: text.trim() }).then(
      () => (setText(''), setError(''), again()),
      (failed: unknown) => setError(sentence(failed)),
    );
  };
  return (
    <form class="case-say" onSubmit={(event) => (event.preventDefault(), submit())}>
      <label>
        {t('case.party')}
        <select value={party} onChange={(event) => setParty(event.currentTarget.value)}>
          {parties.map((one) => <option key={one} value={one}>{word('party', one)}</option>)}
        </select>
      </label>
      <TextField label={t('case.say_text')} value={text} onText={setText} submit={submit} rows={2} />
      <p class="error" role="alert">{error}</p>
      <div class="acts">
        <button type="submit" class="primary" disabled={text.trim() === ''}>{t('case.say')} <Hint keys="Enter" /></button>
        <button type="button" onClick={onCall}>{t('call.title')} <Hint keys="l" /></button>
      </div>
    </form>
  );
}
