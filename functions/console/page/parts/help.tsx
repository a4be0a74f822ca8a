/** The shortcuts of the keyboard. */
import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import { SHORTCUTS } from '../logic/keys.ts';
import { Panel } from './panel.tsx';

/** Whether it is open. */
export const isHelpOpen = signal(false);

/** Opened by `?`. */
export function Help(): VNode | null {
  if (!isHelpOpen.value) return null;
  return (
    <Panel
      title="Keyboard"
      onClose={() => {
        isHelpOpen.value = false;
      }}
    >
      <dl class="keys">
        {SHORTCUTS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">
        Every page, selection and open change is in the address: send it to somebody, and they see
        the same.
      </p>
    </Panel>
  );
}
