/** The end of a change: what was done, and what takes it back. */
import type { VNode } from 'preact';
import type { ChangeBody } from '../api/answers.ts';
import type { ChangeState } from '../api/change.ts';
import { go, place } from '../api/place.ts';
import { makerOf, mayAct } from '../api/rights.ts';
import { withQuery } from '../logic/place.ts';
import { requestText } from '../logic/wanted.ts';
import { Notice, Words } from './basic.tsx';
import { closePanel } from './panel.tsx';

/** Characters of a change in the address, which a server still takes after a reload. */
const MAX_ADDRESS = 12_000;

function isOffered(undo: ChangeBody): boolean {
  return mayAct(makerOf(undo)) && encodeURIComponent(requestText(undo)).length <= MAX_ADDRESS;
}

/** What was done, and the way back if there is one. */
export function Done({ says = 'Done.', undo }: Pick<ChangeState, 'says' | 'undo'>): VNode {
  return (
    <>
      <Notice tone="ok">
        <Words text={says} />
      </Notice>
      <div class="deed">
        <button type="button" class="primary" onClick={closePanel}>
          Close
        </button>
        {undo !== undefined && isOffered(undo) && (
          <button
            type="button"
            onClick={() => go(withQuery(place.value, { do: requestText(undo) }), { replace: true })}
          >
            Undo …
          </button>
        )}
      </div>
    </>
  );
}
