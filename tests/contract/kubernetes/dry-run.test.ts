import { expect, test } from '@jest/globals';
import { dryRunClient } from '../../../shared/kubernetes/dry-run.ts';
import type { KubernetesClient, Resource } from '../../../shared/kubernetes/index.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';

const SERVICES: Resource = {
  group: '',
  version: 'v1',
  plural: 'services',
  kind: 'Service',
  namespaced: true,
};
const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};

function setUp(): {
  readonly client: KubernetesClient;
  readonly told: object[];
  readonly asked: string[];
} {
  const told: object[] = [];
  const asked: string[] = [];
  const quiet = (): void => undefined;
  const log: Logger = {
    debug: quiet,
    info: (fields, message) => void told.push({ ...fields, message }),
    warn: quiet,
    error: quiet,
    child: () => log,
  };
  // A cluster that only supports reads, so that every write fails the test.
  const real = new Proxy({} as KubernetesClient, {
    get: (_target, name) =>
      name === 'namespace'
        ? 'default'
        : (resource: Resource) => {
            asked.push(`${String(name)} ${resource?.kind ?? ''}`.trim());
            return Promise.resolve({ metadata: { name: 'real' } });
          },
  });
  return { client: dryRunClient(real, log), told, asked };
}

test('reads are sent, writes are logged once and answered as successful', async () => {
  const { client, told, asked } = setUp();
  const object = { metadata: { namespace: 'n', name: 's' }, spec: { ports: [] } };
  expect(await client.get(SERVICES, 's', 'n')).toEqual({ metadata: { name: 'real' } });
  for (let again = 0; again < 2; again += 1)
    expect(await client.apply(SERVICES, object, { manager: 'm' })).toMatchObject(object);
  await client.create(SERVICES, object);
  await client.replace(SERVICES, object);
  await client.merge(SERVICES, { name: 's', namespace: 'n' }, { count: 2 });
  expect(asked).toEqual(['get Service']);
  expect(told).toMatchObject(
    ['apply', 'create', 'replace', 'merge'].map((verb) => ({
      verb,
      kind: 'Service',
      object: 'n/s',
      message: 'dry run: not written',
    })),
  );
});

test('a dry run has its own Lease: it neither takes over nor waits for that of a running watcher', async () => {
  const { client, told, asked } = setUp();
  expect(await client.get(LEASES, 'l', 'n')).toBeUndefined();
  const created = await client.create(LEASES, {
    metadata: { namespace: 'n', name: 'l' },
    spec: { holderIdentity: 'me' },
  });
  const seen = await client.get(LEASES, 'l', 'n');
  expect(seen).toEqual(created);
  const renewed = await client.replace(LEASES, {
    ...created,
    spec: { holderIdentity: 'me', renewTime: 'later' },
  });
  expect(renewed.metadata.resourceVersion).not.toBe(created.metadata.resourceVersion);
  expect([asked, told]).toEqual([[], []]);
});
