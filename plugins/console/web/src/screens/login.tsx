// Log in; set a password by the one-time link.
import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { known, startSession } from '../desk/connection';
import { HttpError, post } from '../desk/http';
import { language, setLanguage, t } from '../text/i18n';

// Named limits, as the gateway has them.
const passwordCharsMin = 8;
const passwordCharsMax = 256;

function sentenceOf(error: unknown): string {
  if (!(error instanceof HttpError)) return t('error.cut');
  if (error.status === 429) return t('login.wait', { n: Math.max(1, error.retryAfterS) });
  if (error.message) return error.message;
  return error.status === 401 ? t('login.wrong') : t('error.other');
}

export function Login() {
  const token = /^#setup=(.+)$/.exec(location.hash)?.[1];
  const [linked, setLinked] = useState(token !== undefined);
  return (
    <main class="login">
      <div class="login-box">
        <header class="login-head">
          <img src="/icon.svg" alt="" width="40" height="40" />
          <h1>{known.value.desk || 'Deskmate'}</h1>
        </header>
        {linked ? <SetUp token={token ?? ''} done={() => setLinked(false)} /> : <Enter />}
        <button
          type="button"
          class="quiet language"
          lang={language.value === 'zh' ? 'en' : 'zh-CN'}
          onClick={() => setLanguage(language.value === 'zh' ? 'en' : 'zh')}
        >
          {language.value === 'zh' ? 'English' : '简体中文'}
        </button>
      </div>
    </main>
  );
}

function Enter() {
  const members = known.value.members;
  const [member, setMember] = useState(members[0]?.number ?? 1);
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      await post('/api/login', { member: Number(member), password }, language.value);
      await startSession();
    } catch (failed) {
      setError(sentenceOf(failed));
      setPassword('');
      field.current?.focus();
    }
    setBusy(false);
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      {known.value.setup && <p class="hint">{t('login.setup_hint')}</p>}
      <label>
        {t('login.member')}
        {members.length > 0 ? (
          <select name="member" value={String(member)} onChange={(e) => setMember(Number(e.currentTarget.value))}>
            {members.map((m) => (
              <option key={m.number} value={String(m.number)}>
                {m.number} · {m.name}
              </option>
            ))}
          </select>
        ) : (
          <input
            name="member"
            inputMode="numeric"
            value={member}
            onInput={(e) => setMember(Number(e.currentTarget.value) || 0)}
          />
        )}
      </label>
      <Password
        label={t('login.password')}
        name="password"
        complete="current-password"
        value={password}
        set={setPassword}
        field={field}
        autofocus
      />
      <p class="error" role="alert">{error}</p>
      <button type="submit" class="primary" disabled={busy}>
        {t('login.enter')}
      </button>
      <p class="hint">{t('login.forgot')}</p>
    </form>
  );
}

interface PasswordProps {
  label: string;
  name: string;
  complete: 'current-password' | 'new-password';
  value: string;
  set: (value: string) => void;
  field?: RefObject<HTMLInputElement>;
  autofocus?: boolean;
}

function Password({ label, name, complete, value, set, field, autofocus = false }: PasswordProps) {
  return (
    <label>
      {label}
      <input
        ref={field}
        name={name}
        type="password"
        autocomplete={complete}
        maxLength={passwordCharsMax}
        value={value}
        onInput={(e) => set(e.currentTarget.value)}
        required
        autofocus={autofocus}
      />
    </label>
  );
}

function SetUp({ token, done }: { token: string; done: () => void }) {
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if ([...password].length < passwordCharsMin) return setError(t('setup.short', { n: passwordCharsMin }));
    if (password !== again) return setError(t('setup.differ'));
    setBusy(true);
    setError('');
    try {
      await post('/api/setup', { token, password }, language.value);
      history.replaceState(null, '', '/inbox');
      await startSession();
    } catch (failed) {
      setError(failed instanceof HttpError && failed.status === 401 ? t('setup.used') : sentenceOf(failed));
    }
    setBusy(false);
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <h2>{t('setup.title')}</h2>
      <p class="hint">{t('setup.text', { n: passwordCharsMin })}</p>
      <Password label={t('setup.password')} name="new-password" complete="new-password" value={password} set={setPassword} autofocus />
      <Password label={t('setup.again')} name="repeated-password" complete="new-password" value={again} set={setAgain} />
      <p class="error" role="alert">{error}</p>
      <button type="submit" class="primary" disabled={busy}>
        {t('setup.enter')}
      </button>
      <button
        type="button"
        class="quiet"
        onClick={() => {
          history.replaceState(null, '', '/inbox');
          done();
        }}
      >
        {t('setup.have')}
      </button>
    </form>
  );
}
