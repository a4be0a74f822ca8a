import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CniSource } from '../../../shared/domain/paths/network-config.ts';
import type { ExposureResult } from '../../../shared/domain/exposure/exposure.ts';
import {
  gateway,
  gatewayPod,
  ingressService,
  route,
  startBench,
  type Bench,
} from '../../integration/watch/support.ts';
import { startGate, type Gate } from './gate.ts';
import { grantsInCode, grantsOf, sayGrant, type Grant } from './grants.ts';
import { FOLDER, readResources } from './manifests.ts';

const BASE = readResources(join(FOLDER, 'base'));
const GRANTS = grantsOf(BASE);
const said = (grants: readonly Grant[]): readonly string[] =>
  [...new Set(grants.map(sayGrant))].sort();

/** What the component for this source grants. */
function componentGrants(source: CniSource): readonly Grant[] {
  const component = readResources(join(FOLDER, 'components', `network-${source}`));
  return grantsOf([...BASE.filter(({ kind }) => kind === 'ServiceAccount'), ...component]);
}

describe('the rights of the service account', () => {
  test('are exactly those that the code declares it needs', () => {
    expect(said(GRANTS)).toEqual(said(grantsInCode()));
  });

  test.each(['calico', 'cilium'] as const)(
    'for the objects of %s are in a component, which grants nothing else',
    (source) => {
      expect(said(componentGrants(source))).toEqual(said(grantsInCode(source)));
    },
  );

  test('are each granted once, so that taking one out takes it away', () => {
    expect(GRANTS.map(sayGrant).sort()).toEqual(said(GRANTS));
  });

  test('grant no Secrets, exec, port-forward, wildcards or rights, and no deletion', () => {
    const words = GRANTS.map(({ group, resource, verb }) => `${verb} ${resource}.${group}`);
    expect(
      words.filter((word) =>
        /secret|exec|attach|portforward|proxy|token|\*|rbac|escalate|bind|impersonate|delete/.test(
          word,
        ),
      ),
    ).toEqual([]);
  });

  test('let it change Services only where ingress gateways are, and Leases only in its own namespace', () => {
    const writing = GRANTS.filter(
      ({ verb, resource }) => !['get', 'list', 'watch'].includes(verb) && resource !== 'events',
    );
    expect(said(writing)).toEqual([
      'create leases.coordination.k8s.io in sluice-system',
      'patch services in istio-system',
      'patch services/status in istio-system',
      'update leases.coordination.k8s.io in sluice-system',
    ]);
  });

  test('are all in roles with a binding', () => {
    const roles = BASE.filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role').map(
      ({ metadata }) => metadata.name,
    );
    const bound = BASE.flatMap(({ roleRef }) => roleRef?.name ?? []);
    expect(roles.sort()).toEqual(bound.sort());
  });
});

/** For the Services of another namespace, so that those of the whole cluster are needed. */
const MESH = {
  ...gateway('mesh', 15443),
  spec: {
    selector: { istio: 'ingressgateway' },
    servers: [
      {
        port: { number: 15443, name: 'tls', protocol: 'TLS' },
        tls: { mode: 'AUTO_PASSTHROUGH' },
        hosts: ['cart.shop.svc.cluster.local'],
      },
    ],
  },
};

/** Where the Lease is. */
const HOME = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'sluice-system' } };

