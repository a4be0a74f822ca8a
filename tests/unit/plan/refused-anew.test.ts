import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Plan } from '../../../shared/domain/plan/plan.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const plan = (declared: DeclaredState, slices: readonly Slice[]): Plan =>
  planPartition('k8s', declared, slices, { sameFleet: () => true });
const kinds = (p: Plan): string[] => p.entries.map((e) => `${e.kind} ${e.key}`);
const refusedIfNew = { code: 'GW146', message: 'internal' };
const internal = exposure({ refusedIfNew });
const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;

describe('an exposure that a rule refuses only where it is new', () => {
  test('is not declared', () => {
    const p = plan(EMPTY_STATE, [slice(1, [internal])]);
    expect(kinds(p)).toEqual([]);
    expect(p.next.exposures).toEqual({});
  });

  test('stays as it was accepted where its owner has it', () => {
    const p = plan(declared, [slice(2, [internal])]);
    expect(kinds(p)).toEqual(['unchanged 172.16.100.195:32400/tcp']);
  });

  test('its members go on following the pods', () => {
    const moved = { ...internal, members: [{ ...internal.members[0]!, address: '10.244.9.9' }] };
    const p = plan(declared, [slice(2, [moved])]);
    expect(p.entries[0]).toMatchObject({ kind: 'update', reason: 'members changed' });
  });

  test('is not joined by another cluster of the fleet', () => {
    const west = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
    const p = plan(declared, [slice(1, [internal], west)]);
    expect(kinds(p)).toEqual([]);
  });

  test('goes when its owner does not ask for it any more, and does not come back', () => {
    const gone = plan(declared, [slice(2, [])]);
    expect(kinds(gone)).toEqual(['delete 172.16.100.195:32400/tcp']);
    expect(kinds(plan(gone.next, [slice(3, [internal])]))).toEqual([]);
  });

  test('may move to another address', () => {
    const p = plan(declared, [slice(2, [{ ...internal, address: '172.16.100.200' }])]);
    expect(kinds(p)).toEqual([
      'delete 172.16.100.195:32400/tcp',
      'create 172.16.100.200:32400/tcp',
    ]);
  });

  test('leaves nothing of the refusal in what is declared', () => {
    expect(JSON.stringify(plan(declared, [slice(2, [internal])]).next)).not.toContain('GW146');
  });
});

describe('what is kept keeps its settings, too', () => {
  test('so that an invalid request opens nothing', () => {
    const settings = { ...exposure().settings, source: '10.20.0.0/16' };
    const restricted = plan(EMPTY_STATE, [slice(1, [exposure({ settings })])]).next;
    const p = plan(restricted, [slice(2, [internal])]);
    expect(kinds(p)).toEqual(['unchanged 172.16.100.195:32400/tcp']);
    expect(p.next.exposures['172.16.100.195:32400/tcp']?.settings.source).toBe('10.20.0.0/16');
  });
});

describe('a network of clients that 0.1.0 did not read', () => {
  const settings = { ...exposure().settings, source: '10.20.0.0/16' };
  const restricted = exposure({ settings, sourceByService: true });
  const change = (kind: string, namespace: string, name: string) => ({
    what: 'updated' as const,
    kind,
    namespace,
    name,
    resourceVersion: '7',
  });

  test('holds at once where the exposure is new', () => {
    const { next } = plan(EMPTY_STATE, [slice(1, [restricted])]);
    expect(next.exposures['172.16.100.195:32400/tcp']?.settings.source).toBe('10.20.0.0/16');
  });

  test('disconnects no client by an upgrade, and reports this with the remedy', () => {
    const p = plan(declared, [slice(2, [restricted])]);
    expect(kinds(p)).toEqual(['unchanged 172.16.100.195:32400/tcp']);
    expect(p.entries[0]?.remarks).toEqual([
      { code: 'GW158', message: expect.stringContaining('sluice.io/source: 10.20.0.0/16') },
    ]);
  });

  test.each([
    ['the ingress Service', change('Service', 'istio-system', 'istio-ingressgateway')],
    ['the Gateway', change('Gateway', 'default', 'tcp-echo-gateway')],
  ])('holds with the next change of %s, and from then on', (_, seen) => {
    const p = plan(declared, [slice(2, [restricted], { changes: [seen] })]);
    expect(p.entries[0]).toMatchObject({ kind: 'update', reason: 'source changed' });
    expect(kinds(plan(p.next, [slice(3, [restricted])]))).toEqual([
      'unchanged 172.16.100.195:32400/tcp',
    ]);
  });

  test('is not held where an annotation asks for it, and other changes do not count', () => {
    const asked = plan(declared, [slice(2, [exposure({ settings })])]);
    expect(asked.entries[0]).toMatchObject({ kind: 'update' });
    const other = plan(declared, [
      slice(2, [restricted], { changes: [change('Service', 'istio-system', 'other')] }),
    ]);
    expect(kinds(other)).toEqual(['unchanged 172.16.100.195:32400/tcp']);
  });
});
