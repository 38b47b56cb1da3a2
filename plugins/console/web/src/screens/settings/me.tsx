// What is mine: language, light or dark, notices, logging out.
import { askPermission, muted, permission, setMuted, soundsPerMinuteMax } from '../../desk/notices';
import { session } from '../../desk/store';
import { language, setLanguage, t, word, type Key } from '../../text/i18n';
import { setTheme, theme, themes } from '../../ui/theme';

export function Me({ onLogout }: { onLogout: () => void }) {
  return (
    <>
      <section class="panel">
        <h2>{session.value?.name}</h2>
        <p>{t('me.access', { access: word('access', session.value?.access ?? '') })}</p>
        <button type="button" onClick={onLogout}>{t('key.logout')}</button>
      </section>
      <section class="panel">
        <h2>{t('me.looks')}</h2>
        <fieldset class="row-choices">
          <legend>{t('key.language')}</legend>
          {(['en', 'zh'] as const).map((one) => (
            <label key={one}>
              <input type="radio" name="language" checked={language.value === one} onChange={() => setLanguage(one)} />
              <span lang={one === 'zh' ? 'zh-CN' : 'en'}>{one === 'zh' ? '简体中文' : 'English'}</span>
            </label>
          ))}
        </fieldset>
        <fieldset class="row-choices">
          <legend>{t('key.theme')}</legend>
          {themes.map((one) => (
            <label key={one}>
              <input type="radio" name="theme" checked={theme.value === one} onChange={() => setTheme(one)} />
              {t(`theme.${one}` as Key)}
            </label>
          ))}
        </fieldset>
      </section>
      <section class="panel">
        <h2>{t('notices')}</h2>
        <label class="check">
          <input type="checkbox" checked={!muted.value} onChange={() => setMuted(!muted.value)} />
          {t('notices.on')}
        </label>
        <p class="hint">{t('notices.text', { n: soundsPerMinuteMax })}</p>
        {permission.value === 'default' && (
          <button type="button" onClick={() => void askPermission()}>{t('notices.allow')}</button>
        )}
        {permission.value === 'denied' && <p class="hint">{t('notices.denied')}</p>}
      </section>
    </>
  );
}
