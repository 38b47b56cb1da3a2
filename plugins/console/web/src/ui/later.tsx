// A screen that is loaded when it is first shown: who answers buyers does not wait for it.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../text/i18n';
import { Failed, Loading } from './bits';

export function later(load: () => Promise<{ default: ComponentType }>): ComponentType {
  let loaded: ComponentType | null = null;
  return function Later() {
    const [Screen, setScreen] = useState(() => loaded);
    const [failed, setFailed] = useState(false);
    const [round, setRound] = useState(0);
    useEffect(() => {
      if (Screen) return;
      setFailed(false);
      load().then(
        (module) => setScreen(() => (loaded = module.default)),
        () => setFailed(true),
      );
    }, [round]);
    if (Screen) return <Screen />;
    return failed ? <Failed text={t('error.cut')} again={() => setRound((n) => n + 1)} /> : <Loading />;
  };
}
