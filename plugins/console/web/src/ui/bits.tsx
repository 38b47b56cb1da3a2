// Small parts that many screens use.
import type { ComponentChildren } from 'preact';
import { t } from '../text/i18n';
import { line } from '../text/plain';
import { Icon, type IconName } from './icon';

// Words of strangers: on one line, in their own direction, cut by the layout.
export const Words = ({ text, most }: { text: string | undefined; most?: number }) => (
  <bdi class="words">{line(text, most)}</bdi>
);

export const Loading = () => (
  <p class="loading" role="status">
    <span class="spinner" aria-hidden="true" /> {t('loading')}
  </p>
);

// Says what to do next.
export const Empty = ({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) => (
  <div class="empty">
    <Icon name={icon} />
    <h2>{title}</h2>
    {children}
  </div>
);

export const Tag = ({ kind, children }: { kind?: string; children: ComponentChildren }) => (
  <span class={kind ? `tag ${kind}` : 'tag'}>{children}</span>
);

// A key, for the eyes of those who work with a keyboard.
export const Hint = ({ keys }: { keys: string }) => (
  <kbd aria-hidden="true">{keys}</kbd>
);

export const Failed = ({ text, again }: { text: string; again?: () => void }) => (
  <div class="failed" role="alert">
    <p>{text}</p>
    {again && (
      <button type="button" onClick={again}>
        {t('again')}
      </button>
    )}
  </div>
);

