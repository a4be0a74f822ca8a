import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type LabKubernetes, startKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { type Body, type WatchStream, call, configMap, configMaps, watch } from './client.ts';

let lab: LabKubernetes;
const streams: WatchStream[] = [];

beforeEach(async () => {
  lab = await startKubernetes();
});

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await lab.close();
});

async function follow(query = ''): Promise<WatchStream> {
  const stream = await watch(lab, `${configMaps}?${query}`);
  streams.push(stream);
  return stream;
}

async function take(stream: WatchStream, count: number): Promise<Body[]> {
  const events: Body[] = [];
  while (events.length < count) events.push(await stream.next());
  return events;
}

function brief(events: readonly Body[]): readonly string[] {
  return events.map((event) => `${event.type} ${event.object.metadata.name}`);
}

async function revision(): Promise<string> {
  return (await call(lab, configMaps)).body.metadata.resourceVersion;
}

describe('a watch', () => {
  test.each(['', 'resourceVersion=0'])(
    'without a revision (%p) starts with what is there and goes on with what changes',
    async (query) => {
      lab.store.apply(configMap('a'));
      lab.store.apply(configMap('b'));
      const stream = await follow(query);
      lab.store.apply(configMap('b', { changed: 'yes' }));
      lab.store.delete('v1', 'ConfigMap', 'default', 'a');
      expect(brief(await take(stream, 4))).toEqual([
        'ADDED a',
        'ADDED b',
        'MODIFIED b',
        'DELETED a',
      ]);
    },
  );

  test('from a revision sends exactly the later changes, each with a larger revision', async () => {
    lab.store.apply(configMap('before'));
    const from = await revision();
    lab.store.apply(configMap('after'));
    lab.store.apply(configMap('after', { again: '1' }));
    lab.store.delete('v1', 'ConfigMap', 'default', 'before');
    const events = await take(await follow(`resourceVersion=${from}`), 3);
    expect(brief(events)).toEqual(['ADDED after', 'MODIFIED after', 'DELETED before']);
    const versions = [
      Number(from),
      ...events.map((event) => Number(event.object.metadata.resourceVersion)),
    ];
    expect(versions).toEqual([...new Set(versions)].sort((left, right) => left - right));
  });

  test('gets no event for a write that changes nothing', async () => {
    lab.store.apply(configMap('a', { same: '1' }));
    const stream = await follow(`resourceVersion=${await revision()}`);
    lab.store.apply(configMap('a', { same: '1' }));
    lab.store.apply(configMap('b'));
    expect(brief(await take(stream, 1))).toEqual(['ADDED b']);
  });

  test('sees other namespaces only when it asks for all', async () => {
    const stream = await follow();
    const everywhere = await watch(lab, '/api/v1/configmaps');
    streams.push(everywhere);
    const elsewhere = {
      ...configMap('elsewhere'),
      metadata: { name: 'elsewhere', namespace: 'istio-system' },
    };
    lab.store.apply(elsewhere);
    lab.store.apply(configMap('here'));
    expect(brief(await take(stream, 1))).toEqual(['ADDED here']);
    expect(brief(await take(everywhere, 2))).toEqual(['ADDED elsewhere', 'ADDED here']);
  });

  test('with a selector reports objects that start and stop matching, with the content that matched last', async () => {
    lab.store.apply(configMap('a', {}, { f5type: 'other' }));
    const stream = await follow('labelSelector=f5type%3Dvirtual-server');
    lab.store.apply(configMap('a', {}, { f5type: 'virtual-server' }));
    lab.store.apply(configMap('a', { text: 'new' }, { f5type: 'virtual-server' }));
    lab.store.apply(configMap('a', { text: 'newer' }, { f5type: 'other' }));
    const events = await take(stream, 3);
    expect(brief(events)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    expect(events[2].object.data).toEqual({ text: 'new' });
    expect(events[2].object.metadata.resourceVersion).toBe(
      lab.store.get('v1', 'ConfigMap', 'default', 'a')?.metadata.resourceVersion,
    );
  });

  test('gets bookmarks only when it allows them, at the newest revision', async () => {
    const with_ = await follow('allowWatchBookmarks=true');
    const without = await follow();
    lab.store.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'unrelated', namespace: 'default' },
    });
    lab.faults.bookmark();
    const [bookmark] = await take(with_, 1);
    expect(bookmark).toMatchObject({
      type: 'BOOKMARK',
      object: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: { resourceVersion: await revision() },
      },
    });
    lab.store.apply(configMap('a'));
    expect(brief(await take(without, 1))).toEqual(['ADDED a']);
  });

  test('with sendInitialEvents ends the initial events with the annotated bookmark', async () => {
    lab.store.apply(configMap('a'));
    const stream = await follow(
      'sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan',
    );
    const [added, bookmark] = await take(stream, 2);
    expect(added.type).toBe('ADDED');
    expect(bookmark.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  test('ends after timeoutSeconds', async () => {
    const stream = await follow('timeoutSeconds=1&allowWatchBookmarks=true');
    expect(await stream.next()).toBeUndefined();
  });

  test('gets a bookmark for a revision once, and none for one that it knows', async () => {
    const stream = await follow(`allowWatchBookmarks=true&resourceVersion=${await revision()}`);
    lab.faults.bookmark();
    lab.store.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'unrelated', namespace: 'default' },
    });
    lab.faults.bookmark();
    lab.faults.bookmark();
    lab.store.apply(configMap('a'));
    const told = (await take(stream, 2)).map(({ type }) => type);
    expect(told).toEqual(['BOOKMARK', 'ADDED']);
  });

  test('waits for a revision that is yet to come', async () => {
    const next = Number(await revision()) + 1;
    const stream = await follow(`resourceVersion=${next}`);
    lab.store.apply(configMap('before'));
    lab.store.apply(configMap('after'));
    expect(brief(await take(stream, 1))).toEqual(['ADDED after']);
  });

  test('shows objects in the version it was asked for', async () => {
    const stream = await watch(lab, '/apis/networking.istio.io/v1beta1/gateways');
    streams.push(stream);
    lab.store.apply({
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'Gateway',
      metadata: { name: 'gw', namespace: 'default' },
      spec: { servers: [] },
    });
    expect((await stream.next()).object.apiVersion).toBe('networking.istio.io/v1beta1');
  });
});

