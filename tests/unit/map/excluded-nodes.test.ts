/**
 * Nodes that leave by the label `node.kubernetes.io/exclude-from-external-load-balancers`, from the
 * snapshot to the plan.
 */
import { describe, expect, test } from '@jest/globals';
import { mapSnapshot } from '../../../functions/map/map.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import { EMPTY_STATE, type DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { Express } from '../../../shared/domain/express/event.ts';
import { planPartition, type Plan } from '../../../shared/domain/plan/plan.ts';
import { plansFor } from '../../../shared/operations/offline/device-plans.ts';
import { offlineIngresses } from '../../../shared/operations/offline/ingresses.ts';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import { parseAllDocuments } from 'yaml';
import { gateway, ingress, SLUICE } from '../../fixtures/cases.ts';

const LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
const config = parseConfig(
  SLUICE.replace('virtualAddress:', 'members: nodes, virtualAddress:'),
  'sluice.yaml',
  1,
);

interface World {
  /** `a`, `a excluded`, `a cordoned`, `a lost`; several states together. */
  readonly nodes: readonly string[];
  readonly changed?: readonly string[];
  /** With a gateway pod on node a. */
  readonly local?: boolean;
}

let counter = 0;

function snapshot({ nodes, changed = [], local = false }: World): Snapshot {
  const manifests =
    ingress(
      '{name: http, port: 80, nodePort: 30080}',
      local ? 'externalTrafficPolicy: Local' : '',
    ).replace('nodeName: n1', 'nodeName: a') + gateway('web', ['80']);
  const { objects } = normaliseObjects(
    parseAllDocuments(manifests).flatMap((one) => (one.toJS() as unknown) ?? []),
  );
  return {
    cluster: 'east',
    clusterUid: 'uid',
    ingress: { namespace: 'istio-system', service: 'istio-ingressgateway' },
    revision: { epoch: 1, counter: (counter += 1) },
    changes: changed.map((name) => ({
      what: 'updated',
      kind: 'Node',
      name,
      namespace: '',
      resourceVersion: '1',
    })),
    removed: false,
    objects: KubernetesObjects.parse({
      ...objects,
      nodes: nodes.map((text) => {
        const [name = '', ...states] = text.split(' ');
        return {
          meta: {
            namespace: '',
            name,
            labels: states.includes('excluded') ? { [LABEL]: '' } : {},
          },
          addresses: [
            { type: 'InternalIP', address: `10.0.0.${name.charCodeAt(0) - 96}` },
            { type: 'Hostname', address: name },
          ],
          ready: !states.includes('lost'),
          unschedulable: states.includes('cordoned'),
        };
      }),
    }),
  };
}

function planned(before: DeclaredState, world: World): Plan & { express: readonly Express[] } {
  const result = mapSnapshot({ snapshot: snapshot(world), sender: undefined, config });
  if (result.kind === 'refused') throw new Error(result.reason);
  const plan = planPartition('k8s', before, result.slices, { sameFleet: () => false });
  return { ...plan, express: result.express };
}

/** The members after each state of the nodes: `a+` ready, `a-` draining. */
function story(...worlds: readonly World[]): readonly string[] {
  let state = EMPTY_STATE;
  return worlds.map((world) => {
    state = planned(state, world).next;
    return shown(state);
  });
}

function shown({ exposures }: DeclaredState): string {
  return Object.values(exposures)
    .flatMap(({ contributions }) => contributions.flatMap(({ members }) => members))
    .map(({ address, availability }) => {
      const name = String.fromCharCode(96 + Number(address.split('.')[3]));
      return `${name}${availability === 'ready' ? '+' : '-'}`;
    })
    .join(' ');
}

