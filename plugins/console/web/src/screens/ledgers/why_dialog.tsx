// Why something is settled, dropped or owed: the ledger says so later.
import { useState } from 'preact/hooks';
import { t } from '../../text/i18n';
import { Dialog } from '../../ui/dialog';
import { DialogForm, TextField } from '../../ui/form';

export function WhyDialog({ onClose, onWhy }: { onClose: () => void; onWhy: (why: string) => void }) {
  const [text, setText] = useState('');
  const submit = (): void => {
    if (text.trim()) onWhy(text.trim());
  };
  return (
    <Dialog title={t('sheet.why')} onClose={onClose} name="why">
      <DialogForm submit={submit} act={t('save')}>
        <TextField label={t('sheet.why_text')} value={text} onText={setText} submit={submit} focus />
      </DialogForm>
    </Dialog>
  );
}
