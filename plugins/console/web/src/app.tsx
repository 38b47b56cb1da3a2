import { useEffect } from 'preact/hooks';
import { gate } from './desk/connection';
import { session } from './desk/store';
import { Frame } from './screens/frame';
import { Login } from './screens/login';
import { t } from './text/i18n';
import { Loading } from './ui/bits';
import { Toasts } from './ui/toast';

export function App() {
  const desk = session.value?.desk;
  useEffect(() => {
    document.title = desk ? `${desk} · Deskmate` : 'Deskmate';
  }, [desk]);
  return (
    <>
      {gate.value === 'loading' && (
        <main class="center">
          <h1 class="away">Deskmate</h1>
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
