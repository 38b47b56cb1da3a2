// Where an answer is written. Enter sends, Shift+Enter begins a new line, "/" finds a phrase.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { filesBytesMax, filesMax, type Attaching } from '../../desk/attached';
import { attached, drafts, outbox } from '../../desk/connection';
import { me, memberName, phrases } from '../../desk/store';
import type { Chat, ChatRow, Phrase } from '../../desk/types';
import { composes, sends } from '../../keys/composition';
import { useActions } from '../../keys/keyboard';
import { findPhrases, hasHan, typedPhrase } from '../../phrases/match';
import { readings, wantReadings } from '../../phrases/pinyin';
import { usesOf, used } from '../../phrases/uses';
import { expand, type Variables } from '../../phrases/variables';
import { bytes } from '../../text/format';
import { t } from '../../text/i18n';
import { line } from '../../text/plain';
import { Hint } from '../../ui/bits';
import { Icon } from '../../ui/icon';
import { say } from '../../ui/toast';
import { PhraseList } from './phrase_list';

const linesMax = 10;
const replyBytesMax = 32 * 1024; // as core/desk has it

// What the variables of phrases stand for in this chat.
export function variablesOf(chat: Chat): Variables {
  const order = chat.orders[0];
  return {
    buyer: line(chat.account?.name ?? chat.name),
    order: line(order?.number),
    parcel: line(order?.parcels[0]?.tracking),
    agent: memberName(me.value),
  };
}

// What the buyer writes in, as far as it can be seen.
function buyersLanguage(chat: Chat): string {
  const last = chat.entries.filter((entry) => entry.kind === 'received').at(-1)?.text ?? '';
  return last === '' ? '' : hasHan(last) ? 'zh' : 'en';
}

