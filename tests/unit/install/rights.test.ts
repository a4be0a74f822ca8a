/** `sluice doctor --kubeconfig` with the account that the manifests install. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startKubernetes, type LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { clusterChecks } from '../../../shared/operations/doctor/cluster-checks.ts';
import { describeFinding } from '../../../shared/operations/doctor/finding.ts';
import { ingressService } from '../../integration/watch/support.ts';
import { startGate, type Gate } from './gate.ts';
import { grantsOf, sayGrant, type Grant } from './grants.ts';
import { FOLDER, readResources } from './manifests.ts';
import { NO_RELEASES } from '../../fixtures/views.ts';

const GRANTS = grantsOf(readResources(join(FOLDER, 'base')));

let lab: LabKubernetes;
let gate: Gate | undefined;
let folder: string;
beforeEach(async () => {
  lab = await startKubernetes();
  lab.store.apply(ingressService());
  folder = mkdtempSync(join(tmpdir(), 'sluice-rights-'));
});
afterEach(async () => {
  await gate?.close();
  gate = undefined;
  await lab.close();
  rmSync(folder, { recursive: true });
});

interface Asked {
  readonly grants?: readonly Grant[];
  readonly namespace?: string;
  readonly servicePorts?: 'observe';
  readonly clusters?: readonly string[];
  readonly cluster?: string;
  readonly network?: object;
}

/** The findings that are not ok, as people read them. */
async function bad({
  grants = GRANTS,
  namespace,
  servicePorts,
  clusters = ['east'],
  cluster,
  network,
}: Asked): Promise<string[]> {
  gate = await startGate(lab, grants);
  const file = join(folder, 'kubeconfig');
  const text = gate.kubeconfig.replace('namespace: default', `namespace: ${namespace}`);
  writeFileSync(file, namespace === undefined ? gate.kubeconfig : text);
  const ingress = { cluster: 'east', service: 'istio-system/istio-ingressgateway' };
  const config = SluiceConfig.parse({
    generation: 1,
    devices: [{ name: 'b', url: 'https://b', username: 'u', password: 'env:P', partitions: ['k'] }],
    clusters: clusters.map((id) => ({ id, network })),
    ingresses: [{ ...ingress, devices: ['b'], virtualAddress: '10.0.0.1', servicePorts }],
  });
  const findings = await clusterChecks(
    { config },
    {
      kubeconfig: file,
      cluster,
      ...(namespace === undefined && { leaseNamespace: 'sluice-system' }),
    },
    NO_RELEASES,
  );
  return findings
    .filter(({ ok }) => !ok)
    .map((finding) => `${finding.state} ${finding.what}: ${describeFinding(finding)}`);
}

const withoutGrant = (words: string): readonly Grant[] => {
  const rest = GRANTS.filter((grant) => sayGrant(grant) !== words);
  expect(rest).toHaveLength(GRANTS.length - 1);
  return rest;
};

describe('the rights of an account', () => {
  test('are complete with exactly the shipped roles', async () => {
    expect(await bad({})).toEqual([]);
  });

  test('are asked for in the namespace of the Lease that "sluice up" would use', async () => {
    expect(await bad({ namespace: 'sluice-system' })).toEqual([]);
    await gate?.close();
    expect(await bad({ namespace: 'elsewhere' })).toEqual([
      expect.stringMatching(
        /^fail rights in elsewhere: missing: get, create, update leases\.coordination\.k8s\.io \(stores the epoch\); .*--lease-namespace/,
      ),
      expect.stringMatching(/^warn release of the watcher of east: .*403 Forbidden/),
    ]);
  });

  test.each([
    ['patch services in istio-system', 'fail rights in istio-system: missing: patch services ('],
    [
      'patch services/status in istio-system',
      'fail rights in istio-system: missing: patch services/status (',
    ],
    ['watch nodes in *', 'fail rights in the cluster: missing: watch nodes ('],
    ['create events in *', 'fail rights in the cluster: missing: create events ('],
    [
      'list referencegrants.gateway.networking.k8s.io in *',
      'warn optional rights in the cluster: missing: list referencegrants.gateway.networking.k8s.io (',
    ],
  ])('without %s are reported with what the right is for', async (words, told) => {
    expect(await bad({ grants: withoutGrant(words) })).toEqual([expect.stringContaining(told)]);
  });

  test('are not checked at ingresses while it is unknown which of several clusters this is', async () => {
    const grants = GRANTS.filter(({ namespace }) => namespace !== 'istio-system');
    expect(await bad({ grants, clusters: ['east', 'west'] })).toEqual([]);
    await gate?.close();
    expect(await bad({ clusters: ['east', 'west'], cluster: 'east' })).toEqual([]);
  });

  test('to change Services are not asked for where Sluice only observes their ports', async () => {
    const grants = withoutGrant('patch services in istio-system');
    expect(await bad({ grants, servicePorts: 'observe' })).toEqual([]);
  });

  test('to objects of a CNI are asked for if the configuration names it, and only then', async () => {
    const network = { mode: 'routes', from: 'calico' };
    expect(await bad({ network })).toEqual([
      'warn rights for network.from: calico: missing: get, list, watch ' +
        'blockaffinities.projectcalico.org (the blocks of pod addresses of each node); ' +
        'get, list, watch ' +
        'blockaffinities.crd.projectcalico.org (the blocks of pod addresses of each node); ' +
        'grant it to this account, or use network.from: host; ' +
        'infra/kubernetes/components/network-calico has it',
    ]);
    await gate?.close();
    const component = readResources(join(FOLDER, 'components/network-calico'));
    const account = readResources(join(FOLDER, 'base')).filter(
      ({ kind }) => kind === 'ServiceAccount',
    );
    const grants = [...GRANTS, ...grantsOf([...account, ...component])];
    expect(await bad({ network, grants })).toEqual([]);
    await gate?.close();
    expect(await bad({ network: { mode: 'routes', from: 'auto' } })).toEqual([]);
  });
});
