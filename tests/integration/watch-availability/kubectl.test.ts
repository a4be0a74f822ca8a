import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { IngressConfig } from '../../../shared/config/schema.ts';
import { kubectlFound, startKubectl, type Kubectl } from '../lab-kubernetes/client.ts';
import { gateway, gatewayPod, quiet, route, startBench, type Bench } from '../watch/support.ts';

const MANIFEST = `
apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec:
  type: LoadBalancer
  selector: {istio: ingressgateway}
  ports:
  - {name: status-port, port: 15020, targetPort: 15020, nodePort: 31702}
`;

if (!kubectlFound)
  process.stderr.write(
    'tests/integration/watch-availability/kubectl.test.ts skipped: no kubectl on the ' +
      'PATH; install kubectl 1.32 to run these\n',
  );

(kubectlFound ? describe : describe.skip)('the user’s kubectl and the Service ports', () => {
  let at: Bench;
  let kubectl: Kubectl;
  afterEach(async () => {
    await kubectl.close();
    await at.close();
  });

  async function started(
    ingress: Partial<IngressConfig>,
    ...how: readonly string[]
  ): Promise<void> {
    at = await startBench(ingress);
    kubectl = await startKubectl(at.lab);
    at.lab.store.apply(gatewayPod());
    expect((await kubectl.pipe(MANIFEST, 'apply', ...how, '-f', '-')).code).toBe(0);
    await at.watcher().start();
    at.lab.store.apply(gateway('echo', 32400));
    at.lab.store.apply(route('echo', 'echo', 32400));
  }

  const service = () => at.lab.store.get('v1', 'Service', 'istio-system', 'istio-ingressgateway');
  const ports = (): readonly number[] =>
    (service() as unknown as { spec: { ports: { port: number }[] } }).spec.ports.map(
      ({ port }) => port,
    );

  test.each([
    ['client-side', []],
    ['server-side', ['--server-side']],
  ])(
    'a %s apply of the original manifest keeps the added port, and causes no further write',
    async (_, how) => {
      await started({}, ...how);
      await at.passUntil(() => ports().includes(32400));
      for (let again = 0; again < 3; again += 1)
        expect((await kubectl.pipe(MANIFEST, 'apply', ...how, '-f', '-')).code).toBe(0);
      const version = service()?.metadata.resourceVersion;
      expect(ports()).toEqual([15020, 32400]);
      at.clock.advance(2_000);
      await quiet();
      at.clock.advance(2_000);
      await quiet();
      expect([ports(), service()?.metadata.resourceVersion]).toEqual([[15020, 32400], version]);
    },
  );

  test('the command in the message of observe adds the port', async () => {
    await started({ servicePorts: 'observe' });
    const said = (): string | undefined =>
      (
        at.lab.store.list('v1', 'Event', 'istio-system') as readonly unknown[] as readonly {
          reason: string;
          message: string;
        }[]
      ).find(({ reason }) => reason === 'ServicePortMissing')?.message;
    await at.passUntil(() => said() !== undefined);
    const command = said()?.split('add it with: ')[1] ?? '';
    expect(command).toMatch(/^kubectl -n istio-system patch service istio-ingressgateway /);
    const folder = mkdtempSync(join(tmpdir(), 'sluice-kubectl-'));
    writeFileSync(join(folder, 'config'), at.lab.kubeconfig());
    await promisify(execFile)('sh', ['-c', command], {
      env: { ...process.env, KUBECONFIG: join(folder, 'config') },
    }).finally(() => rmSync(folder, { recursive: true }));
    expect(ports()).toEqual([15020, 32400]);
  });
});