export function Composer({ chat, row, mine }: { chat: Chat; row: ChatRow; mine: boolean }) {
  const onDesk = chat.drafts.find((draft) => draft.member === me.value)?.text ?? '';
  const [text, setText] = useState(() => drafts.value?.get(chat.id) ?? onDesk);
  const [cursor, setCursor] = useState(0);
  const [at, setAt] = useState(0);
  const [shut, setShut] = useState(false); // the list of phrases, by Escape
  const touched = useRef(text !== '');
  useEffect(() => {
    if (onDesk && !touched.current) setText(onDesk); // what was written in another browser
  }, [onDesk]);
  const field = useRef<HTMLTextAreaElement>(null);
  const next = useRef<number | null>(null); // where the cursor goes after the text has changed

  useLayoutEffect(() => {
    const area = field.current!;
    area.style.height = 'auto';
    const lineHeight = parseFloat(getComputedStyle(area).lineHeight) || 22;
    area.style.height = `${Math.min(area.scrollHeight + 2, lineHeight * linesMax)}px`;
    if (next.current !== null) {
      area.setSelectionRange(next.current, next.current);
      setCursor(next.current);
      next.current = null;
    }
  }, [text]);

  const asked = shut ? null : typedPhrase(text, cursor);
  const preferred = buyersLanguage(chat);
  const found = asked ? findPhrases(phrases.value, asked.typed, readings.value, preferred, usesOf()) : [];
  useEffect(() => {
    if (asked && phrases.value.some((phrase) => hasHan(phrase.name + phrase.text))) wantReadings();
  }, [asked !== null]);

  const write = (value: string): void => {
    touched.current = true;
    setText(value);
    setShut(false);
    setAt(0);
    drafts.value?.set(chat.id, value);
  };

  const take = (phrase: Phrase, from: number, to: number): void => {
    const { text: words, missing } = expand(phrase.text, variablesOf(chat));
    if (missing.length > 0) say(t('phrase.missing', { names: missing.map((name) => `{${name}}`).join(' ') }), true);
    used(phrase.name);
    next.current = from + words.length;
    write(text.slice(0, from) + words + text.slice(to));
    field.current?.focus();
  };

  const files = attached.value?.of(chat.id) ?? [];
  const attach = (list: FileList | null | undefined): boolean => {
    const added = [...(list ?? [])];
    if (added.length === 0) return false;
    if (!attached.value?.add(chat.id, added)) say(t('attach.too_much', { n: filesMax, size: bytes(filesBytesMax) }), true);
    return true;
  };
  const send = (): void => {
    const words = text.trim();
    if (words === '' && files.length === 0) return;
    if (new TextEncoder().encode(words).length > replyBytesMax) return say(t('reply.too_long'), true);
    const ready = attached.value?.take(chat.id) ?? null;
    if (!ready) return say(t('attach.wait'), true);
    outbox.value?.send(chat.id, words, ready);
    setText('');
    drafts.value?.set(chat.id, '');
  };

  const picker = useRef<HTMLInputElement>(null);
  // Wherever it is let go: the browser would leave the page for the file.
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      if (attach(event.dataTransfer?.files)) field.current?.focus();
    };
    addEventListener('dragover', over);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('drop', drop);
    };
  });

  useActions({
    'chat.attach': () => picker.current?.click(),
    'chat.phrase': () => {
      field.current?.focus();
      const begun = text === '' || /\s$/.test(text) ? `${text}/` : `${text} /`;
      next.current = begun.length;
      write(begun);
    },
  });
  // One hand: a digit takes the phrase with that place in the list.
  useEffect(() => {
    const onDigit = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || composes(event)) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select, dialog') || document.querySelector('dialog[open]')) return;
      if (!/^[1-9]$/.test(event.key)) return;
      const phrase = findPhrases(phrases.value, '', null, preferred, usesOf())[Number(event.key) - 1]?.phrase;
      if (!phrase) return;
      event.preventDefault();
      take(phrase, text.length, text.length);
    };
    addEventListener('keydown', onDigit);
    return () => removeEventListener('keydown', onDigit);
  });

  const onKeyDown = (event: KeyboardEvent): void => {
    if (composes(event)) return;
    if (asked && found.length > 0) {
      const one = found[Math.min(at, found.length - 1)]!.phrase;
      if (event.key === 'ArrowDown') setAt((at + 1) % found.length);
      else if (event.key === 'ArrowUp') setAt((at + found.length - 1) % found.length);
      else if (event.key === 'Tab' || sends(event)) take(one, asked.from, cursor);
      else if (event.key === 'Escape') setShut(true);
      else return;
      event.preventDefault();
      return;
    }
    if (sends(event)) {
      event.preventDefault();
      // "/abc" that finds nothing is a slip, not an answer.
      if (!asked || asked.from > 0) send();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      field.current?.blur();
    }
  };

  const placeholder = row.state === 'closed' ? t('reply.closed')
    : mine || row.state !== 'assigned' ? t('reply.placeholder')
    : t('reply.theirs', { name: memberName(row.member) });
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {asked && <PhraseList found={found} at={at} typed={asked.typed} onTake={(phrase) => take(phrase, asked.from, cursor)} />}
      {files.length > 0 && <AttachedList files={files} />}
      <div class="composer-box">
        <input
          ref={picker}
          type="file"
          class="picker"
          multiple
          hidden
          aria-label={t('key.attach')}
          onChange={(event) => {
            attach(event.currentTarget.files);
            event.currentTarget.value = '';
            field.current?.focus();
          }}
        />
        <button type="button" class="quiet attach" aria-label={t('key.attach')} onClick={() => picker.current?.click()}>
          <Icon name="clip" />
        </button>
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={text}
          placeholder={placeholder}
          aria-label={t('reply.label')}
          aria-controls={asked ? 'phrase-list' : undefined}
          aria-activedescendant={asked && found.length > 0 ? `phrase-${Math.min(at, found.length - 1)}` : undefined}
          onInput={(event) => {
            write(event.currentTarget.value);
            setCursor(event.currentTarget.selectionStart);
          }}
          onSelect={(event) => setCursor(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            if (attach(event.clipboardData?.files)) event.preventDefault();
          }}
        />
        <button type="submit" class="primary send" disabled={text.trim() === '' && files.length === 0} aria-label={t('reply.send')}>
          <Icon name="send" />
        </button>
      </div>
      <p class="composer-hint wide-only">
        <Hint keys="Enter" /> {t('write.send')} · <Hint keys="Shift+Enter" /> {t('write.line')} · <Hint keys="/" />{' '}
        {t('write.phrase')} · <Hint keys="Alt+i" /> {t('write.attach')}
      </p>
    </form>
  );
}

const AttachedList = ({ files }: { files: Attaching[] }) => (
  <ul class="files attaching" aria-label={t('attach.list')}>
    {files.map((file) => (
      <li key={file.id} class={file.state === 'refused' ? 'file bad' : 'file'} data-state={file.state}>
        <Icon name="file" /> <bdi class="words">{line(file.name, 40)}</bdi>{' '}
        <span class="hint" role="status">
          {file.state === 'refused' ? file.error
            : file.state === 'ready' ? bytes(file.size)
            : file.state === 'waiting' ? t('attach.waiting')
            : t('attach.sending', { n: Math.floor((file.sent / Math.max(file.size, 1)) * 100) })}
        </span>
        <button
          type="button"
          class="quiet small"
          aria-label={t('attach.remove', { name: line(file.name, 40) })}
          onClick={() => attached.value?.remove(file.id)}
        >
          <Icon name="close" />
        </button>
      </li>
    ))}
  </ul>
);
