/** Conservation: what is said of one version of an exposure never contradicts what was said before. */
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import { formatRevision } from '../../../shared/domain/revision.ts';

/** Not `retry`, which is no end. */
type End = Exclude<Settled['exposures'][number]['outcome'], 'retry'>;

const ENDS = ['applied', 'unchanged', 'superseded', 'rejected', 'conflict', 'held'] as const;

/**
 * What later results of the same version may say. A duplicate repeats an end: what was applied is
 * unchanged then, or superseded by a newer version. What was left out is planned again, because its
 * reason may be gone.
 */
const LATER: Readonly<Record<End, readonly End[]>> = {
  applied: ['applied', 'unchanged', 'superseded'],
  unchanged: ['applied', 'unchanged', 'superseded'],
  superseded: ['superseded'],
  rejected: ENDS,
  conflict: ENDS,
  held: ENDS,
};

/** Returns what contradicts an earlier result; `unit` is the unit of the device that it is about. */
export function watchEnds(): (settled: Settled, unit: number) => readonly string[] {
  const known = new Map<string, End>();
  return ({ owner, device, version, exposures }, unit) =>
    exposures.flatMap((result) => {
      const what = `${exposureKey(result)} of ${owner} at ${formatRevision(version)} on ${device}`;
      const before = known.get(`${unit} ${what}`);
      // An end stays one while the device does not answer.
      if (result.outcome === 'retry') return [];
      known.set(`${unit} ${what}`, result.outcome);
      return before === undefined || LATER[before].includes(result.outcome)
        ? []
        : [`1: ${what} was said to be ${before}, and then ${result.outcome}`];
    });
}
