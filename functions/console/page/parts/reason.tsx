/** The reason of a change, for the audit log. It is kept from one panel to the next. */
import { signal } from '@preact/signals';
import type { VNode } from 'preact';

/** As it is typed. */
export const reason = signal('');

/** Required, because the next person will ask. */
export function Reason(): VNode {
  return (
    <label class="field">
      <span>Reason, for the audit log</span>
      <input
        type="text"
        name="why"
        required
        maxLength={1_000}
        autocomplete="off"
        placeholder="Such as: iRule geo exists now"
        value={reason.value}
        onInput={({ currentTarget }) => {
          reason.value = currentTarget.value;
        }}
      />
    </label>
  );
}
