import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ExposureResult } from '../../../shared/domain/exposure/exposure.ts';
import { mapIngress } from '../../../shared/domain/istio/map-ingress.ts';
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import { kubectlFound, startKubectl, type Kubectl } from '../lab-kubernetes/client.ts';
import {
  type Bench,
  gateway,
  gatewayPod,
  ingressService,
  route,
  startBench,
  toldAll,
  until,
} from '../watch/support.ts';

if (!kubectlFound)
  process.stderr.write(
    'tests/integration/watch-availability/describe.test.ts skipped: no kubectl on the ' +
      'PATH; install kubectl 1.32 to run these\n',
  );

const PORTS = { good: 32400, failed: 32401, taken: 32402, routeless: 32403 } as const;

const REFUSED = 'BIG-IP refuses it: the iRule is invalid';
const TAKEN =
  '172.16.100.195:32402/tcp belongs to west/istio-system/istio-ingressgateway ' +
  '(default/echo); choose another port or virtual address';

function result(name: keyof typeof PORTS, more: Partial<ExposureResult>): ExposureResult {
  return {
    address: '172.16.100.195',
    port: PORTS[name],
    protocol: 'tcp',
    partition: 'k8s',
    gateways: [`default/${name}`],
    outcome: 'applied',
    code: 'OK',
    message: 'created',
    ...more,
  };
}

/** The table under `Events:`: type, reason, from and message of each. */
function eventsOf(text: string): readonly string[] {
  const lines = (text.split('\nEvents:')[1] ?? '')
    .split('\n')
    .slice(3)
    .filter((line) => line.trim() !== '');
  return lines.map((line) =>
    line
      .trim()
      .split(/\s{2,}/)
      .filter((_, i) => i !== 2)
      .join(' | '),
  );
}

(kubectlFound ? describe : describe.skip)('kubectl describe', () => {
  let at: Bench;
  let kubectl: Kubectl;

  beforeEach(async () => {
    at = await startBench({ servicePorts: 'observe', probe: false });
    kubectl = await startKubectl(at.lab);
    at.lab.store.apply(gatewayPod());
    at.lab.store.apply(
      ingressService({
        loadBalancerClass: 'sluice.io/bigip',
        ports: Object.entries(PORTS).map(([name, port]) => ({
          name,
          port,
          protocol: 'TCP',
          targetPort: port,
        })),
      }),
    );
    for (const [name, port] of Object.entries(PORTS)) {
      at.lab.store.apply(gateway(name, port));
      if (name !== 'routeless') at.lab.store.apply(route(name, name, port));
    }
    await at.watcher().start();
    await until(() => at.snapshots().length === 1);
    const [snapshot] = at.snapshots();
    const servers =
      snapshot === undefined
        ? []
        : mapIngress(snapshot.ingress, snapshot.objects, MeshOptions.parse({})).servers;
    at.settle({
      servers: [...servers],
      exposures: [
        result('good', {}),
        result('failed', { outcome: 'rejected', code: 'BIP411', message: REFUSED }),
        result('taken', { outcome: 'conflict', code: 'OWN301', message: TAKEN }),
      ],
    });
    await toldAll(at);
  });

  afterEach(async () => {
    await kubectl.close();
    await at.close();
  });

  const told = async (...what: readonly string[]): Promise<string> => {
    const { code, out, err } = await kubectl.run('describe', ...what);
    expect([code, err]).toEqual([0, '']);
    return out;
  };

  const gatewayEvents = async (name: keyof typeof PORTS): Promise<readonly string[]> =>
    eventsOf(await told('gateways.networking.istio.io', name));

  test('shows the address of a published Gateway', async () => {
    expect(await gatewayEvents('good')).toEqual([
      'Normal | Programmed | sluice | bigip-1 serves 172.16.100.195:32400/tcp (partition k8s)',
    ]);
  });

  test('shows what to add for a Gateway whose server opens no port', async () => {
    expect(await gatewayEvents('routeless')).toEqual([
      expect.stringMatching(
        /^Warning \| NoRoute \| sluice \| server 0 \(tcp\), port 32403: MAP230: .*; add a VirtualService with a tcp block for port 32403 and gateways: \[default\/routeless\]$/,
      ),
    ]);
  });

  test('shows the winner and the remedy for a Gateway that lost a conflict', async () => {
    expect(await gatewayEvents('taken')).toEqual([
      `Warning | PortConflict | sluice | 172.16.100.195:32402/tcp on bigip-1: OWN301: ${TAKEN}`,
    ]);
  });

  test("shows the device's message for a refused Gateway", async () => {
    expect(await gatewayEvents('failed')).toEqual([
      `Warning | ApplyFailed | sluice | 172.16.100.195:32401/tcp on bigip-1: BIP411: ${REFUSED}`,
    ]);
  });

  test('shows on the Service the external address, and for each port what became of it and whose it is', async () => {
    const text = await told('-n', 'istio-system', 'service', 'istio-ingressgateway');
    expect(text).toMatch(/^LoadBalancer Ingress: +172\.16\.100\.195 \(Proxy\)$/m);
    expect([...eventsOf(text)].sort()).toEqual([
      'Normal | Programmed | sluice | bigip-1 serves 172.16.100.195:32400/tcp for Gateway default/good (partition k8s)',
      'Warning | ApplyFailed | sluice | 172.16.100.195:32401/tcp for Gateway ' +
        `default/failed on bigip-1: BIP411: ${REFUSED}`,
      'Warning | PortConflict | sluice | 172.16.100.195:32402/tcp for Gateway ' +
        `default/taken on bigip-1: OWN301: ${TAKEN}`,
    ]);
  });
});
