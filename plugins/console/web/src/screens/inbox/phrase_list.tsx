// The phrases that fit what was typed after "/".
import { mayAct } from '../../desk/store';
import type { Phrase } from '../../desk/types';
import type { Found } from '../../phrases/match';
import { t } from '../../text/i18n';

interface Props {
  found: Found[];
  at: number;
  typed: string;
  onTake: (phrase: Phrase) => void;
}

export function PhraseList({ found, at, typed, onTake }: Props) {
  if (found.length === 0) {
    return (
      <div class="phrases none" id="phrase-list" role="status">
        {typed ? t('phrase.none', { typed }) : t('phrase.no_phrases')}{' '}
        {mayAct.value && <a href="/settings/phrases">{t('phrase.add')}</a>}
      </div>
    );
  }
  return (
    <ul class="phrases" id="phrase-list" role="listbox" aria-label={t('settings.phrases')}>
      {found.map(({ phrase }, i) => (
        <li
          key={`${phrase.name} ${phrase.language}`}
          id={`phrase-${i}`}
          role="option"
          aria-selected={i === Math.min(at, found.length - 1)}
          onMouseDown={(event) => {
            event.preventDefault();
            onTake(phrase);
          }}
        >
          <strong>{phrase.name}</strong> <span class="tag">{phrase.language}</span>
          <span class="phrase-text">{phrase.text}</span>
        </li>
      ))}
    </ul>
  );
}
