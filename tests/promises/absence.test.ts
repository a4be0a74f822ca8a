import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../shared/domain/exposure/exposure.ts';
import { EMPTY_STATE } from '../../shared/domain/declared/declared.ts';
import { planPartition } from '../../shared/domain/plan/plan.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { PATIENCE_MS, SEEDS } from './support/seeds.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

const lists = tally('random lists');

const rules = { sameFleet: () => false, now: 0 };
const all = (n: number): Slice['exposures'] =>
  Array.from({ length: n }, (_, i) => exposure({ port: i + 1, gateways: [`ns-${i % 4}/gw-${i}`] }));
const change = (name: string, what: 'added' | 'updated' | 'deleted'): Slice['changes'][number] => {
  const [namespace = '', gateway = ''] = name.split('/');
  return { what, kind: 'Gateway', namespace, name: gateway, resourceVersion: '1' };
};

/** The lists that a failed, partial or unauthorised read returns, without an observed deletion. */
const BAD_READS: Readonly<Record<string, (wanted: Slice['exposures']) => Partial<Slice>>> = {
  'nothing at all': () => ({ exposures: [] }),
  'the first page only': (w) => ({ exposures: w.slice(0, Math.floor(w.length / 3)) }),
  'the last page only': (w) => ({ exposures: w.slice(-Math.floor(w.length / 3)) }),
  'every other one': (w) => ({ exposures: w.filter((_, i) => i % 2 === 0) }),
  'one namespace refused': (w) => ({
    exposures: w.filter((e) => !e.gateways[0]!.startsWith('ns-0/')),
  }),
  'one namespace allowed': (w) => ({
    exposures: w.filter((e) => e.gateways[0]!.startsWith('ns-0/')),
  }),
  'one object': (w) => ({ exposures: w.slice(0, 1) }),
  'nothing, after a relist that reported everything as new': (w) => ({
    exposures: [],
    changes: w.map((e) => change(e.gateways[0]!, 'added')),
  }),
  'nothing, with changes of other objects': () => ({
    exposures: [],
    changes: [change('elsewhere/other', 'deleted')],
  }),
  'nothing, with changes of the same names in another namespace': (w) => ({
    exposures: [],
    changes: w.map((e) => change(`elsewhere/${e.gateways[0]!.split('/')[1]}`, 'deleted')),
  }),
  'nothing, under a newer configuration': () => ({
    exposures: [],
    version: { epoch: 1, counter: 2, generation: 9 },
  }),
  'nothing, from a new leader': () => ({
    exposures: [],
    version: { epoch: 9, counter: 0, generation: 1 },
  }),
};

describe('promise 6: absence must be proven', () => {
  test.each(Object.entries(BAD_READS))(
    'a read that returns %s removes no more than the allowance',
    (_name, bad) => {
      for (let owned = 10; owned <= 60; owned++) {
        const declared = planPartition('k8s', EMPTY_STATE, [slice(1, all(owned))], rules).next;
        const plan = planPartition('k8s', declared, [slice(2, [], bad(all(owned)))], rules);
        const missing = owned - (bad(all(owned)).exposures?.length ?? 0);
        const gone = owned - Object.keys(plan.next.exposures).length;
        expect(gone).toBe(missing <= Math.max(3, Math.floor(owned / 5)) ? missing : 0);
        expect(plan.entries.filter((e) => e.kind === 'held')).toHaveLength(missing - gone);
      }
    },
  );

  test('an inventory without an ingress removes no more than the allowance, like a complete list', () => {
    for (let owned = 1; owned <= 40; owned++) {
      const declared = planPartition('k8s', EMPTY_STATE, [slice(1, all(owned))], rules).next;
      const absence = {
        cluster: 'east',
        clusterUid: 'uid-east',
        device: 'bigip-1',
        version: { epoch: 1, counter: 2, generation: 1 },
        absent: [slice(1, []).owner],
      };
      const plan = planPartition('k8s', declared, [], { ...rules, absences: [absence] });
      expect(Object.keys(plan.next.exposures)).toHaveLength(owned <= 3 ? 0 : owned);
      expect(plan.entries.filter((e) => e.kind === 'held' && e.code === 'OWN310')).toHaveLength(
        owned <= 3 ? 0 : owned,
      );
      expect(plan.next.owners[slice(1, []).owner]).toMatchObject({
        version: absence.version,
        gone: expect.any(String),
      });
    }
  });

  test('exactly the unproven removals beyond the allowance are held; all other changes are applied', () => {
    const scene = fc.integer({ min: 1, max: 60 }).chain((owned) =>
      fc.record({
        owned: fc.constant(owned),
        gone: fc.subarray(Array.from({ length: owned }, (_, i) => i)),
        seen: fc.subarray(Array.from({ length: owned }, (_, i) => i)),
        fresh: fc.integer({ min: 0, max: 5 }),
      }),
    );
    fc.assert(
      fc.property(scene, ({ owned, gone, seen, fresh }) => {
        lists();
        const before = all(owned);
        const declared = planPartition('k8s', EMPTY_STATE, [slice(1, before)], rules).next;
        const created = Array.from({ length: fresh }, (_, i) =>
          exposure({ port: 1_000 + i, gateways: [`ns/new-${i}`] }),
        );
        const wanted = [...before.filter((_, i) => !gone.includes(i)), ...created];
        const plan = planPartition(
          'k8s',
          declared,
          [
            slice(2, wanted, {
              changes: seen.map((i) => change(before[i]!.gateways[0]!, 'deleted')),
            }),
          ],
          rules,
        );
        const unseen = gone.filter((i) => !seen.includes(i));
        const held = unseen.length > Math.max(3, Math.floor(owned * 0.2)) ? unseen : [];
        const expected = [...wanted, ...held.map((i) => before[i]!)].map(exposureKey).sort();
        expect(Object.keys(plan.next.exposures).sort()).toEqual(expected);
        expect(plan.next.owners[slice(1, []).owner]?.held ?? []).toEqual(
          held.map((i) => exposureKey(before[i]!)).sort(),
        );
      }),
      { numRuns: SEEDS },
    );
  });
});
