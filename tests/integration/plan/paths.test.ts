/** `sluice plan --device` shows what would change in the paths of a device, and writes nothing. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pathChangeLines } from '../../../functions/cli/plan/path-lines.ts';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import { differs, type ObjectPlan, planObjects } from '../../../shared/operations/plan/plan.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED } from '../../../shared/queue/events.ts';
import { closeAll, lab, recordRequests } from '../../contract/bigip/support.ts';
import { rawNode } from '../../fixtures/cni-nodes.ts';
import { pathSlice, podOn } from '../../fixtures/paths.ts';
import { apply, bench, type Bench } from '../audit/support.ts';
import { call } from '../lab-bigip/client.ts';

afterEach(closeAll);

const LABELS = { istio: 'ingressgateway' };
const NAME = { name: 'istio-ingressgateway', namespace: 'istio-system' };
const FOR = { device: 'bigip-1', devices: ['bigip-1'] };
const POD = podOn(3);

/** A Gateway at port 443, and a gateway pod on n3. */
function objects(nodeAddress: string): readonly object[] {
  return [
    rawNode({ podCIDRs: ['10.244.3.0/24'], address: nodeAddress }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: NAME,
      spec: { selector: LABELS, ports: [{ name: 'https', port: 443, targetPort: 8443 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...NAME, name: 'gateway-1', labels: LABELS },
      spec: { nodeName: 'n3', containers: [{ name: 'istio-proxy', args: ['proxy', 'router'] }] },
      status: {
        podIP: POD,
        podIPs: [{ ip: POD }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'tcp-echo-gateway', namespace: 'default' },
      spec: {
        selector: LABELS,
        servers: [
          {
            port: { number: 443, name: 'https', protocol: 'HTTPS' },
            hosts: ['*'],
            tls: { mode: 'SIMPLE', credentialName: 'web' },
          },
        ],
      },
    },
  ];
}

let bigip: LabBigip;
let site: Bench;
beforeEach(async () => {
  bigip = await lab();
  const body = { name: 'nodes', address: '192.0.2.200/24', vlan: 'internal' };
  expect((await call(bigip, 'POST', '/mgmt/tm/net/self', { body })).status).toBe(200);
  site = bench([bigip], { more: { cluster: { network: { mode: 'routes' } } } });
});

async function plan(nodeAddress: string): Promise<ObjectPlan> {
  return planObjects(site.runtime, {
    objects: normaliseObjects(objects(nodeAddress)).objects,
    clusterId: 'east',
    mesh: MeshOptions.parse({}),
    ask: true,
  });
}
const lines = async (nodeAddress: string): Promise<readonly string[]> =>
  pathChangeLines((await plan(nodeAddress)).pathChanges);

/** The route to the pod on n3 through 192.0.2.3 is on the device. */
async function settled(): Promise<void> {
  const slice = pathSlice(1, [POD], undefined, FOR);
  await site.runtime.queues.queue('slices').send({
    group: 'bigip-1',
    deduplicationId: 'slice 1',
    body: serialiseEvent(INGRESS_DESIRED, slice, {
      id: 'e',
      cluster: 'east',
      subject: slice.owner,
      time: new Date(site.runtime.clock.now()).toISOString(),
    }),
  });
  await apply(site);
}

test('sluice plan shows a route that the device lacks', async () => {
  const seen = recordRequests(bigip);
  const planned = await plan('192.0.2.3');
  expect(pathChangeLines(planned.pathChanges)).toEqual([
    '+ route 10.244.3.0/24 via 192.0.2.3 (bigip-1, node n3)',
  ]);
  expect(planned.pathChanges).toMatchObject([
    { device: 'bigip-1', changes: [{ change: 'add', kind: 'route', to: '192.0.2.3' }] },
  ]);
  const writes = seen.filter(({ method, path }) => method !== 'GET' && !/auth[nz]/.test(path));
  expect(writes).toEqual([]);
});

test('sluice plan shows nothing for an existing route, and the change if its node has a new address', async () => {
  await settled();
  expect(await lines('192.0.2.3')).toEqual([]);
  const planned = await plan('192.0.2.9');
  expect(pathChangeLines(planned.pathChanges)).toEqual([
    '~ route 10.244.3.0/24 via 192.0.2.9 (before: 192.0.2.3) (bigip-1, node n3)',
  ]);
  expect(differs({ ...planned, changes: [] })).toBe(true);
});

test('sluice plan says why paths cannot be planned if the journal cannot be read', async () => {
  await settled();
  const path = '/mgmt/tm/ltm/data-group/internal/~sluice-net~sluice-paths-1';
  const body = { records: [{ name: 'x', data: 'y' }] };
  expect((await call(bigip, 'PATCH', path, { body })).status).toBe(200);
  expect(await lines('192.0.2.3')).toEqual([
    expect.stringMatching(/^! paths of bigip-1 cannot be planned: .*sluice-paths-1.* \(BIP474\)$/),
  ]);
});
