/** The panel that the URL names, if it names one. */
import type { VNode } from 'preact';
import { place } from '../api/place.ts';
import { parseWish, wishText } from '../logic/wanted.ts';
import { Notice } from './basic.tsx';
import { ChangePanel } from './change-panel.tsx';
import { closePanel, Panel } from './panel.tsx';
import { ReplayPanel } from './replay-panel.tsx';

/** Nothing is done by opening it. */
export function WishPanel(): VNode | null {
  const text = place.value.query['do'];
  const wish = parseWish(text);
  if (wish !== undefined)
    return wish.kind === 'replay' ? (
      <ReplayPanel key={wishText(wish)} filter={wish.filter} />
    ) : (
      <ChangePanel key={wishText(wish)} change={wish} />
    );
  if (text === undefined) return null;
  return (
    <Panel title="Unknown change" onClose={closePanel}>
      <Notice tone="bad">
        The address of this page names a change that the console does not know. Nothing was done;
        close this, and choose the change in its room.
      </Notice>
    </Panel>
  );
}
