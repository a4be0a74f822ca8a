/** The course of a group over the last day. */
import type { VNode } from 'preact';
import { barsOf, trendWords } from '../logic/trend.ts';

const HEIGHT = 20;
const STEP = 4;

/** Bars, one for each hour; the last one is this hour. */
export function Trend({ counts }: { readonly counts: readonly number[] }): VNode {
  const width = counts.length * STEP;
  return (
    <svg
      class="trend"
      role="img"
      aria-label={trendWords(counts)}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      width={width}
      height={HEIGHT}
    >
      <path class="ground" d={`M0 ${HEIGHT - 0.5}H${width}`} />
      {barsOf(counts, { height: HEIGHT, step: STEP }).map(({ x, y, height }) => (
        <rect key={x} x={x} y={y} width={STEP - 1} height={height} />
      ))}
    </svg>
  );
}
