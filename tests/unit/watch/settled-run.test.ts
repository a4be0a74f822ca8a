/** The revision that a watcher names as the one since which everything was settled. */
import { describe, expect, test } from '@jest/globals';
import { SettledRun } from '../../../functions/watch/emit/settled-run.ts';
import type { ExposureResult, Settled } from '../../../shared/domain/exposure/exposure.ts';
import type { Revision } from '../../../shared/domain/revision.ts';
import { exposure } from '../../fixtures/exposures.ts';

const at = (counter: number, epoch = 5): Revision => ({ epoch, counter });

/** The result of a device for the snapshot with this counter. */
function answer(
  counter: number,
  over: Partial<Settled> & { readonly outcome?: ExposureResult['outcome'] } = {},
): Settled {
  const { outcome = 'unchanged', ...rest } = over;
  const { address, port, protocol, partition, gateways } = exposure();
  return {
    owner: 'east/istio-system/istio-ingressgateway',
    clusterUid: 'uid-east',
    version: { ...at(counter), generation: 1 },
    device: 'bigip-1',
    devices: ['bigip-1'],
    servers: [],
    notes: [],
    exposures: [{ address, port, protocol, partition, gateways, outcome, code: 'OK', message: '' }],
    ...rest,
  };
}

/** The run after these snapshots, each answered as applied. */
function runOf(count: number): SettledRun {
  const run = new SettledRun();
  for (let counter = 1; counter <= count; counter += 1) {
    run.next(at(counter));
    run.settled(answer(counter, { outcome: 'applied' }));
  }
  return run;
}

describe('the snapshots since when everything is settled', () => {
  test('begin with the term', () => {
    expect(new SettledRun().next(at(1))).toEqual(at(0));
    expect(runOf(3).next(at(4))).toEqual(at(0));
    expect(runOf(3).next(at(1, 6))).toEqual(at(0, 6));
  });

  test.each(['superseded', 'rejected', 'conflict', 'held', 'retry'] as const)(
    'begin again after one that was %s',
    (outcome) => {
      const run = runOf(2);
      run.next(at(3));
      run.settled(answer(3, { outcome }));
      // A later result does not count: the snapshot may have been parked in between.
      run.settled(answer(3, { outcome: 'applied' }));
      expect(run.next(at(4))).toEqual(at(3));
    },
  );

  test('begin again after one that is not answered, until it is', () => {
    const run = runOf(1);
    run.next(at(2));
    expect(run.next(at(3))).toEqual(at(2));
    run.settled(answer(3));
    expect(run.next(at(4))).toEqual(at(2));
    run.settled(answer(2));
    run.settled(answer(4));
    expect(run.next(at(5))).toEqual(at(0));
  });

  test('need the answer of every device, and one bad answer is enough', () => {
    const devices = ['bigip-1', 'bigip-2'];
    const run = runOf(0);
    run.next(at(1));
    run.settled(answer(1, { devices }));
    expect(run.next(at(2))).toEqual(at(1));
    run.settled(answer(1, { devices, device: 'bigip-2' }));
    run.settled(answer(2));
    expect(run.next(at(3))).toEqual(at(0));
    run.settled(answer(3));
    // A device that the ingress has left may still refuse to remove it.
    run.settled(answer(3, { device: 'bigip-9', outcome: 'held' }));
    expect(run.next(at(4))).toEqual(at(3));
  });

  test('begin again if a device has a newer version, or no device answered', () => {
    const superseded = runOf(1);
    superseded.next(at(2));
    superseded.settled(answer(2, { supersededBy: { ...at(9), generation: 1 }, exposures: [] }));
    expect(superseded.next(at(3))).toEqual(at(2));
    const mapped = runOf(1);
    mapped.next(at(2));
    const { device: _, ...rest } = answer(2);
    mapped.settled(rest);
    expect(mapped.next(at(3))).toEqual(at(2));
  });

  test('begin again after an inventory without the ingress', () => {
    const run = runOf(2);
    run.broke(at(3));
    expect(run.next(at(4))).toEqual(at(3));
  });

  test('remember at most a hundred unanswered ones', () => {
    const run = runOf(0);
    for (let counter = 1; counter <= 101; counter += 1) run.next(at(counter));
    for (let counter = 1; counter <= 101; counter += 1) run.settled(answer(counter));
    expect(run.next(at(102))).toEqual(at(1));
  });
});