describe('a node that is excluded', () => {
  test('drains like a cordoned one where it is a member, and comes back without the label', () => {
    const excluded = { nodes: ['a excluded', 'b', 'c'] };
    expect(
      story({ nodes: ['a', 'b', 'c'] }, excluded, excluded, { nodes: ['a', 'b', 'c'] }),
    ).toEqual(['a+ b+ c+', 'a- b+ c+', 'a- b+ c+', 'a+ b+ c+']);
  });

  test('never becomes a member, as the control plane of kubeadm', () => {
    const world = { nodes: ['a excluded', 'b excluded', 'c excluded', 'd', 'e cordoned'] };
    expect(story(world, world)).toEqual(['d+ e-', 'd+ e-']);
  });

  test('is gone when the node is gone', () => {
    expect(story({ nodes: ['a', 'b'] }, { nodes: ['a excluded', 'b'] }, { nodes: ['b'] })).toEqual([
      'a+ b+',
      'a- b+',
      'b+',
    ]);
  });

  test('stays while it is the last one, which is reported', () => {
    const before = planned(EMPTY_STATE, { nodes: ['a', 'b'] }).next;
    const plan = planned(before, { nodes: ['a excluded', 'b excluded'] });
    expect(shown(plan.next)).toBe('a+ b+');
    expect(plan.entries.flatMap(({ remarks = [] }) => remarks)).toEqual([
      {
        code: 'GW140',
        message: expect.stringMatching(
          /10\.0\.0\.1, 10\.0\.0\.2.*exclude-from-external-load-balancers.*last member or more than half/,
        ),
      },
    ]);
  });

  test('stays where more than half would go at once, together with cordoned ones', () => {
    expect(
      story(
        { nodes: ['a', 'b', 'c', 'd'] },
        { nodes: ['a excluded', 'b excluded', 'c cordoned', 'd'] },
      ),
    ).toEqual(['a+ b+ c+ d+', 'a+ b+ c- d+']);
  });

  test('does not come back when another one is cordoned later', () => {
    expect(
      story(
        { nodes: ['a', 'b', 'c', 'd'] },
        { nodes: ['a excluded', 'b excluded', 'c', 'd'] },
        { nodes: ['a excluded', 'b excluded', 'c cordoned', 'd'] },
      ),
    ).toEqual(['a+ b+ c+ d+', 'a- b- c+ d+', 'a- b- c- d+']);
  });

  test('does not come back when another one must stay', () => {
    expect(
      story(
        { nodes: ['a', 'b', 'c', 'd'] },
        { nodes: ['a excluded', 'b', 'c', 'd'] },
        { nodes: ['a excluded', 'b excluded', 'c cordoned', 'd'] },
      ),
    ).toEqual(['a+ b+ c+ d+', 'a- b+ c+ d+', 'a- b+ c- d+']);
  });

  test('comes back if no other node is left', () => {
    expect(
      story({ nodes: ['a', 'b'] }, { nodes: ['a excluded', 'b'] }, { nodes: ['a excluded'] }),
    ).toEqual(['a+ b+', 'a- b+', 'a+']);
  });

  test('with externalTrafficPolicy Local concerns only nodes with a gateway pod', () => {
    expect(
      story(
        { nodes: ['a', 'b'], local: true },
        { nodes: ['a excluded', 'b excluded'], local: true },
      ),
    ).toEqual(['a+', 'a+']);
  });

  test('is sent ahead of the slice when the label appears, and only then', () => {
    const world = { nodes: ['a excluded', 'b', 'c'] };
    expect(planned(EMPTY_STATE, { ...world, changed: ['a'] }).express).toMatchObject([
      {
        wishes: [
          { address: '10.0.0.1', availability: 'draining', because: 'cordoned', wholeNode: true },
        ],
      },
    ]);
    expect(planned(EMPTY_STATE, { ...world, changed: ['z'] }).express).toEqual([]);
  });
});

describe('the plan of files and of a living cluster', () => {
  test('drains cordoned nodes as the watcher does', () => {
    const { objects } = snapshot({ nodes: ['a cordoned', 'b', 'c'] });
    const { mesh } = config.clusters[0]!;
    const { ingresses } = offlineIngresses(objects, { config, clusterId: 'east', mesh });
    expect(
      ingresses.flatMap(({ built }) => built.exposures.flatMap((one) => one.members)),
    ).toMatchObject([
      { address: '10.0.0.1', availability: 'draining' },
      { address: '10.0.0.2', availability: 'ready' },
      { address: '10.0.0.3', availability: 'ready' },
    ]);
  });

  test('drains an excluded node where the device has it as a member', () => {
    const before = planned(EMPTY_STATE, { nodes: ['a', 'b', 'c'] }).next;
    const { objects } = snapshot({ nodes: ['a excluded', 'b', 'c'] });
    const { mesh } = config.clusters[0]!;
    const { ingresses } = offlineIngresses(objects, { config, clusterId: 'east', mesh });
    const [plan] = plansFor(
      { config, clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() } },
      config.devices[0]!,
      { clusterId: 'east', ingresses, ask: true },
      { states: new Map([['k8s', before]]), holders: [] },
    );
    expect(shown(plan!.next)).toBe('a- b+ c+');
  });
});
