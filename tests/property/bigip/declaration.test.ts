import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { readTenant } from '../../../shared/bigip/as3/read.ts';
import { renderTenant } from '../../../shared/bigip/as3/render.ts';
import type { As3Tenant } from '../../../shared/bigip/as3/types.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { DECLARED_FORMAT, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { state } from '../../fixtures/arbitraries.ts';

/** What AS3 returns: plain JSON with the requested lock key. */
function stored(tenant: As3Tenant): As3Tenant {
  return { ...(JSON.parse(JSON.stringify(tenant)) as As3Tenant), optimisticLockKey: 'key' };
}

/** The path of every value in a JSON value. */
function leaves(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== 'object') return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function change(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined)
    return typeof value === 'number'
      ? value + 1
      : typeof value === 'boolean'
        ? !value
        : `${String(value)}x`;
  const copy = (
    Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }
  ) as Record<string, unknown>;
  copy[key] = change(copy[key], rest);
  return copy;
}

describe('the declaration of a partition', () => {
  test('reading gives exactly what was rendered, with all that is remembered, with and without shared nodes', () => {
    fc.assert(
      fc.property(state, (s) => {
        expect(readTenant('k8s', stored(renderTenant(s, { shareNodes: false })))).toEqual({
          kind: 'ours',
          state: s,
        });
      }),
      { numRuns: 150 },
    );
  });

  test('any value in any part of it can be read; foreign content is refused', () => {
    const places = (value: unknown, path: readonly string[] = []): (readonly string[])[] =>
      value === null || typeof value !== 'object'
        ? [path]
        : [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
    const put = (value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown => {
      if (key === undefined) return other;
      const copy = (
        Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }
      ) as Record<string, unknown>;
      copy[key] = put(copy[key], rest, other);
      return copy;
    };
    fc.assert(
      fc.property(
        state,
        fc.nat(),
        fc.constantFrom(null, 7, 'x', true, [], {}, [null]),
        (s, n, other) => {
          const tenant = stored(renderTenant(s, { shareNodes: false }));
          const all = places(tenant).slice(1);
          expect(
            readTenant('k8s', put(tenant, all[n % all.length]!, other) as As3Tenant).kind,
          ).toMatch(/ours|refused/);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a state that was never declared takes the way of sharing nodes from the device', () => {
    for (const shareNodes of [false, true]) {
      expect(readTenant('k8s', stored(renderTenant(EMPTY_STATE, { shareNodes })))).toEqual({
        kind: 'ours',
        state: { ...EMPTY_STATE, shareNodes },
      });
    }
  });

  test('a change to any declared object, or to what is remembered, is seen: it reads differently or is refused', () => {
    fc.assert(
      fc.property(state, fc.nat(), (s, pick) => {
        const tenant = stored(renderTenant(s, { shareNodes: false }));
        const places = Object.entries(tenant)
          .filter(([key]) => key.startsWith('gw-') || key === 'constants')
          .flatMap(([key, part]) => leaves(part, [key]));
        const telling = places.filter((path) => path.join('.') !== 'constants.class');
        const place = telling[pick % telling.length]!;
        const read = readTenant('k8s', change(tenant, place) as As3Tenant);
        expect(read).not.toEqual({ kind: 'ours', state: s });
      }),
      { numRuns: 150 },
    );
  });

  test('an application that another client added or removed is never overwritten', () => {
    fc.assert(
      fc.property(state, (s) => {
        const tenant = stored(renderTenant(s, { shareNodes: false }));
        expect(readTenant('k8s', { ...tenant, foreign: { class: 'Application' } })).toMatchObject({
          kind: 'refused',
          code: 'OWN305',
        });
        const name = Object.keys(tenant).find((key) => key.startsWith('gw-'));
        fc.pre(name !== undefined);
        const { [name]: _gone, ...rest } = tenant;
        expect(readTenant('k8s', rest as As3Tenant)).toMatchObject({
          kind: 'refused',
          code: 'OWN305',
        });
      }),
      { numRuns: 100 },
    );
  });

  test('declarations of other clients and newer formats are refused with separate codes', () => {
    expect(readTenant('k8s', { class: 'Tenant', app: { class: 'Application' } })).toMatchObject({
      kind: 'refused',
      code: 'OWN303',
    });
    const newer = {
      class: 'Tenant',
      constants: { class: 'Constants', sluice: { format: DECLARED_FORMAT + 1 } },
    } as const;
    expect(readTenant('k8s', newer)).toMatchObject({ kind: 'refused', code: 'OWN304' });
  });

  test('an absent setting with a default is not stored as requested', () => {
    fc.assert(
      fc.property(state, (s) => {
        const wishes = (of: DeclaredState): unknown =>
          Object.values(of.exposures).map((e) => e.contributions.map((c) => c.wish));
        const read = readTenant('k8s', stored(renderTenant(s, { shareNodes: false })));
        expect(read.kind === 'ours' ? wishes(read.state) : read.reason).toEqual(wishes(s));
      }),
      { numRuns: 100 },
    );
  });

  test.each([1, 2])('what an older Sluice wrote in format %i is read as it is', (format) => {
    const [owner, exposure] = [
      'east/ns/gw',
      {
        class: 'Application',
        virtual: {
          class: 'Service_TCP',
          virtualAddresses: ['10.0.0.1'],
          virtualPort: 80,
          pool: 'pool',
          snat: 'auto',
          persistenceMethods: [],
        },
        pool: {
          class: 'Pool',
          loadBalancingMode: 'round-robin',
          members: [{ servicePort: 8080, serverAddresses: ['10.1.0.1'] }],
        },
      },
    ];
    const sluice = {
      format,
      owners: { [owner]: { version: { epoch: 1, counter: 2, generation: 3 }, clusterUid: 'uid' } },
      shareNodes: false,
      exposures: {
        'gw-10_0_0_1-80-tcp': [
          { owner, gateways: ['ns/g'], since: '2026-01-01T00:00:00Z', ports: [8080], draining: [] },
        ],
      },
    };
    const tenant = {
      class: 'Tenant',
      constants: { class: 'Constants', sluice },
      sluice: { class: 'Application' },
      'gw-10_0_0_1-80-tcp': exposure,
    } as const;
    const read = readTenant('k8s', tenant);
    // There was no reselectTries either: BIG-IP tries no other member.
    expect(read).toMatchObject({
      kind: 'ours',
      state: { exposures: { '10.0.0.1:80/tcp': { settings: { reselectTries: 0 } } } },
    });
    expect(read).toMatchObject({
      kind: 'ours',
      state: {
        owners: sluice.owners,
        exposures: {
          '10.0.0.1:80/tcp': {
            contributions: [{ owner, members: [{ address: '10.1.0.1', port: 8080 }] }],
          },
        },
      },
    });
  });
});
