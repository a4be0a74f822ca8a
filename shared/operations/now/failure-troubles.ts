/** Failures that are open, as troubles of the first page. Pure. */
import { clusterOfOwner } from '../../domain/text/owners.ts';
import { formatCount } from '../../domain/text/counts.ts';
import { NOT_KNOWN } from '../../failures/filter.ts';
import type { FailureHead } from '../../failures/port.ts';
import { fixOf, stopped } from './trouble.ts';
import type { Trouble } from './trouble.ts';

/** Quarantined failures are open, too: they are tried again. */
const OPEN: ReadonlySet<string> = new Set(['open', 'quarantined']);

/** One for each code and device, the largest first. */
export function ofFailures(heads: readonly FailureHead[]): readonly Trouble[] {
  const open = heads.filter(({ state }) => OPEN.has(state));
  const groups = Map.groupBy(open, ({ code, device }) => `${code} ${device ?? ''}`);
  return [...groups].toSorted(([, a], [, b]) => b.length - a.length).map(ofGroup);
}

/** Speaks for the whole group with the sentence of its newest failure. */
function ofGroup([key, heads]: readonly [string, readonly FailureHead[]]): Trouble {
  const newest = heads.reduce((a, b) => (b.last > a.last ? b : a));
  const { code, device } = newest;
  const states = new Set(heads.map(({ state }) => state));
  return {
    id: `failures ${key}`,
    level: 'bad',
    sentence: `${whatOf(heads)}: ${stopped(newest.sentence)} Existing traffic is not affected.`,
    since: Math.min(...heads.map(({ first }) => first)),
    code,
    remedy: fixOf(code),
    room: 'failures',
    words: [
      `code:${code}`,
      `device:${device ?? NOT_KNOWN}`,
      ...(states.has('quarantined') ? [`state:${[...states].toSorted().join(',')}`] : []),
    ],
    replayable: true,
  };
}

/** `40 ports of 12 gateways are not on bigip-1 as requested`. */
function whatOf(heads: readonly FailureHead[]): string {
  const { device } = heads[0]!;
  const exposures = new Set(heads.flatMap(({ exposure }) => exposure ?? []));
  const gateways = new Set(
    heads.flatMap(({ owner = '', gateways: all }) =>
      all.map((gateway) => `${clusterOfOwner(owner)} ${gateway}`),
    ),
  );
  const of = gateways.size === 0 ? '' : ` of ${formatCount(gateways.size, 'gateway')}`;
  const isOne = (exposures.size || heads.length) === 1 ? 'is' : 'are';
  if (exposures.size === 0)
    return `${formatCount(heads.length, 'event')}${of} ${heads.length === 1 ? 'was' : 'were'} refused`;
  return `${formatCount(exposures.size, 'port')}${of} ${isOne} not on ${device ?? 'the devices'} as requested`;
}
