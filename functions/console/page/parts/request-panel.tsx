/** The panel that the URL names, if it names one. */
import type { VNode } from 'preact';
import { place } from '../api/place.ts';
import { parseRequest, requestText } from '../logic/wanted.ts';
import { Notice } from './basic.tsx';
import { ChangePanel } from './change-panel.tsx';
import { closePanel, Panel } from './panel.tsx';
import { ReplayPanel } from './replay-panel.tsx';

/** Nothing is done by opening it. */
export function RequestPanel(): VNode | null {
  const text = place.value.query['do'];
  const request = parseRequest(text);
  if (request !== undefined)
    return request.kind === 'replay' ? (
      <ReplayPanel key={requestText(request)} filter={request.filter} />
    ) : (
      <ChangePanel key={requestText(request)} change={request} />
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
