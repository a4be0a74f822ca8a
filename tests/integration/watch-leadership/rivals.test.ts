import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { processIdentity } from '../../../functions/watch/leader/identity.ts';
import type { WatcherOptions } from '../../../functions/watch/main.ts';
import { toldAll, until } from '../watch/support.ts';
import { pass, startCluster, type Cluster, type Replica } from './support.ts';

let at: Cluster;
beforeEach(async () => {
  at = await startCluster();
});
afterEach(() => at.close());

const KEY = 'leader.sluice.io/east';
const ELSEWHERE = { leaseNamespace: 'kube-system' };

const service = (): NonNullable<ReturnType<typeof at.lab.store.get>> => {
  const found = at.lab.store.get('v1', 'Service', 'istio-system', 'istio-ingressgateway');
  if (found === undefined) throw new Error('the ingress Service is gone');
  return found;
};
const noted = (): { lease: string; holder: string; time: string } | undefined => {
  const text = service().metadata.annotations?.[KEY];
  return text === undefined
    ? undefined
    : (JSON.parse(text) as { lease: string; holder: string; time: string });
};
const refusals = ({ messages }: Replica): string[] =>
  messages.filter((message) => message.startsWith('OWN306'));

async function leading(name: string, options: Partial<WatcherOptions> = {}): Promise<Replica> {
  const replica = at.replica(name, options);
  await replica.watcher.start();
  await pass([replica], () => replica.leads());
  await pass([replica], () => noted()?.holder === name);
  return replica;
}

/** Ends as with kill -9: its Lease and its note stay, and nothing renews them. */
function vanish({ clock }: Replica): void {
  // Its clock stops.
  expect(clock.now()).toBeGreaterThan(0);
}

describe('a process with another Lease', () => {
  test('does not lead while the one that is noted on the ingress Service does, and names it', async () => {
    const a = await leading('a');
    const b = at.replica('b', { ...ELSEWHERE, http: { host: '127.0.0.1', port: 0 } });
    await b.watcher.start();
    await pass([a, b], () => b.clock.now() > 1_700_000_030_000);
    expect([a.leads(), b.leads(), noted()?.holder]).toEqual([true, false, 'a']);
    expect(refusals(b)).toEqual([
      expect.stringMatching(
        /^OWN306: a leads for Service istio-system\/istio-ingressgateway with Lease default\/sluice-watch-east, .*--take-over/,
      ),
    ]);
    expect(refusals(a)).toEqual([]);
    const port = b.watcher.address()?.port ?? 0;
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('OWN306: a')]);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('sluice_watch_leadership_refused 1');
  });

  test('leads at once when the other one has stopped, and is noted instead', async () => {
    const a = await leading('a');
    const b = at.replica('b', ELSEWHERE);
    await b.watcher.start();
    await a.watcher.stop();
    expect(noted()).toBeUndefined();
    await pass([b], () => b.leads());
    await pass([b], () => noted()?.holder === 'b');
    expect(noted()?.lease).toBe('kube-system/sluice-watch-east');
  });

  test('leads when the Lease of the other one was not renewed for five minutes', async () => {
    const a = await leading('a');
    vanish(a);
    at.api.time += 4 * 60_000;
    const b = at.replica('b', ELSEWHERE);
    await b.watcher.start();
    expect([b.leads(), refusals(b).length]).toEqual([false, 1]);
    at.api.time += 2 * 60_000;
    await pass([b], () => b.leads());
  });

  test('that may not read the other Lease waits until the note is two hours old', async () => {
    const a = await leading('a');
    vanish(a);
    at.lab.faults.deny({
      verbs: ['get'],
      resource: 'leases.coordination.k8s.io',
      namespace: 'default',
    });
    at.api.time += 119 * 60_000;
    const b = at.replica('b', ELSEWHERE);
    await b.watcher.start();
    expect([b.leads(), refusals(b).length]).toEqual([false, 1]);
    at.api.time += 2 * 60_000;
    await pass([b], () => b.leads());
  });

  test('leads at once when the other one was a process of this host that runs no more', async () => {
    const alive = processIdentity({}, 'a') ?? '';
    const [host, boot, namespace, , started, queue] = alive.split('/');
    const dead = [host, boot, namespace, '99999999', started, queue].join('/');
    vanish(await leading(dead));
    const b = at.replica('b', ELSEWHERE);
    await b.watcher.start();
    expect([b.leads(), refusals(b)]).toEqual([true, []]);
  });

  test('leads when a person says so; the other one continues, and reports it in an Event', async () => {
    const a = await leading('a');
    const b = await leading('b', { ...ELSEWHERE, takeOver: true });
    expect(b.messages).toContain('taking over from another leader, as --take-over says');
    await pass([a], () => refusals(a).length > 0);
    await until(() => at.lab.store.list('v1', 'Event').length > 0);
    await toldAll(at);
    const events = at.lab.store.list('v1', 'Event').map((event) => String(event['reason']));
    expect([a.leads(), b.leads(), events]).toEqual([true, true, ['TwoLeaders']]);
    // Neither overwrites the note of the other.
    const { resourceVersion } = service().metadata;
    await pass([a, b], () => a.clock.now() > 1_700_000_130_000);
    expect([service().metadata.resourceVersion, noted()?.holder]).toEqual([resourceVersion, 'b']);
  });
});

describe('a process with the same Lease', () => {
  test('takes over by the Lease alone, whatever leader is noted', async () => {
    const a = await leading('a');
    const b = at.replica('b');
    await b.watcher.start();
    vanish(a);
    await pass([b], () => b.leads());
    await pass([b], () => noted()?.holder === 'b');
    expect(refusals(b)).toEqual([]);
  });
});

describe('the note on the ingress Service', () => {
  test('is renewed once an hour, and costs no snapshot', async () => {
    const a = await leading('a');
    await until(() => at.queues.sent.length === 2);
    at.settle();
    await toldAll(at);
    const sent = at.snapshots().length;
    const [first, { resourceVersion }] = [noted()?.time, service().metadata];
    at.api.time += 50 * 60_000;
    await pass([a], () => a.clock.now() > 1_700_000_090_000);
    expect(service().metadata.resourceVersion).toBe(resourceVersion);
    expect(at.snapshots()).toHaveLength(sent);
    at.api.time += 10 * 60_000;
    a.clock.advance(3_600_000);
    await pass([a], () => noted()?.time !== first);
  });

  test('that cannot be written does not prevent leading', async () => {
    at.lab.faults.deny({ verbs: ['patch'], resource: 'services' });
    const a = at.replica('a');
    await a.watcher.start();
    await pass([a], () =>
      a.messages.some((message) => message.startsWith('the leader cannot be noted')),
    );
    expect([a.leads(), noted()]).toEqual([true, undefined]);
  });

  test('that cannot be parsed names no leader', async () => {
    const { metadata, ...rest } = service();
    at.lab.store.apply({
      ...rest,
      metadata: { ...metadata, annotations: { [KEY]: '{"lease":"x","holder":7}' } },
    });
    const a = await leading('a');
    expect(refusals(a)).toEqual([]);
  });
});
