// Why something is settled, dropped or owed: the ledger says so later.
import { useState } from 'preact/hooks';
import { sends } from '../../keys/composition';
import { t } from '../../text/i18n';
import { Hint } from '../../ui/bits';
import { Dialog } from '../../ui/dialog';

export function WhyDialog({ onClose, onWhy }: { onClose: () => void; onWhy: (why: string) => void }) {
  const [text, setText] = useState('');
  const submit = (): void => {
    if (text.trim()) onWhy(text.trim());
  };
  return (
    <Dialog title={t('sheet.why')} onClose={onClose} name="why">
      <form onSubmit={(event) => (event.preventDefault(), submit())}>
        <label>
          {t('sheet.why_text')}
          <textarea
            data-focus
            rows={3}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (!sends(event)) return;
              event.preventDefault();
              submit();
            }}
          />
        </label>
        <div class="dialog-acts">
          <button type="submit" class="primary">{t('save')} <Hint keys="Enter" /></button>
        </div>
      </form>
    </Dialog>
  );
}
