import { describe, expect, test } from '@jest/globals';
import { SettlementTracker } from '../../../functions/watch/emit/settlement-tracker.ts';
import { ChangeLog } from '../../../functions/watch/emit/change-log.ts';
import { Debounce } from '../../../functions/watch/emit/debounce.ts';
import { watchedIngresses } from '../../../functions/watch/ingresses.ts';
import { readOwnership } from '../../../shared/kubernetes/ownership.ts';
import { planPorts } from '../../../functions/watch/ports/port-plan.ts';
import { LatestResults } from '../../../functions/watch/report/latest-results.ts';
import { Revisions } from '../../../functions/watch/emit/revisions.ts';
import { decideStatus } from '../../../functions/watch/report/service-status.ts';
import { IngressConfig } from '../../../shared/config/schema.ts';
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import { Service } from '../../../shared/domain/snapshot/objects.ts';
import type { MissingServicePort } from '../../../shared/domain/istio/port-mapping.ts';
import {
  ObjectStore,
  type ManagedFields,
  type StreamChange,
} from '../../../shared/kubernetes/index.ts';

const at = (counter: number, epoch = 1) => ({ epoch, counter });
const change = (name: string, what: 'added' | 'updated' | 'deleted' = 'updated') => ({
  what,
  kind: 'Gateway',
  namespace: 'default',
  name,
  resourceVersion: '1',
});

const pod = (name: string) => ({ ...change(name), kind: 'Pod' });

describe('the debounce', () => {
  test('is over after quiet, at the latest after max, and at once when urgent', () => {
    const debounce = new Debounce({ quietMs: 100, maxMs: 1_000 });
    expect(debounce.due(0)).toBeUndefined();
    debounce.touch(0, false);
    debounce.touch(60, false);
    expect(debounce.due(60)).toBe(100);
    for (let now = 100; now <= 980; now += 80) debounce.touch(now, false);
    expect(debounce.due(980)).toBe(20);
    debounce.touch(990, true);
    expect(debounce.due(990)).toBe(0);
    debounce.reset();
    expect(debounce.due(991)).toBeUndefined();
  });
});

describe('the results of a snapshot', () => {
  test('are complete when every device has answered, also if they arrive before the send is confirmed', () => {
    const answers = new SettlementTracker();
    answers.add({ revision: at(5), device: 'a', devices: ['a', 'b'] });
    expect(answers.complete(at(5))).toBe(false);
    answers.add({ revision: at(5), device: 'b', devices: ['a', 'b'] });
    expect(answers.complete(at(5))).toBe(true);
    expect(answers.complete(at(6))).toBe(false);
  });

  test('of map alone are complete; older ones do not count', () => {
    const answers = new SettlementTracker();
    answers.add({ revision: at(5), devices: [] });
    answers.add({ revision: at(4), device: 'a', devices: ['a', 'b'] });
    expect(answers.complete(at(5))).toBe(true);
  });
});

describe('the change log', () => {
  test('forgets what has arrived, and keeps what came later or was never sent', () => {
    const log = new ChangeLog();
    log.add(change('a', 'deleted'));
    const first = log.list();
    log.markSent(first, at(1));
    log.add(change('b'));
    log.settle(at(1));
    expect(log.list().map((one) => one.name)).toEqual(['b']);
  });

  test('a change that happens again after it was sent is new', () => {
    const log = new ChangeLog();
    log.add(change('a'));
    log.markSent(log.list(), at(1));
    log.add(change('a'));
    log.settle(at(1));
    expect(log.list()).toHaveLength(1);
  });

  /**
   * The proof of a deletion must not be lost with a lost message. Red when `settle` does not check
   * the revision, or `markSent` does not check the list.
   */
  test('keeps what went out with a later snapshot than the one that arrived', () => {
    const log = new ChangeLog();
    log.add(change('a', 'deleted'));
    log.markSent(log.list(), at(5));
    log.settle(at(4));
    expect(log.list()).toHaveLength(1);
    log.settle(at(6));
    expect(log.list()).toEqual([]);
  });

  test('keeps what was seen while a snapshot without it was on its way', () => {
    const log = new ChangeLog();
    log.add(change('a', 'deleted'));
    const going = log.list();
    log.add(change('b', 'deleted'));
    log.markSent(going, at(1));
    log.settle(at(1));
    expect(log.list().map((one) => one.name)).toEqual(['b']);
  });

  /** Red with one limit for all: observed deletions were held as unobserved. */
  test('keeps every proof of a removal, however many, and whatever else changes', () => {
    const log = new ChangeLog();
    for (let i = 0; i < 10_000; i += 1) log.add(change(`gateway-${i}`, 'deleted'));
    for (let i = 0; i < 2_000; i += 1) log.add(pod(`pod-${i}`));
    const all = log.list();
    expect(all.filter(({ kind }) => kind === 'Gateway')).toHaveLength(10_000);
    expect(all.filter(({ kind }) => kind === 'Pod')).toHaveLength(500);
    log.markSent(all, at(1));
    log.settle(at(1));
    expect(log.list()).toEqual([]);
  });

  test('of changes that turned out to change nothing, keeps those that went out already', () => {
    const log = new ChangeLog();
    log.add(change('a', 'deleted'));
    log.markSent(log.list(), at(1));
    log.add(change('b'));
    log.dropUnsent();
    expect(log.list().map((one) => one.name)).toEqual(['a']);
  });

  test('forgets what changed longest ago first', () => {
    const log = new ChangeLog();
    for (const name of [
      'again',
      ...Array.from({ length: 499 }, (_, n) => `g${n}`),
      'again',
      'last',
    ])
      log.add(pod(name));
    expect(log.list().map((one) => one.name)).toEqual([
      ...Array.from({ length: 498 }, (_, n) => `g${n + 1}`),
      'again',
      'last',
    ]);
  });

  test('does not grow without end', () => {
    const log = new ChangeLog();
    for (let n = 0; n < 2_000; n += 1) log.add(pod(`g${n}`));
    expect(log.list()).toHaveLength(500);
    expect(log.list().at(-1)?.name).toBe('g1999');
  });
});

