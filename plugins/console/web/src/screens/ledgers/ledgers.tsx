// Ledgers as sheets: /ledgers/orders, /ledgers/problems, /ledgers/cases …; and one case.
import { orderNews, workNews } from '../../desk/store';
import { actions, orders, parcels, problems } from '../../sheets/orders';
import type { Sheet } from '../../sheets/sheet';
import { calls, casesOf, missed, promises } from '../../sheets/work';
import { t } from '../../text/i18n';
import { parts, path } from '../../ui/router';
import { CaseScreen } from './case_view';
import { SheetView } from './sheet_view';

// Each is a sheet of rows of its own kind; the screen needs not know which.
const ofOrders = [problems, orders, parcels, actions] as unknown as Sheet<unknown>[];
const ofWork = [
  casesOf(), casesOf(['return', 'exchange']), casesOf(['complaint', 'platform']), promises, calls, missed,
] as unknown as Sheet<unknown>[];
const sheets = [...ofOrders, ...ofWork];

export function Ledgers() {
  const [, asked, number] = parts(path.value);
  const sheet = sheets.find((one) => one.id === asked) ?? sheets[0]!;
  return (
    <div class="screen">
      <header class="screen-head">
        <h1>{t('nav.ledgers')}</h1>
        <nav class="queue-views" aria-label={t('nav.ledgers')}>
          {sheets.map((one) => (
            <a key={one.id} class="queue-view" href={`/ledgers/${one.id}`} aria-current={one === sheet ? 'page' : undefined}>
              {t(one.label)}
            </a>
          ))}
        </nav>
      </header>
      {sheet.id === 'cases' && number ? (
        <CaseScreen key={number} number={number} />
      ) : (
        <SheetView key={sheet.id} sheet={sheet} news={ofWork.includes(sheet) ? workNews.value : orderNews.value} />
      )}
    </div>
  );
}

export default Ledgers;
