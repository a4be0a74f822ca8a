/** `sluice doctor -k` where another program wrote the external address of the ingress Service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startKubernetes, type LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { clusterChecks } from '../../../shared/operations/doctor/cluster-checks.ts';
import { describeFinding } from '../../../shared/operations/doctor/finding.ts';
import { call } from '../lab-kubernetes/client.ts';
import { ingressService } from '../watch/support.ts';
import { NO_RELEASES } from '../../fixtures/views.ts';

const NAME = 'istio-ingressgateway';
const PATH = `/api/v1/namespaces/istio-system/services/${NAME}/status`;

let lab: LabKubernetes;
let folder: string;
beforeEach(async () => {
  lab = await startKubernetes();
  folder = mkdtempSync(join(tmpdir(), 'sluice-doctor-'));
});
afterEach(async () => {
  await lab.close();
  rmSync(folder, { recursive: true });
});

/** As a controller does that merges the status. */
async function writeAs(manager: string, annotations: Record<string, string> = {}): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace: 'istio-system', annotations },
    status: { loadBalancer: { ingress: [{ ip: '10.8.3.11' }] } },
  };
  const type = 'application/apply-patch+yaml';
  const answer = await call(lab, `${PATH}?fieldManager=${manager}`, {
    method: 'PATCH',
    type,
    body,
  });
  expect(answer.code).toBe(200);
}

async function found(writeStatus: boolean): Promise<string> {
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, lab.kubeconfig());
  const ingress = { cluster: 'east', service: `istio-system/${NAME}`, devices: ['b'] };
  const config = SluiceConfig.parse({
    generation: 1,
    devices: [{ name: 'b', url: 'https://b', username: 'u', password: 'env:P', partitions: ['k'] }],
    clusters: [{ id: 'east' }],
    ingresses: [{ ...ingress, virtualAddress: '10.0.0.1', writeStatus }],
  });
  const findings = await clusterChecks({ config }, { kubeconfig }, NO_RELEASES);
  const [finding] = findings.filter(({ id }) => id === 'ingress-service');
  return finding === undefined ? '' : `${finding.state} ${describeFinding(finding)}`;
}

const WEST = { 'watcher.sluice.io/status-cluster': 'west' };
const EAST = { 'watcher.sluice.io/status-cluster': 'east' };

test.each([
  ['another controller', 'old-lb', {}, 'field manager old-lb'],
  [
    'the Sluice of another cluster',
    'sluice-status',
    WEST,
    'field manager sluice-status of cluster west',
  ],
])('an address of %s is named, with the way to remove it', async (_, manager, notes, writer) => {
  lab.store.apply(ingressService());
  await writeAs(manager, notes);
  expect(await found(true)).toBe(
    `warn its external address 10.8.3.11 was written by ${writer}, so Sluice does not ` +
      'change it; if no controller maintains it any more, remove it: kubectl -n istio-system ' +
      'patch service istio-ingressgateway --subresource=status --type=merge -p ' +
      `'{"status":{"loadBalancer":{"ingress":null}}}'`,
  );
});

test('an address of another controller is no fault where Sluice writes none', async () => {
  lab.store.apply(ingressService());
  await writeAs('old-lb');
  expect(await found(false)).toBe(
    'ok is there; its external address 10.8.3.11 was written by field manager old-lb, and writeStatus is off',
  );
});

test.each([
  ['written by this cluster', {}, 'sluice-status', EAST],
  ['that Sluice will replace', { loadBalancerClass: 'sluice.io/bigip' }, 'old-lb', {}],
])('an address %s is in order', async (_, spec, manager, notes) => {
  lab.store.apply(ingressService(spec));
  await writeAs(manager, notes);
  expect(await found(true)).toBe('ok is there');
});

test('a Service that does not exist is reported', async () => {
  expect(await found(true)).toMatch(/^fail is not in the cluster; correct ingresses/);
});
