import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createStream,
  type Stream,
  type StreamKind,
  type StreamTiming,
} from '../../../shared/kubernetes/index.ts';
import { CNI_KINDS } from '../../../shared/kubernetes/cni-kinds.ts';
import { rawBlock } from '../../fixtures/cni-nodes.ts';
import {
  configMap,
  gateway,
  hurriedClock,
  silent,
  startLab,
  startModel,
  until,
  type Subject,
} from './support.ts';

const CONFIG_MAPS: StreamKind = {
  group: '',
  versions: ['v1'],
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
const GATEWAYS: StreamKind = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  plural: 'gateways',
  kind: 'Gateway',
  namespaced: true,
};

/** The lab's API server over sockets, and the one of the promises in one process. */
describe.each([
  ['over TLS', startLab],
  ['in one process', startModel],
])('%s', (_where, start) => {
  let at: Subject;
  let seen: string[];
  let stream: Stream<{ name: string; data: Record<string, string> }>;

  function follow(
    kind = CONFIG_MAPS,
    options: { timing?: Partial<StreamTiming>; onChange?: (line: string) => void } = {},
  ): void {
    seen = [];
    stream = createStream({
      client: at.client,
      kind,
      normalise: (raw) => ({
        name: raw.metadata.name,
        data: (raw['data'] ?? {}) as Record<string, string>,
      }),
      onChange: ({ what, object }) => {
        seen.push(`${what} ${object.name}${object.data['n'] ?? ''}`);
        options.onChange?.(seen.at(-1) ?? '');
      },
      clock: hurriedClock(),
      random: () => 0.5,
      log: silent,
      timing: options.timing,
    });
    stream.start();
  }

  const lines = (names: string[]): string => names.sort((a, b) => a.localeCompare(b)).join(' ');
  const put = (name: string, n: number): void =>
    void at.lab.store.apply(configMap(name, { n: `${n}` }));
  const drop = (name: string): void => at.lab.store.delete('v1', 'ConfigMap', 'default', name);
  const open = (): number => at.lab.faults.watches({ resource: 'configmaps' });

  beforeEach(async () => {
    at = await start();
  });
  afterEach(async () => {
    await stream.stop();
    await at.close();
  });

  test('existing objects are present when the stream is synced, and changes follow in order', async () => {
    put('a', 1);
    follow();
    await stream.synced;
    expect(seen).toEqual(['added a1']);
    put('b', 1);
    put('a', 2);
    drop('b');
    await until(() => seen.length === 4);
    expect(seen).toEqual(['added a1', 'added b1', 'updated a2', 'deleted b1']);
    expect([...stream.store.values()].map((object) => object.name)).toEqual(['a']);
  });

  describe('nothing is missed', () => {
    beforeEach(async () => {
      put('a', 1);
      put('b', 1);
      follow();
      await until(() => open() === 1);
      seen.length = 0;
    });

    /** Makes changes while the stream cannot see them: lists are denied and watches are cut. */
    async function gap(changes: () => void, end: () => void): Promise<void> {
      const allow = [
        at.lab.faults.add({ verbs: ['list'], resource: 'configmaps' }, { kind: 'cut' }),
        at.lab.faults.add({ verbs: ['watch'], resource: 'configmaps' }, { kind: 'cut' }),
      ];
      at.lab.faults.cutWatches();
      await until(() => open() === 0);
      changes();
      end();
      for (const lift of allow) lift();
    }

    test('when the connection is cut', async () => {
      await gap(
        () => {
          put('a', 2);
          drop('b');
          put('c', 1);
        },
        () => undefined,
      );
      await until(() => seen.length === 3);
      expect([...seen].sort()).toEqual(['added c1', 'deleted b1', 'updated a2']);
    });

    test.each(['event', 'status'] as const)('when the history is gone (410 as %s)', async (how) => {
      at.lab.faults.expireAs(how);
      await gap(
        () => {
          put('a', 2);
          drop('b');
        },
        () => at.lab.faults.compact(),
      );
      await until(() => seen.length === 2);
      expect([...seen].sort()).toEqual(['deleted b1', 'updated a2']);
    });

    test('when an object was deleted and recreated in a gap: two changes, not an update', async () => {
      await gap(
        () => {
          drop('a');
          put('a', 7);
        },
        () => at.lab.faults.compact(),
      );
      await until(() => seen.length === 2);
      expect(seen).toEqual(['deleted a1', 'added a7']);
    });

    test('when lists are denied for a while: known objects stay until the next list', async () => {
      const allow = at.lab.faults.deny({ verbs: ['list', 'watch'], resource: 'configmaps' });
      at.lab.faults.cutWatches();
      await until(() => stream.state() === 'stale');
      expect(seen).toEqual([]);
      expect(stream.store.size).toBe(2);
      put('c', 1);
      allow();
      await until(() => seen.length === 1);
      expect(seen).toEqual(['added c1']);
    });

    test('when the server is silent: a dead connection is closed', async () => {
      await stream.stop();
      await until(() => open() === 0);
      follow(CONFIG_MAPS, { timing: { watchMs: 500, overdueMs: 500 } });
      await until(() => open() === 1);
      seen.length = 0;
      at.lab.faults.silenceWatches();
      put('a', 9);
      await until(() => seen.includes('updated a9'));
    });

    test('over many random cuts, expiries and changes', async () => {
      for (let n = 0; n < 60; n += 1) {
        put(`x${n % 7}`, n);
        if (n % 3 === 0) at.lab.faults.cutWatches();
        if (n % 10 === 0) at.lab.faults.compact();
        if (n % 5 === 4) drop(`x${n % 7}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const truth = (): string =>
        lines(
          at.lab.store
            .list('v1', 'ConfigMap', 'default')
            .map((object) => `${object.metadata.name}${(object['data'] as { n: string }).n}`),
        );
      const known = (): string =>
        lines([...stream.store.values()].map((object) => `${object.name}${object.data['n']}`));
      await until(() => known() === truth());
    });
  });

  test('a callback that throws stops nothing', async () => {
    follow(CONFIG_MAPS, {
      onChange: () => {
        throw new Error('a fault of ours');
      },
    });
    await stream.synced;
    put('a', 1);
    put('b', 1);
    await until(() => seen.length === 2);
    expect(stream.store.size).toBe(2);
  });

  test('an object that cannot be read keeps its last readable state', async () => {
    const names: string[] = [];
    stream = createStream({
      client: at.client,
      kind: CONFIG_MAPS,
      normalise: (raw) => {
        if ((raw['data'] as Record<string, string>)['n'] === 'bad') throw new Error('unreadable');
        return { name: raw.metadata.name, data: raw['data'] as Record<string, string> };
      },
      onChange: ({ what, object }) => names.push(`${what} ${object.name}`),
      clock: hurriedClock(),
      random: () => 0.5,
      log: silent,
    });
    put('a', 1);
    stream.start();
    await until(() => open() === 1);
    at.lab.store.apply(configMap('a', { n: 'bad' }));
    put('b', 1);
    await until(() => names.includes('added b'));
    at.lab.faults.compact();
    at.lab.faults.cutWatches();
    put('c', 1);
    await until(() => names.includes('added c'));
    expect(stream.store.get('default', 'a')?.data).toEqual({ n: '1' });
    expect(names).not.toContain('deleted a');
  });

  describe('a kind that may be in two groups', () => {
    const blockIn = (apiVersion: string, name: string, deleted: unknown): void =>
      void at.lab.store.apply({
        ...rawBlock('10.244.1.0/26', { deleted: deleted as never }),
        apiVersion,
        metadata: { name },
      } as never);

    test('is read in the newer one after a migration, although the older one is still served', async () => {
      at.lab.serve('projectcalico.org', false);
      blockIn('crd.projectcalico.org/v1', 'stale', 'false');
      follow(CNI_KINDS.calico, { timing: { relistMs: 5, watchMs: 1_000 } });
      await until(() => seen.includes('added stale'));
      at.lab.serve('projectcalico.org', true);
      blockIn('projectcalico.org/v3', 'present', false);
      await until(() => seen.includes('added present'));
      expect(stream.store.get('', 'stale')).toBeUndefined();
    });
  });

  describe('a kind that the cluster does not serve', () => {
    test('is retried, and does not delay the others', async () => {
      at.lab.serve('networking.istio.io', false);
      follow(GATEWAYS);
      await stream.synced;
      expect(stream.state()).toBe('not-served');
      at.lab.serve('networking.istio.io', true);
      at.lab.store.apply(gateway('echo', 32400));
      await until(() => seen.length === 1);
      expect(seen).toEqual(['added echo']);
    });

    test('is read in an older version where that is all there is', async () => {
      at.lab.serve('networking.istio.io/v1', false);
      follow(GATEWAYS);
      at.lab.store.apply(gateway('echo', 32400, 'v1alpha3'));
      await until(() => seen.length === 1);
      expect(seen).toEqual(['added echo']);
    });
  });

  test('stop ends a stream that is connecting, and no event follows', async () => {
    at.lab.faults.add({ verbs: ['watch'] }, { kind: 'hang' });
    put('a', 1);
    follow();
    await stream.synced;
    await stream.stop();
    put('b', 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual(['added a1']);
  });
});