/**
 * A device refuses versions below the fence, so a number must not be used twice. Red without the
 * guard in `moveTo`.
 */
describe('revisions', () => {
  test('only increase, even when a lower or equal epoch is reported', () => {
    const revisions = new Revisions(10);
    const given = [revisions.next(), revisions.next()];
    for (const epoch of [10, 3, 12, 12, 11]) {
      revisions.moveTo(epoch);
      given.push(revisions.next());
    }
    expect(given).toEqual([
      at(1, 10),
      at(2, 10),
      at(3, 10),
      at(4, 10),
      at(1, 12),
      at(2, 12),
      at(3, 12),
    ]);
    expect([revisions.epoch, revisions.newest]).toEqual([12, at(3, 12)]);
  });
});

describe('results', () => {
  const settled = (counter: number, device: string | undefined, devices: string[]): Settled => ({
    owner: 'o',
    clusterUid: 'u',
    version: { epoch: 1, counter, generation: 1 },
    devices,
    servers: [],
    exposures: [],
    notes: [],
    ...(device === undefined ? {} : { device }),
  });

  test('keep the newest of each device', () => {
    const results = new LatestResults();
    expect(results.take(settled(2, 'a', ['a', 'b']))).toBe(true);
    expect(results.complete()).toBe(false);
    expect(results.take(settled(2, 'b', ['a', 'b']))).toBe(true);
    expect(results.complete()).toBe(true);
    expect(results.take(settled(1, 'a', ['a', 'b']))).toBe(false);
    expect(results.newest()?.version.counter).toBe(2);
  });

  test('do not depend on a device that no longer offers the ingress', () => {
    const results = new LatestResults();
    results.take(settled(1, 'a', ['a', 'b']));
    results.take(settled(1, 'b', ['a', 'b']));
    results.take(settled(2, 'b', ['b']));
    expect(results.all().map((one) => one.device)).toEqual(['b']);
    expect(results.take(settled(1, 'a', ['a', 'b']))).toBe(false);
  });

  test('say that a member is out once every device said so since, with its own addresses', () => {
    const results = new LatestResults();
    const out = (counter: number, device: string, drained: string[] | undefined) =>
      results.take({ ...settled(counter, device, ['a', 'b']), ...(drained && { drained }) });
    const [POD, since] = [['10.0.0.2', 'fd00::2'], { epoch: 1, counter: 2 }];
    expect(results.areOut(POD, since)).toBe(false);
    out(3, 'a', ['10.0.0.2%1', '10.0.0.3%1']);
    expect(results.areOut(POD, since)).toBe(false);
    out(2, 'b', ['fd00::2']);
    expect(results.areOut(POD, since)).toBe(false);
    out(3, 'b', ['fd00::2']);
    expect([results.areOut(POD, since), results.areOut(['10.0.0.9'], since)]).toEqual([
      true,
      false,
    ]);
    out(4, 'a', undefined);
    expect(results.areOut(POD, since)).toBe(false);
  });

  test('that end in map are complete alone', () => {
    const results = new LatestResults();
    results.take(settled(1, 'a', ['a']));
    results.take(settled(2, undefined, []));
    expect([results.all().length, results.complete()]).toEqual([1, true]);
  });
});

