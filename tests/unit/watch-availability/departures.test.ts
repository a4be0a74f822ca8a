import { describe, expect, test } from '@jest/globals';
import { DepartedPods } from '../../../functions/watch/view/departed-pods.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import { gatewayPod, meta } from '../../fixtures/kubernetes.ts';

const since = { epoch: 1, counter: 4 };
const deleted = (name: string): Change => ({
  what: 'deleted',
  kind: 'Pod',
  namespace: 'istio-system',
  name,
  resourceVersion: '9',
});
const left = (name: string, now: number) => ({ change: deleted(name), now, since });
const pod = (name: string, ip: string) =>
  gatewayPod({ meta: meta(`istio-system/${name}`), ips: [ip] });

describe('pods that are gone', () => {
  test('stay among the pods, marked, until their time is over; then their deletion is reported again', () => {
    const gone = new DepartedPods(30_000);
    gone.add(pod('a', '10.0.0.1'), left('a', 1_000));
    gone.add(pod('b', '10.0.0.2'), left('b', 6_000));
    expect(
      gone
        .among([pod('c', '10.0.0.3')])
        .map(({ meta: { name }, gone: isGone, terminating }) => [
          name,
          isGone === true,
          terminating,
        ]),
    ).toEqual([
      ['c', false, false],
      ['a', true, true],
      ['b', true, true],
    ]);
    expect([gone.nextDue(1_000), gone.expire(30_999)]).toEqual([30_000, []]);
    expect(gone.expire(31_000)).toEqual([{ change: deleted('a'), since, addresses: ['10.0.0.1'] }]);
    expect([gone.among([]).map(({ meta: { name } }) => name), gone.nextDue(31_000)]).toEqual([
      ['b'],
      5_000,
    ]);
    expect([gone.expire(36_000), gone.nextDue(36_000)]).toEqual([
      [{ change: deleted('b'), since, addresses: ['10.0.0.2'] }],
      undefined,
    ]);
  });

  test('whose address another pod has are dropped', () => {
    const gone = new DepartedPods(30_000);
    gone.add(pod('a', '10.0.0.1'), left('a', 0));
    expect(gone.among([pod('b', '10.0.0.1')])).toEqual([pod('b', '10.0.0.1')]);
  });

  test('are not kept where draining is off, nor without an address', () => {
    const off = new DepartedPods(0);
    off.add(pod('a', '10.0.0.1'), left('a', 0));
    const on = new DepartedPods(30_000);
    on.add(gatewayPod({ ips: [] }), left('x', 0));
    expect([off.among([]), off.nextDue(0), on.among([])]).toEqual([[], undefined, []]);
  });
});
