import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Plan } from '../../../shared/domain/plan/plan.ts';
import { isHeldOpen, isRefusedAnew } from '../../../shared/domain/plan/refused-anew.ts';
import type { Exposure, Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
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

  test('has members that follow the pods', () => {
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

  test('does not move to an address where the policy requires a setting that it lacks', () => {
    const lacking = { code: 'GW172', message: 'policy requirement' };
    const [server] = slice(1, []).servers;
    const there = exposure({ address: '172.16.100.200', refusedIfNew: lacking });
    const p = plan(declared, [
      slice(2, [there], {
        changes: [
          {
            what: 'updated',
            kind: 'Gateway',
            namespace: 'default',
            name: 'tcp-echo-gateway',
            resourceVersion: '2',
          },
        ],
        servers: [
          { ...server, gateway: 'default/tcp-echo-gateway', code: 'GW172' },
        ] as Slice['servers'],
      }),
    ]);
    expect(Object.keys(p.next.exposures)).toEqual(['172.16.100.195:32400/tcp']);
    expect(p.entries.map(({ kind, code }) => `${kind} ${code ?? ''}`)).toEqual(['held GW172']);
  });

  test('leaves nothing of the refusal in what is declared', () => {
    expect(JSON.stringify(plan(declared, [slice(2, [internal])]).next)).not.toContain('GW146');
  });
});

describe('a port counts as had already', () => {
  const other = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
  const [OLD, NEW] = ['172.16.100.195', '172.16.100.200'];
  const wants = (more: Partial<Exposure>): boolean =>
    kinds(plan(declared, [slice(2, [exposure(), { ...internal, ...more }])])).some(
      (line) => !line.endsWith(`${OLD}:32400/tcp`),
    );

  test.each<[string, Partial<Exposure>, boolean]>([
    ['at another address for the same gateway', { address: NEW }, true],
    [
      'at another address for one of several gateways',
      { address: NEW, gateways: ['ns/new', 'default/tcp-echo-gateway'] },
      true,
    ],
    ['not at another address for another gateway', { address: NEW, gateways: ['ns/new'] }, false],
    ['not if it is another number', { port: 9 }, false],
    ['not if it is of another protocol', { protocol: 'udp' }, false],
  ])('%s', (_, more, had) => {
    expect(wants(more)).toBe(had);
  });

  test('at its address, whatever the gateway is called now', () => {
    const p = plan(declared, [slice(2, [{ ...internal, gateways: ['ns/renamed'] }])]);
    expect(kinds(p)).toEqual(['update 172.16.100.195:32400/tcp']);
  });

  test('although its gateway has others there', () => {
    const both = exposure({ gateways: ['default/tcp-echo-gateway', 'ns/another'] });
    const before = plan(EMPTY_STATE, [slice(1, [both])]).next;
    const p = plan(before, [slice(2, [{ ...internal, address: NEW }])]);
    expect(kinds(p)).toContain(`create ${NEW}:32400/tcp`);
  });

  test('although other clusters have the same number elsewhere, or share it', () => {
    const first = slice(1, [exposure({ address: '172.16.100.100' })], other);
    const beside = plan(EMPTY_STATE, [first, slice(1, [exposure()])]).next;
    const p = plan(beside, [slice(2, [{ ...internal, address: NEW }])]);
    expect(kinds(p)).toContain(`create ${NEW}:32400/tcp`);
    const shared = plan(declared, [slice(1, [exposure()], other)]).next;
    expect(kinds(plan(shared, [slice(2, [{ ...internal, address: NEW }])]))).toContain(
      `create ${NEW}:32400/tcp`,
    );
  });

  test('with the settings of its own address, where the gateway has it at several', () => {
    const at = (address: string, connectionLimit: number): Exposure =>
      exposure({ address, settings: { ...exposure().settings, connectionLimit } });
    const two = plan(EMPTY_STATE, [slice(1, [at(OLD, 1), at(NEW, 2)])]).next;
    for (const address of [OLD, NEW])
      expect(
        kinds(
          plan(two, [
            slice(
              2,
              [at(OLD, 1), at(NEW, 2)].map((one) =>
                one.address === address
                  ? { ...one, refusedIfNew, settings: exposure().settings }
                  : one,
              ),
            ),
          ]),
        ),
      ).toEqual([`unchanged ${OLD}:32400/tcp`, `unchanged ${NEW}:32400/tcp`]);
  });

  test('in any partition of the device; and nothing is refused that no rule refuses', () => {
    const { owner } = slice(1, []);
    expect(isRefusedAnew(internal, owner, [EMPTY_STATE, declared])).toBe(false);
    expect(isRefusedAnew(internal, owner, [EMPTY_STATE])).toBe(true);
    expect(isRefusedAnew(exposure(), owner, [EMPTY_STATE])).toBe(false);
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

  const open = exposure().settings;
  test.each<[string, ReturnType<typeof change>, boolean]>([
    [
      'the Service of that name in another namespace',
      change('Service', 'other', 'istio-ingressgateway'),
      true,
    ],
    [
      'a pod with the name of the Service',
      change('Pod', 'istio-system', 'istio-ingressgateway'),
      true,
    ],
    ['another Gateway', change('Gateway', 'default', 'other'), true],
    [
      'a VirtualService with the name of the Gateway',
      change('VirtualService', 'default', 'tcp-echo-gateway'),
      true,
    ],
    ['the Service', change('Service', 'istio-system', 'istio-ingressgateway'), false],
    ['the Gateway', change('Gateway', 'default', 'tcp-echo-gateway'), false],
  ])('after a change of %s', (_, seen, held) => {
    expect(isHeldOpen(slice(2, [], { changes: [seen as Change] }), restricted, open)).toBe(held);
  });

  test('is held open until the change of an object is seen, and neither its creation nor its deletion counts', () => {
    for (const what of ['added', 'deleted'] as const) {
      const seen = { ...change('Service', 'istio-system', 'istio-ingressgateway'), what };
      expect(isHeldOpen(slice(2, [], { changes: [seen as Change] }), restricted, open)).toBe(true);
    }
  });

  test('is not held open if an annotation asks for it, if nothing was accepted, or if a network was', () => {
    const held = (one: Exposure, accepted?: Partial<Exposure['settings']>): boolean =>
      isHeldOpen(slice(2, []), one, accepted && { ...open, ...accepted });
    expect(held(exposure({ settings }), {})).toBe(false);
    expect(held(restricted)).toBe(false);
    expect(held(restricted, { source: '10.0.0.0/8' })).toBe(false);
    expect(held(restricted, {})).toBe(true);
  });

  test('that contains no restriction is not reported', () => {
    const p = plan(declared, [slice(2, [exposure({ sourceByService: true })])]);
    expect(p.entries).toMatchObject([{ kind: 'unchanged' }]);
    expect(p.entries[0]).not.toHaveProperty('remarks');
  });
});