describe('port plans', () => {
  const service = (ports: object[]): Service =>
    Service.parse({ meta: { namespace: 'n', name: 's' }, selector: {}, ports });
  const missing = (
    port: number,
    name = `tcp-${port}`,
    protocol: 'TCP' | 'UDP' = 'TCP',
  ): MissingServicePort => ({
    service: 'n/s',
    name,
    port,
    targetPort: port,
    protocol,
    gateways: ['default/g'],
  });

  test('write nothing if there is nothing to do', () => {
    expect(planPorts(service([{ name: 'a', port: 80 }]), [], [missing(80)], [])).toBeUndefined();
  });

  test('apply owned ports again, which would be withdrawn otherwise', () => {
    const plan = planPorts(
      service([
        { name: 'http', port: 80 },
        { name: 'tcp-1', port: 31001, targetPort: 31001 },
      ]),
      [{ port: 31001, protocol: 'TCP' }],
      [missing(31002)],
      [],
    );
    expect(plan?.ports.map((entry) => entry.port)).toEqual([31001, 31002]);
  });

  test('add a number to a name that is taken, within 63 characters', () => {
    const long = 'a'.repeat(70);
    const plan = planPorts(
      service([{ name: 'a'.repeat(63), port: 80 }]),
      [],
      [missing(1, long), missing(2, long)],
      [],
    );
    const names = plan?.ports.map((entry) => entry.name) ?? [];
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => name.length <= 63 && name !== 'a'.repeat(63))).toBe(true);
  });

  test('treat the same number with another protocol as another port', () => {
    expect(
      planPorts(service([{ name: 'https', port: 443 }]), [], [missing(443, 'udp-443', 'UDP')], [])
        ?.added,
    ).toEqual([{ name: 'udp-443', port: 443, protocol: 'UDP', targetPort: 443 }]);
  });

  test('withdraw only owned ports', () => {
    const key = { port: 80, protocol: 'TCP' };
    expect(planPorts(service([{ name: 'http', port: 80 }]), [], [], [key])).toBeUndefined();
    expect(planPorts(service([{ name: 'http', port: 80 }]), [key], [], [key])).toMatchObject({
      ports: [],
      withdrawn: [key],
    });
  });
});

test('ownership is read from managedFields, by manager, operation and subresource', () => {
  const ports = { 'f:spec': { 'f:ports': { 'k:{"port":32400,"protocol":"TCP"}': {}, '.': {} } } };
  const raw = (managedFields: ManagedFields[]) => ({ metadata: { name: 's', managedFields } });
  expect(
    readOwnership(raw([{ manager: 'sluice', operation: 'Apply', fieldsV1: ports }])).ports,
  ).toEqual([{ port: 32400, protocol: 'TCP' }]);
  expect(
    readOwnership(raw([{ manager: 'helm', operation: 'Apply', fieldsV1: ports }])).ports,
  ).toEqual([]);
  expect(
    readOwnership(raw([{ manager: 'sluice', operation: 'Update', fieldsV1: ports }])).ports,
  ).toEqual([]);
  expect(
    readOwnership(
      raw([
        {
          manager: 'sluice-status',
          operation: 'Apply',
          subresource: 'status',
          fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
        },
      ]),
    ).status,
  ).toBe(true);
  expect(readOwnership(raw([]))).toMatchObject({ ports: [], status: false, statusManagers: [] });
});