describe('a revision that is compacted', () => {
  test('is answered 410 inside the stream, which then ends', async () => {
    const old = await revision();
    lab.store.apply(configMap('a'));
    lab.faults.compact();
    const stream = await follow(`resourceVersion=${old}`);
    expect(await stream.next()).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired' },
    });
    expect(await stream.next()).toBeUndefined();
  });

  test('gets 410 as a status if the lab is set to it', async () => {
    const old = await revision();
    lab.store.apply(configMap('a'));
    lab.faults.compact();
    lab.faults.expireAs('status');
    const answer = await call(lab, `${configMaps}?watch=true&resourceVersion=${old}`);
    expect(answer).toMatchObject({ code: 410, body: { reason: 'Expired' } });
  });

  test('does not affect a watch that starts from the newest', async () => {
    lab.store.apply(configMap('a'));
    lab.faults.compact();
    const stream = await follow(`resourceVersion=${await revision()}`);
    lab.store.apply(configMap('b'));
    expect(brief(await take(stream, 1))).toEqual(['ADDED b']);
  });

  test('makes the pages of an earlier list expire', async () => {
    for (const name of ['a', 'b', 'c']) lab.store.apply(configMap(name));
    const first = await call(lab, `${configMaps}?limit=1`);
    lab.store.apply(configMap('d'));
    lab.faults.compact();
    const next = await call(lab, `${configMaps}?limit=1&continue=${first.body.metadata.continue}`);
    expect(next).toMatchObject({ code: 410, body: { reason: 'Expired' } });
  });
});

describe('faults', () => {
  test('cut open watches, which can then start again', async () => {
    const stream = await follow();
    expect(lab.faults.watches({ resource: 'configmaps' })).toBe(1);
    expect(lab.faults.cutWatches({ resource: 'services' })).toBe(0);
    expect(lab.faults.cutWatches()).toBe(1);
    expect(await stream.next()).toBeUndefined();
    const again = await follow();
    lab.store.apply(configMap('a'));
    expect(brief(await take(again, 1))).toEqual(['ADDED a']);
  });

  test('leave a watch open and silent, as a half-open connection is', async () => {
    const silent = await follow();
    lab.faults.silenceWatches();
    const loud = await follow();
    lab.store.apply(configMap('a'));
    expect(brief(await take(loud, 1))).toEqual(['ADDED a']);
    lab.faults.cutWatches();
    expect(await silent.next()).toBeUndefined();
  });

  test('deny what matches, with 403, until taken back', async () => {
    const allow = lab.faults.deny({ verbs: ['list'], resource: 'gateways.networking.istio.io' });
    const denied = await call(lab, '/apis/networking.istio.io/v1/gateways');
    expect(denied).toMatchObject({ code: 403, body: { kind: 'Status', reason: 'Forbidden' } });
    expect(denied.body.message).toContain('gateways.networking.istio.io is forbidden');
    expect((await call(lab, configMaps)).code).toBe(200);
    allow();
    expect((await call(lab, '/apis/networking.istio.io/v1/gateways')).code).toBe(200);
  });

  test('fail, cut and delay single requests', async () => {
    const failing = lab.faults.add(
      { verbs: ['get'] },
      { kind: 'fail', code: 503, reason: 'ServiceUnavailable', message: 'etcd is away' },
    );
    expect(await call(lab, `${configMaps}/a`)).toMatchObject({
      code: 503,
      body: { message: 'etcd is away' },
    });
    failing();
    const cutting = lab.faults.add({ resource: 'configmaps' }, { kind: 'cut' });
    await expect(call(lab, configMaps)).rejects.toThrow(/socket hang up|ECONNRESET/);
    cutting();
    lab.faults.add({ resource: 'configmaps' }, { kind: 'delay', ms: 5 });
    expect((await call(lab, configMaps)).code).toBe(200);
  });
});
