/** What members that are down say about the network, for `sluice status` and `sluice why`. */
import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import type { MemberHealth } from '../../../shared/device/device.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredPartitionView } from '../../../shared/operations/devices/partition-view.ts';
import type { NetworkNote } from '../../../shared/operations/health/refused-paths.ts';
import { networkNotes } from '../../../shared/operations/health/unreached.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

interface Given {
  readonly mode?: 'none' | 'routes';
  readonly members?: 'pods' | 'nodes';
}

function config({ mode = 'none', members = 'pods' }: Given): SluiceConfig {
  const { owner } = slice(1, []);
  const [cluster, namespace, service] = owner.split('/');
  const text = JSON.stringify({
    generation: 1,
    devices: [
      {
        name: 'bigip',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions: ['k8s'],
      },
    ],
    clusters: [{ id: cluster, network: { mode } }],
    ingresses: [{ cluster, service: `${namespace}/${service}`, devices: ['bigip'], members }],
  });
  return parseConfig(text, 'sluice.yaml', 1);
}

type State = MemberHealth['state'];

/** Exposures by port, with the state of each member by address. */
type Pools = Readonly<Record<number, Readonly<Record<string, State>>>>;

function declared(pools: Pools): DeclaredPartitionView {
  const all = Object.entries(pools).map(([port, states]) => {
    const members = Object.keys(states).map((address) => ({
      address,
      port: 8_080,
      availability: 'ready' as const,
    }));
    return { states, exposure: exposure({ port: Number(port), members }) };
  });
  const asked = slice(
    1,
    all.map((one) => one.exposure),
  );
  const state = planPartition('k8s', EMPTY_STATE, [asked], { sameFleet: () => false }).next;
  const health = all.flatMap((one) =>
    Object.entries(one.states).map(([address, found]) => ({
      exposure: exposureKey(one.exposure),
      address,
      port: 8_080,
      state: found,
    })),
  );
  return { device: 'bigip', partition: 'k8s', state, health };
}

const NODES: Readonly<Record<string, string>> = {
  '10.244.1.5': 'n1',
  '10.244.1.6': 'n1',
  '10.244.2.5': 'n2',
};

function notes(pools: Pools, given: Given = {}, nodes = NODES): readonly NetworkNote[] {
  return networkNotes(config(given), [declared(pools)], (_cluster, address) => nodes[address]);
}

const codes = (found: readonly NetworkNote[]): readonly string[] => found.map(({ code }) => code);

describe('with mode: none', () => {
  test('pools of which all pods are down are reported once, with the ways to reach pods', () => {
    const found = notes({
      1: { '10.244.1.5': 'down', '10.244.2.5': 'down' },
      2: { '10.244.1.6': 'down' },
    });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ code: 'BIP486', device: 'bigip' });
    expect(found[0]?.message).toMatch(
      /^all pods of \S+ behind \S+:1\/tcp, \S+:2\/tcp are down on bigip: BIG-IP may have no path/,
    );
    expect(found[0]?.message).toContain('mode: routes or vxlan, or members: nodes');
  });

  test.each<[string, Pools]>([
    ['one pod is up', { 1: { '10.244.1.5': 'down', '10.244.9.5': 'up' } }],
    ['one pod has not been probed yet', { 1: { '10.244.1.5': 'down', '10.244.9.5': 'unknown' } }],
    ['there is no pod', { 1: {} }],
  ])('nothing is said if %s', (_, pools) => {
    expect(notes(pools, {}, {})).toEqual([]);
  });

  test('nothing is said about nodes as members', () => {
    expect(notes({ 1: { '192.0.2.11': 'down' } }, { members: 'nodes' })).toEqual([]);
  });

  test('nothing is said about members of which a device says nothing', () => {
    const seen = declared({ 1: { '10.244.1.5': 'down' } });
    const { health: _health, ...silent } = seen as { health?: unknown } & typeof seen;
    expect(networkNotes(config({}), [silent as typeof seen], () => 'n1')).toEqual([]);
  });
});

describe('with routes', () => {
  const said = (pools: Pools): readonly NetworkNote[] => notes(pools, { mode: 'routes' });

  test('pods that are all down point to the paths or the way back, and no other network is suggested', () => {
    const found = said({
      1: { '10.244.1.5': 'down', '10.244.2.5': 'down' },
      2: { '10.244.1.6': 'down' },
    });
    expect(codes(found)).toEqual(['BIP486']);
    expect(found[0]?.message).toMatch(
      /^all pods of (\S+) are down on bigip: the paths to them or the way back may be broken; "sluice drift" compares the paths, and "sluice doctor -k KUBECONFIG --cluster \1" the rest$/,
    );
    expect(found[0]?.exposures).toHaveLength(2);
  });

  test.each<[string, Pools]>([
    ['one pod is up', { 1: { '10.244.1.5': 'down' }, 2: { '10.244.1.5': 'up' } }],
    ['one pod is not probed yet', { 1: { '10.244.1.5': 'down' }, 2: { '10.244.9.5': 'unknown' } }],
  ])('nothing is said about the cluster if %s', (_, pools) => {
    expect(codes(said(pools))).not.toContain('BIP486');
  });
});

describe('a node', () => {
  test('of which all members are down, while others are up, comes first', () => {
    const found = notes({
      1: { '10.244.1.5': 'down', '10.244.2.5': 'up' },
      2: { '10.244.1.6': 'down' },
    });
    expect(codes(found)).toEqual(['BIP487', 'BIP486']);
    expect(found[0]?.message).toMatch(
      /^path to node n1: all members behind it \(10\.244\.1\.5, 10\.244\.1\.6\) are down on bigip, and others of \S+ are up/,
    );
    expect(found[0]?.exposures).toHaveLength(2);
  });

  test.each<[string, Pools]>([
    ['one of its members is up', { 1: { '10.244.1.5': 'down', '10.244.1.6': 'up' } }],
    ['no member on another node is up', { 1: { '10.244.1.5': 'down', '10.244.2.5': 'down' } }],
  ])('is not named if %s', (_, pools) => {
    expect(codes(notes(pools))).not.toContain('BIP487');
  });

  test('that is not known is not named', () => {
    expect(notes({ 1: { '10.244.1.5': 'down', '10.244.2.5': 'up' } }, {}, {})).toEqual([]);
  });
});
