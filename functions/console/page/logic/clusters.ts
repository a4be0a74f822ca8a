/** What is said of a cluster on a device, and which orders make sense there. Pure. */
import type { ClusterEntry } from '../api/answers.ts';
import { formatCount } from '../../../../shared/domain/text/counts.ts';
import type { Tone } from './tones.ts';

/** A word of its state. */
export interface ClusterState {
  readonly tone: Tone;
  readonly word: string;
}

/** `enabled`, or everything that is not usual. */
export function clusterStates(row: ClusterEntry): readonly ClusterState[] {
  const { state, silent, silenceUnknown, rival, held, waiting } = row;
  const found: readonly (ClusterState | false)[] = [
    state !== 'enabled' && { tone: 'warn', word: state },
    silent && { tone: 'bad', word: 'silent' },
    silenceUnknown === true && { tone: 'warn', word: 'may be silent' },
    rival !== undefined && {
      tone: 'bad',
      word: rival.replaced === true ? 'replaced, still sends' : 'another uses its id',
    },
    held > 0 && { tone: 'warn', word: `${formatCount(held, 'removal')} held` },
    waiting !== undefined && { tone: 'warn', word: `${formatCount(waiting, 'port')} held` },
  ];
  const unusual = found.filter((one) => one !== false);
  return unusual.length === 0 ? [{ tone: 'ok', word: 'enabled' }] : unusual;
}

/** An order with the cluster that is adopted, if it is an adoption. */
export interface ClusterAction {
  readonly action: 'drain' | 'out' | 'enable' | 'forget' | 'adopt';
  readonly uid?: string;
}

/** Those that change something; the API refuses the others with a reason. */
export function clusterOrders({ state, silent, rival }: ClusterEntry): readonly ClusterAction[] {
  return [
    ...(state === 'enabled' ? ([{ action: 'drain' }] as const) : ([{ action: 'enable' }] as const)),
    ...(state === 'out' ? [] : ([{ action: 'out' }] as const)),
    ...(silent ? ([{ action: 'forget' }] as const) : []),
    ...(rival === undefined ? [] : ([{ action: 'adopt', uid: rival.clusterUid }] as const)),
  ];
}