describe('the external address', () => {
  const service = (more: object = {}): Service =>
    Service.parse({
      meta: { namespace: 'n', name: 's' },
      type: 'LoadBalancer',
      loadBalancerClass: 'sluice.io/bigip',
      selector: {},
      ports: [],
      ...more,
    });
  const off = { writeStatus: false, cluster: 'east' };
  const owned = { version: '1', ports: [], status: true, statusManagers: ['sluice-status'] };
  const free = { version: '1', ports: [], status: false, statusManagers: ['old-lb'] };
  const west = { ...owned, statusCluster: 'west' };
  const taken = (more = {}): Service =>
    service({ loadBalancerIngress: [{ ip: '9.9.9.9' }], ...more });

  test.each([
    [
      'owned by class',
      service(),
      free,
      off,
      ['1.2.3.4'],
      { kind: 'write', addresses: ['1.2.3.4'] },
    ],
    [
      'owned by configuration',
      service({ loadBalancerClass: undefined }),
      free,
      { ...off, writeStatus: true },
      ['1.2.3.4'],
      { kind: 'write', addresses: ['1.2.3.4'] },
    ],
    [
      'of another class',
      service({ loadBalancerClass: 'other' }),
      free,
      off,
      ['1.2.3.4'],
      { kind: 'leave' },
    ],
    [
      'of another type',
      service({ type: 'NodePort' }),
      free,
      { ...off, writeStatus: true },
      ['1.2.3.4'],
      { kind: 'leave' },
    ],
    [
      'left by another controller, owned by class',
      taken(),
      free,
      off,
      ['1.2.3.4'],
      { kind: 'write', force: true },
    ],
    [
      'left by another controller, owned by configuration',
      taken({ loadBalancerClass: undefined }),
      free,
      { ...off, writeStatus: true },
      ['1.2.3.4'],
      { kind: 'leave', isForeign: true, reason: 'field manager old-lb wrote 9.9.9.9' },
    ],
    ['written by another controller, nothing to write', taken(), free, off, [], { kind: 'leave' }],
    ['written by another Sluice, nothing to write', taken(), west, off, [], { kind: 'leave' }],
    [
      'written by this Sluice and contested, nothing to write',
      taken(),
      owned,
      { ...off, isContested: true },
      [],
      { kind: 'leave' },
    ],
    [
      'written by this Sluice, changed',
      service({ loadBalancerIngress: [{ ip: '9.9.9.9' }] }),
      owned,
      off,
      ['1.2.3.4'],
      { kind: 'write' },
    ],
    [
      'written by this Sluice, unchanged',
      service({ loadBalancerIngress: [{ ip: '1.2.3.4' }] }),
      owned,
      off,
      ['1.2.3.4'],
      { kind: 'leave' },
    ],
    [
      'written by this Sluice, no address left',
      service({ loadBalancerIngress: [{ ip: '1.2.3.4' }] }),
      owned,
      off,
      [],
      { kind: 'write', addresses: [] },
    ],
    ['never written, nothing to write', service(), free, off, [], { kind: 'leave' }],
  ])('%s', (_, object, own, rule, addresses, expected) => {
    expect(decideStatus(object, own, rule, addresses)).toMatchObject(expected);
  });
});

test('several entries for one Service are one ingress, with the union of what they need', () => {
  const entry = (more: object): IngressConfig =>
    IngressConfig.parse({ cluster: 'east', service: 'n/s', devices: ['d'], ...more });
  const watched = watchedIngresses(
    [
      entry({ servicePorts: 'observe' }),
      entry({ members: 'nodes', writeStatus: true }),
      entry({ cluster: 'west', service: 'n/w' }),
    ],
    'east',
  );
  expect(watched).toEqual([
    {
      ref: { namespace: 'n', service: 's' },
      members: 'nodes',
      servicePorts: 'manage',
      writeStatus: true,
      withdraw: true,
      drainMs: 30_000,
      probe: false,
    },
  ]);
});

test('a pod that is gone drains as long as the longest entry says, but not where a device cannot drain', () => {
  const entry = (more: object): IngressConfig =>
    IngressConfig.parse({ cluster: 'east', service: 'n/s', devices: ['d'], ...more });
  const entries = [entry({ drainSeconds: 5 }), entry({ drainSeconds: 7 })];
  expect(watchedIngresses(entries, 'east', [{ name: 'd', partitions: ['one'] }])[0]?.drainMs).toBe(
    7_000,
  );
  expect(
    watchedIngresses(entries, 'east', [{ name: 'd', partitions: ['one', 'two'] }])[0]?.drainMs,
  ).toBe(0);
});

describe('the store', () => {
  const raw = (uid: string, resourceVersion: string) => ({
    metadata: { namespace: 'n', name: 'a', uid, resourceVersion },
  });
  function store(): { seen: string[]; store: ObjectStore<string> } {
    const seen: string[] = [];
    return {
      seen,
      store: new ObjectStore<string>(({ what, object }: StreamChange<string>) =>
        seen.push(`${what} ${object}`),
      ),
    };
  }

  test('the same version is no change, another UID is two', () => {
    const { seen, store: objects } = store();
    objects.put(raw('u1', '1'), 'one');
    objects.put(raw('u1', '1'), 'one');
    objects.put(raw('u1', '2'), 'two');
    objects.put(raw('u2', '3'), 'three');
    objects.retain(new Set());
    expect(seen).toEqual([
      'added one',
      'updated two',
      'deleted two',
      'added three',
      'deleted three',
    ]);
  });
});
