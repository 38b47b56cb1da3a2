// What a window that asks for something has: fields, what was wrong, one button; Enter sends.
import type { ComponentChildren, RefObject } from 'preact';
import { sends } from '../keys/composition';
import { Hint } from './bits';

interface FormProps {
  submit: () => void;
  act: string; // on the button
  error?: string; // nothing: what is asked for cannot be wrong
  focus?: boolean; // the button has it: there is no field
  children: ComponentChildren;
}

export const DialogForm = ({ submit, act, error, focus, children }: FormProps) => (
  <form onSubmit={(event) => (event.preventDefault(), submit())}>
    {children}
    {error !== undefined && <p class="error" role="alert">{error}</p>}
    <div class="dialog-acts">
      <button type="submit" class="primary" data-focus={focus ? '' : undefined}>{act} <Hint keys="Enter" /></button>
    </div>
  </form>
);

interface TextProps {
  label: string;
  value: string;
  onText: (text: string) => void;
  submit?: () => void; // with Enter; without: it begins a new line
  rows?: number;
  focus?: boolean;
  required?: boolean;
  field?: RefObject<HTMLTextAreaElement>;
}

// Text of any length, in the direction of its own words.
export const TextField = ({ label, value, onText, submit, rows = 3, focus, required, field }: TextProps) => (
  <label>
    {label}
    <textarea
      ref={field}
      data-focus={focus ? '' : undefined}
      rows={rows}
      dir="auto"
      value={value}
      required={required}
      onInput={(event) => onText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (!submit || !sends(event)) return;
        event.preventDefault();
        submit();
      }}
    />
  </label>
);
