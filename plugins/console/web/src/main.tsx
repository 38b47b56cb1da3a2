import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './style/base.css';
import './style/frame.css';
import './style/inbox.css';
import './style/screens.css';
import './style/sheets.css';
import { App } from './app';
import { startKeyboard } from './keys/keyboard';
import { startSession } from './desk/connection';
import { language, setLanguage } from './text/i18n';
import { startRouter } from './ui/router';
import { startTheme } from './ui/theme';

setLanguage(language.value, false);
startTheme();
startRouter();
startKeyboard();
void startSession();
render(<App />, document.getElementById('app')!);

if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register('/sw.js').catch(() => {}); // the console works without
}
