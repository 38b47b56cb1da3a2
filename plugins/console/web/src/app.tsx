import { gate } from './desk/connection';
import { Frame } from './screens/frame';
import { Login } from './screens/login';
import { t } from './text/i18n';
import { Loading } from './ui/bits';
import { Toasts } from './ui/toast';

export function App() {
  return (
    <>
      {gate.value === 'loading' && (
        <main class="center">
          <h1 class="unseen">Deskmate</h1>
          <Loading />
        </main>
      )}
      {gate.value === 'unreachable' && (
        <main class="center">
          <h1>{t('unreachable.title')}</h1>
          <p>{t('unreachable.text')}</p>
          <Loading />
        </main>
      )}
      {gate.value === 'login' && <Login />}
      {gate.value === 'desk' && <Frame />}
      <Toasts />
    </>
  );
}
