/** Links that open a change in its panel; hidden from those who may not make it. */
import type { ComponentChildren, VNode } from 'preact';
import { place } from '../api/place.ts';
import { makerOf, mayAct } from '../api/rights.ts';
import { withQuery } from '../logic/place.ts';
import { requestText } from '../logic/wanted.ts';
import type { PanelRequest } from '../logic/wanted.ts';

/** Nothing is done by it: the panel shows what would happen. */
export function RequestButton({
  request,
  primary = false,
  children,
}: {
  readonly request: PanelRequest;
  readonly primary?: boolean;
  readonly children: ComponentChildren;
}): VNode | null {
  if (!mayAct(makerOf(request))) return null;
  return (
    <a
      class={primary ? 'button primary' : 'button'}
      href={withQuery(place.value, { do: requestText(request) })}
    >
      {children}
    </a>
  );
}
