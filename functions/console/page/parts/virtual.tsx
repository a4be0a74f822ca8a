/** A long table of which only the rows in sight are in the document. It scrolls with the page. */
import {
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
} from '@tanstack/virtual-core';
import type { ComponentChildren, RefObject, VNode } from 'preact';
import { useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks';

/** Rows before and after those in sight. */
const OVERSCAN = 10;

/**
 * Connects the virtualiser with the window, so that long lists scroll with the page and only
 * visible rows are drawn.
 */
function useRows(
  count: number,
  height: number,
  list: RefObject<HTMLDivElement | null>,
): Virtualizer<Window, HTMLElement> {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const options = {
    count,
    getScrollElement: () => window,
    estimateSize: () => height,
    scrollToFn: windowScroll,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    overscan: OVERSCAN,
    scrollMargin: list.current?.offsetTop ?? 0,
    initialRect: { width: innerWidth, height: innerHeight },
    onChange: () => redraw(undefined),
  };
  const rows = useMemo(() => new Virtualizer<Window, HTMLElement>(options), []);
  rows.setOptions(options);
  useLayoutEffect(() => rows._didMount(), []);
  useLayoutEffect(() => rows._willUpdate());
  return rows;
}

/** `kind`: names the columns for the style sheet. `row`: the cells, in a link or not. */
export function VirtualTable({
  kind,
  label,
  heads,
  count,
  height,
  row,
}: {
  readonly kind: string;
  readonly label: string;
  readonly heads: readonly string[];
  readonly count: number;
  /** Of a row before it is measured. */
  readonly height: number;
  readonly row: (index: number) => ComponentChildren;
}): VNode {
  const list = useRef<HTMLDivElement>(null);
  const rows = useRows(count, height, list);
  const margin = rows.options.scrollMargin;
  return (
    <div class={`vtable ${kind}`} role="table" aria-label={label} aria-rowcount={count + 1}>
      <div class="vhead" role="rowgroup">
        <div class="vrow" role="row" aria-rowindex={1}>
          {heads.map((head) => (
            <span key={head} role="columnheader">
              {head}
            </span>
          ))}
        </div>
      </div>
      <div class="vbody" role="rowgroup" ref={list} style={{ height: `${rows.getTotalSize()}px` }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <div
            key={index}
            class="vrow"
            role="row"
            aria-rowindex={index + 2}
            data-index={index}
            ref={(element: HTMLElement | null) => rows.measureElement(element)}
            style={{ transform: `translateY(${start - margin}px)` }}
          >
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  );
}

/** One cell; `name` for narrow screens, where rows become blocks. */
export function Cell({
  name,
  wide = false,
  children,
}: {
  readonly name: string;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <span role="cell" class={wide ? 'cell wide' : 'cell'} data-name={name}>
      {children}
    </span>
  );
}