describe('a watcher under exactly these rights', () => {
  let at: Bench;
  let gate: Gate;
  let folder: string;

  beforeEach(async () => {
    at = await startBench({}, { now: () => 1_700_000_000_000 });
    gate = await startGate(at.lab, GRANTS);
    folder = mkdtempSync(join(tmpdir(), 'sluice-rights-'));
    writeFileSync(join(folder, 'kubeconfig'), gate.kubeconfig);
    at.lab.store.apply(HOME);
    at.lab.store.apply(gatewayPod());
    at.lab.store.apply(ingressService({ loadBalancerClass: 'sluice.io/bigip' }));
    at.lab.store.apply(gateway('echo', 32400));
    at.lab.store.apply(route('echo', 'echo', 32400));
    at.lab.store.apply(MESH);
  });

  afterEach(async () => {
    await at.close();
    await gate.close();
    rmSync(folder, { recursive: true });
  });

  /**
   * Advances the time until the condition is met; if it never is, the error shows what was refused
   * and logged.
   */
  async function passUntil(what: () => boolean): Promise<void> {
    let left = 2_000;
    await at.passUntil(() => {
      left -= 1;
      if (left < 0)
        throw new Error(
          `waited in vain; refused: ${gate.refused.join(', ')}; logged: ${JSON.stringify(at.logs.slice(-5))}`,
        );
      return what();
    });
  }

  const start = (): Promise<void> =>
    at.watcher({ kubeconfig: join(folder, 'kubeconfig'), leaseNamespace: 'sluice-system' }).start();

  /** The Events on the Gateway about the result of BIG-IP, with their counts. */
  const events = (): readonly { readonly reason: string; readonly count: number }[] =>
    at.lab.store.list('v1', 'Event', 'default') as unknown as { reason: string; count: number }[];

  async function told(
    outcome: ExposureResult['outcome'],
    code: string,
    reason: string,
    count: number,
  ): Promise<void> {
    at.settle({
      exposures: [
        {
          address: '172.16.100.195',
          port: 32400,
          protocol: 'tcp',
          partition: 'k8s',
          gateways: ['default/echo'],
          outcome,
          code,
          message: outcome,
        },
      ],
    });
    await passUntil(
      () =>
        at.queues.waiting('settled-east') === 0 &&
        events().some((event) => event.reason === reason && event.count === count),
    );
  }

  const ports = (): readonly number[] => {
    const service = at.lab.store.get('v1', 'Service', 'istio-system', 'istio-ingressgateway');
    return (service as unknown as { spec: { ports: { port: number }[] } }).spec.ports.map(
      ({ port }) => port,
    );
  };

  test('reads, adds ports, writes status and Events, keeps its epoch, and is refused nothing', async () => {
    await start();
    await passUntil(() => ports().includes(32400) || gate.refused.length > 0);
    for (const [outcome, code, reason, count] of [
      ['applied', 'OK', 'Programmed', 1],
      ['rejected', 'BIP411', 'ApplyFailed', 1],
      ['applied', 'OK', 'Programmed', 2],
    ] as const)
      await told(outcome, code, reason, count);
    await at
      .watcher({
        kubeconfig: join(folder, 'kubeconfig'),
        leaseNamespace: 'sluice-system',
        identity: 'next',
      })
      .start();
    await passUntil(
      () =>
        gate.refused.length > 0 ||
        gate.asked.some(({ resource, verb }) => resource === 'leases' && verb === 'update'),
    );
    expect(gate.refused).toEqual([]);
    // All granted rights are used, except single reads of watched kinds, and kinds that the lab
    // does not serve.
    const used = ({ group, resource }: Grant, verbs: readonly string[]): boolean =>
      gate.asked.some(
        (asked) =>
          asked.group === group && asked.resource === resource && verbs.includes(asked.verb),
      );
    const unused = GRANTS.filter(
      (grant) => !used(grant, grant.verb === 'get' ? ['get', 'list'] : [grant.verb]),
    );
    expect(said(unused)).toEqual(
      ['get', 'list', 'watch'].map((verb) => `${verb} udproutes.gateway.networking.k8s.io in *`),
    );
  });

  test('goes on without the right to list the Services of the cluster, and says that it is missing', async () => {
    await gate.close();
    gate = await startGate(
      at.lab,
      GRANTS.filter(({ namespace, resource }) => !(resource === 'services' && namespace === '*')),
    );
    writeFileSync(join(folder, 'kubeconfig'), gate.kubeconfig);
    await start();
    await passUntil(() => ports().includes(32400));
    await passUntil(() =>
      at.lab.store
        .list('v1', 'Event')
        .some((event) => (event as unknown as { message: string }).message.startsWith('GW160')),
    );
    expect(new Set(gate.refused)).toEqual(new Set(['list services in *']));
  });

  test.each([
    ['calico', 'with the component', componentGrants('calico'), []],
    ['cilium', 'with the component', componentGrants('cilium'), []],
    ['calico', 'or goes on', [], ['list blockaffinities.projectcalico.org in *']],
  ] as const)('reads objects of %s %s', async (from, _, more, refused) => {
    await at.close();
    await gate.close();
    at = await startBench(
      {},
      { now: () => 1_700_000_000_000 },
      { network: { mode: 'routes', from } },
    );
    gate = await startGate(at.lab, [...GRANTS, ...more]);
    writeFileSync(join(folder, 'kubeconfig'), gate.kubeconfig);
    at.lab.store.apply(HOME);
    at.lab.store.apply(gatewayPod());
    at.lab.store.apply(ingressService());
    await start();
    await passUntil(() => at.snapshots().length > 0);
    const list = from === 'calico' ? 'blockAffinities' : 'ciliumNodes';
    expect(at.snapshots().at(-1)?.objects.optionalKinds?.[list]).toEqual(
      refused.length === 0 ? [] : undefined,
    );
    expect([...new Set(gate.refused)]).toEqual(refused);
  });

  test('is refused without a right, so the check itself works', async () => {
    await gate.close();
    gate = await startGate(
      at.lab,
      GRANTS.filter(({ resource, verb }) => !(resource === 'services' && verb === 'patch')),
    );
    writeFileSync(join(folder, 'kubeconfig'), gate.kubeconfig);
    await start();
    await passUntil(() => gate.refused.length > 0);
    expect(new Set(gate.refused)).toEqual(new Set(['patch services in istio-system']));
    expect(ports()).toEqual([15020]);
  });
});
