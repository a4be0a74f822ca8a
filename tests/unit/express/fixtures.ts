/** Declared states, nodes and events in shorthand. */
import type { Availability, Member } from '../../../shared/domain/exposure/exposure.ts';
import type { ExpressReason, Express, MemberChange } from '../../../shared/domain/express/event.ts';
import type { LiveNode } from '../../../shared/domain/express/node.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { declaredState } from '../../../shared/domain/declared/declared.ts';
import type { Version } from '../../../shared/domain/revision.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';

export const EAST = 'east/istio-system/istio-ingressgateway';
export const INNER = 'east/istio-system/inner-gateway';
export const WEST = 'west/istio-system/istio-ingressgateway';

export const version = (counter: number): Version => ({ epoch: 1, counter, generation: 1 });

/** `10.0.0.1` is ready, `10.0.0.1 draining` is not. */
export type MemberText = string;

export function members(texts: readonly MemberText[], port = 80): Member[] {
  return texts.map((text) => {
    const [address = '', availability = 'ready'] = text.split(' ');
    return { address, port, availability: availability as Availability };
  });
}

export interface Declared {
  /** Declared version of each owner. */
  readonly at?: Readonly<Record<string, number>>;
  /** Members of each owner, for each pool. */
  readonly pools: readonly Readonly<Record<string, readonly MemberText[]>>[];
  readonly drained?: readonly string[];
  readonly out?: readonly string[];
}

export function declared({ at = {}, pools, drained = [], out = [] }: Declared): DeclaredState {
  const owners = [...new Set([...pools.flatMap((pool) => Object.keys(pool)), ...Object.keys(at)])];
  const records = owners.map(
    (owner) =>
      [
        owner,
        { version: version(at[owner] ?? 1), clusterUid: `uid-${owner.split('/')[0]}` },
      ] as const,
  );
  const exposures = pools.map((pool, i) => ({
    address: '172.16.0.1',
    port: 1_000 + i,
    protocol: 'tcp' as const,
    settings: SETTINGS,
    contributions: Object.entries(pool).map(([owner, texts]) => ({
      owner,
      gateways: [],
      since: '',
      members: members(texts),
    })),
  }));
  const drain = (mode: 'drain' | 'out') => (cluster: string) =>
    [cluster, { mode, since: '2026-01-01T00:00:00Z', because: 'a test' }] as const;
  const drains = Object.fromEntries([...drained.map(drain('drain')), ...out.map(drain('out'))]);
  return declaredState(
    Object.fromEntries(records),
    exposures,
    Object.keys(drains).length === 0 ? {} : { drains },
  );
}

/**
 * `10.0.0.1`, `10.0.0.1 draining`, `10.0.0.1 out east 7` with the cluster and counter that wrote it
 * last.
 */
export function node(text: string): LiveNode {
  const [address = '', availability = 'ready', cluster, counter] = text.split(' ');
  const stamp =
    cluster === undefined ? {} : { stamp: { cluster, version: version(Number(counter)) } };
  return { name: address, address, availability: availability as Availability, ...stamp };
}

const WANTED: Readonly<Record<ExpressReason, Availability>> = {
  terminating: 'draining',
  unready: 'out',
  cordoned: 'draining',
  'node-not-ready': 'out',
  back: 'ready',
};

/** `10.0.0.1 terminating` */
export function wish(text: string): MemberChange {
  const [address = '', because = 'terminating'] = text.split(' ') as [string?, ExpressReason?];
  return {
    address,
    because,
    availability: WANTED[because],
    wholeNode: because === 'cordoned' || because === 'node-not-ready',
  };
}

export function event(
  counter: number,
  wishes: readonly string[],
  over: Partial<Express> = {},
): Express {
  const owner = over.owner ?? EAST;
  return {
    owner,
    clusterUid: `uid-${owner.split('/')[0]}`,
    device: 'bigip',
    partition: 'k8s',
    version: version(counter),
    wishes: wishes.map(wish),
    ...over,
  };
}
