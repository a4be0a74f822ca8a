import { CNI_KINDS } from '../../../shared/kubernetes/cni-kinds.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Discoverable, discoverKind } from '../../../shared/kubernetes/discovery.ts';
import {
  createKubernetesClient,
  KubernetesError,
  type RawObject,
  type Resource,
} from '../../../shared/kubernetes/index.ts';
import { configMap, startLab, startModel, type Subject } from './support.ts';

const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
const SERVICES: Resource = {
  group: '',
  version: 'v1',
  plural: 'services',
  kind: 'Service',
  namespaced: true,
};
const ISTIO = {
  group: 'networking.istio.io',
  plural: 'gateways',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
};

/** The lab's API server over sockets, and the one of the promises in one process. */
describe.each([
  ['over TLS', startLab],
  ['in one process', startModel],
])('%s', (_where, start) => {
  let at: Subject;
  beforeEach(async () => {
    at = await start();
  });
  afterEach(() => at.close());

  test('permissions are checked with the API server, for one namespace or for all', async () => {
    const patch = { group: '', resource: 'services/status', verb: 'patch' };
    expect(await at.client.may(patch)).toBe(true);
    at.lab.faults.deny({ resource: 'services', namespace: 'a' });
    expect(await at.client.may({ ...patch, namespace: 'a' })).toBe(false);
    expect(await at.client.may({ ...patch, namespace: 'b' })).toBe(true);
  });

  async function listed(client = at.client): Promise<RawObject[]> {
    const items: RawObject[] = [];
    for await (const page of client.pages(CONFIG_MAPS)) items.push(...page.items);
    return items;
  }

  async function failure(action: Promise<unknown>): Promise<KubernetesError> {
    const error = await action.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(KubernetesError);
    return error as KubernetesError;
  }

  describe('lists', () => {
    test('are complete, however many pages they take, and every item has its kind', async () => {
      for (let n = 0; n < 1201; n += 1) at.lab.store.apply(configMap(`map-${n}`));
      const versions = new Set<string>();
      const items: RawObject[] = [];
      let pages = 0;
      for await (const page of at.client.pages(CONFIG_MAPS)) {
        pages += 1;
        versions.add(page.resourceVersion);
        items.push(...page.items);
      }
      expect(new Set(items.map((item) => item.metadata.name)).size).toBe(1201);
      expect(items.every((item) => item.kind === 'ConfigMap' && item.apiVersion === 'v1')).toBe(
        true,
      );
      // One consistent list, in several pages.
      expect(pages).toBeGreaterThan(2);
      expect(versions.size).toBe(1);
    });

    test('can be narrowed by label', async () => {
      at.lab.store.apply(configMap('one', {}, { f5type: 'virtual-server' }));
      at.lab.store.apply(configMap('two'));
      const names: string[] = [];
      for await (const page of at.client.pages(CONFIG_MAPS, {
        labelSelector: 'f5type=virtual-server',
      }))
        names.push(...page.items.map((item) => item.metadata.name));
      expect(names).toEqual(['one']);
    });
  });

  describe('errors describe the cause', () => {
    test('a denied list has status, reason and the path', async () => {
      at.lab.faults.deny({ verbs: ['list'] });
      const error = await failure(listed());
      expect([error.status, error.reason]).toEqual([403, 'Forbidden']);
      expect(error.message).toContain('/api/v1/configmaps');
    });

    test('a server that is not there has status 0 and a hint', async () => {
      const gone = await startLab();
      await gone.lab.close();
      const error = await failure(listed(gone.client));
      expect([error.status, error.reason]).toEqual([0, 'Unreachable']);
      expect(error.message).toMatch(/check the address, the network and the certificate/);
      await gone.client.close();
    });

    test('an object that does not exist is undefined, not an error', async () => {
      expect(await at.client.get(CONFIG_MAPS, 'nothing', 'default')).toBeUndefined();
    });

    test('a kubeconfig without a usable context is refused with the remedy', async () => {
      const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
      const { tmpdir } = await import('node:os');
      const folder = mkdtempSync(`${tmpdir()}/sluice-kubeconfig-`);
      writeFileSync(
        `${folder}/config`,
        'apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\ncurrent-context: nowhere\n',
      );
      expect(() => createKubernetesClient({ kubeconfig: `${folder}/config` })).toThrow(
        /names no cluster for its current context "nowhere"; set one with "kubectl config use-context"/,
      );
      rmSync(folder, { recursive: true });
    });
  });

  describe('discovery', () => {
    const OLDER = { group: 'crd.projectcalico.org', version: 'v1' };

    test('finds the newest version that is served', async () => {
      expect(await at.client.discover(ISTIO)).toEqual({ group: ISTIO.group, version: 'v1' });
      at.lab.serve('networking.istio.io/v1', false);
      expect(await at.client.discover(ISTIO)).toEqual({ group: ISTIO.group, version: 'v1beta1' });
      at.lab.serve('networking.istio.io/v1beta1', false);
      expect(await at.client.discover(ISTIO)).toEqual({ group: ISTIO.group, version: 'v1alpha3' });
    });

    test('finds a kind in its other group, if the first one does not serve it', async () => {
      at.lab.serve('projectcalico.org', false);
      expect(await at.client.discover(CNI_KINDS.calico)).toEqual(OLDER);
    });

    test('prefers projectcalico.org/v3, because a migration leaves the older objects as they were', async () => {
      const served = { group: 'projectcalico.org', version: 'v3' };
      expect(await at.client.discover(CNI_KINDS.calico)).toEqual(served);
    });

    test('takes the objects behind an extension API server that does not answer', async () => {
      const real = { group: 'projectcalico.org', version: 'v3' };
      const answers = new Map<string, object>([
        ['/apis/projectcalico.org', { versions: [real] }],
        ['/apis/crd.projectcalico.org', { versions: [OLDER] }],
        ['/apis/crd.projectcalico.org/v1', { resources: [{ name: 'blockaffinities' }] }],
      ]);
      const asked = (kind: Discoverable): Promise<unknown> =>
        discoverKind(
          {
            json: ({ path }: { readonly path: string }) => {
              const answer = answers.get(path);
              return answer === undefined
                ? Promise.reject(
                    new KubernetesError({
                      status: 503,
                      reason: 'ServiceUnavailable',
                      message: 'no',
                    }),
                  )
                : Promise.resolve(answer);
            },
          } as never,
          kind,
        );
      expect(await asked(CNI_KINDS.calico)).toEqual(OLDER);
      await expect(
        asked({ ...CNI_KINDS.calico, otherGroup: undefined } as never),
      ).rejects.toThrow();
    });

    test('reports a missing kind or group', async () => {
      at.lab.serve('gateways.networking.istio.io', false);
      expect(await at.client.discover(ISTIO)).toBeUndefined();
      at.lab.serve('networking.istio.io', false);
      expect(await at.client.discover(ISTIO)).toBeUndefined();
    });
  });

  test('an object is removed as it was read, not after it changed, and one that is gone is no error', async () => {
    at.lab.store.apply(configMap('one'));
    const [old] = await listed();
    at.lab.store.apply({ ...configMap('one'), data: { changed: 'yes' } });
    expect((await failure(at.client.remove(CONFIG_MAPS, old!))).status).toBe(409);
    const [now] = await listed();
    await at.client.remove(CONFIG_MAPS, now!);
    expect(await listed()).toEqual([]);
    await at.client.remove(CONFIG_MAPS, now!);
  });

  describe('server-side apply', () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'default', name: 'web' },
      spec: {
        type: 'LoadBalancer',
        selector: { app: 'web' },
        ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
      },
    };
    const ports = (object: RawObject): number[] =>
      (object['spec'] as { ports: { port: number }[] }).ports.map((entry) => entry.port);

    test('adds our port and keeps the others; omitting it removes only ours', async () => {
      const { uid = '' } = at.lab.store.apply(service).metadata;
      const ours = {
        metadata: { namespace: 'default', name: 'web', uid },
        spec: { ports: [{ name: 'tcp-32400', port: 32400, protocol: 'TCP', targetPort: 32400 }] },
      };
      expect(ports(await at.client.apply(SERVICES, ours, { manager: 'sluice' }))).toEqual([
        80, 32400,
      ]);
      expect(
        ports(await at.client.apply(SERVICES, { metadata: ours.metadata }, { manager: 'sluice' })),
      ).toEqual([80]);
    });

    test('refuses to take over fields of another manager', async () => {
      at.lab.store.apply(service);
      const theirs = {
        metadata: { namespace: 'default', name: 'web' },
        spec: { ports: [{ name: 'mine', port: 80, protocol: 'TCP', targetPort: 9999 }] },
      };
      const error = await failure(at.client.apply(SERVICES, theirs, { manager: 'sluice' }));
      expect([error.status, error.reason]).toEqual([409, 'Conflict']);
    });
  });

  test('replace fails after a concurrent write', async () => {
    at.lab.store.apply(configMap('one', { n: '1' }));
    const read = await at.client.get(CONFIG_MAPS, 'one', 'default');
    at.lab.store.apply(configMap('one', { n: '2' }));
    const error = await failure(
      at.client.replace(CONFIG_MAPS, { ...(read as RawObject), data: { n: '3' } }),
    );
    expect(error.status).toBe(409);
  });
});
