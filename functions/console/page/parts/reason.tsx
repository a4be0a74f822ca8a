/** The reason of a change, for the audit log. It is kept from one panel to the next. */
import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** As it is typed. */
export const reason = signal('');

/** Required, because the next person will ask. `sent`: of a change that may have been made. */
export function Reason({ sent }: { readonly sent?: string | undefined }): VNode {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // With a reason, the Enter that opened the panel would confirm it, too.
    if (reason.peek() !== '') input.current?.closest('dialog')?.querySelector('h2')?.focus();
    // A keyboard on the screen would hide what the panel shows.
    else if (matchMedia('(hover: hover)').matches) input.current?.focus();
  }, []);
  return (
    <label class="field">
      <span>Reason, for the audit log</span>
      <input
        ref={input}
        type="text"
        name="why"
        required
        maxLength={1_000}
        autocomplete="off"
        placeholder="Such as: iRule geo exists now"
        value={sent ?? reason.value}
        readOnly={sent !== undefined}
        onInput={({ currentTarget }) => {
          reason.value = currentTarget.value;
        }}
      />
    </label>
  );
}
