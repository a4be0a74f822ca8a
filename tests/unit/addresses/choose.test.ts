/** Which address an ingress gets if several are possible. */
import { describe, expect, test } from '@jest/globals';
import { poolClaims } from '../../../shared/domain/exposure/pool-claims.ts';
import { AddressPool } from '../../../shared/domain/address-pools/pool.ts';
import { usableRange } from '../../../shared/domain/address-pools/range.ts';
import { addressRequest } from '../../../shared/domain/exposure/address-request.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { asking, miniDevice, wish } from '../../fixtures/addresses.ts';
import { exposure } from '../../fixtures/exposures.ts';
import { context, world } from '../exposure/fixtures.ts';

const A = 'east/a/gw';
const pool = { ranges: ['10.1.0.1-10.1.0.20'], reserved: [] };
const at = (address: string, port: number, over: Partial<Exposure> = {}): Exposure =>
  exposure({ address, port, gateways: ['a/gw'], ...over });
const wishes = [80, 443].map((port) => wish({ port, gateways: ['a/gw'] }));

describe('an ingress with several addresses', () => {
  test.each<[string, readonly Exposure[], readonly string[], string]>([
    [
      'keeps the address that most of its exposures have',
      [at('10.1.0.3', 443), at('10.1.0.4', 80), at('10.1.0.4', 443)],
      [],
      '10.1.0.4',
    ],
    [
      'keeps the address that the same gateway has',
      [at('10.1.0.3', 443, { gateways: ['a/other'] }), at('10.1.0.4', 443)],
      [],
      '10.1.0.4',
    ],
    [
      'keeps the lowest of equal ones, compared as numbers',
      [at('10.1.0.10', 443), at('10.1.0.9', 443)],
      [],
      '10.1.0.9',
    ],
    [
      'of equal addresses keeps the one in the status of the Service',
      [at('10.1.0.10', 443), at('10.1.0.9', 443)],
      ['10.1.0.10'],
      '10.1.0.10',
    ],
    [
      'keeps the address that most of its exposures have, whatever the status of the Service is',
      [at('10.1.0.3', 443), at('10.1.0.4', 80), at('10.1.0.4', 443)],
      ['10.1.0.3'],
      '10.1.0.4',
    ],
  ])('%s', (_, before, claims, kept) => {
    const device = miniDevice();
    device.apply(asking(A, 1, { pool, exposures: [...before] }));
    const { slices, fresh } = device.apply(asking(A, 2, { pool, claims, exposures: wishes }));
    expect([slices[0]?.exposures.map(({ address }) => address), fresh]).toEqual([[kept, kept], []]);
  });
});

describe('an ingress', () => {
  test('keeps an address that is reserved by now although all its ports change', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { pool: { ranges: ['10.1.0.3'], reserved: [] } }));
    device.apply(
      asking(A, 2, {
        pool: { ...pool, reserved: ['10.1.0.3'] },
        exposures: [wish({ port: 8443, gateways: ['a/gw'] })],
      }),
    );
    expect(device.addresses()[A]).toEqual(['10.1.0.3']);
  });

  test('is not reported as moved if it had no address before', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { pool: { ranges: ['10.1.0.3'], reserved: [] } }));
    const { reported: told } = device.apply(
      asking(A, 2, {
        pool: { ranges: ['10.1.0.5'], reserved: [] },
        exposures: [wish({ port: 8443, gateways: ['a/gw'] })],
      }),
    );
    expect(told[0]?.exposures.map(({ address }) => address)).toEqual(['10.1.0.5']);
    expect(told[0]?.notes).toEqual([]);
  });

  test('gets the lowest of several claims, as numbers', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { pool, claims: ['10.1.0.12', '10.1.0.7', '10.1.0.9'] }));
    expect(device.addresses()[A]).toEqual(['10.1.0.7']);
  });
});

describe('a cluster of a fleet', () => {
  const sameFleet = (a: string, b: string): boolean => a.split('/')[0] !== b.split('/')[0];
  const [east, west] = ['east/istio/gw', 'west/istio/gw'] as const;
  test.each<[string, string, readonly string[], string]>([
    [
      'shares the address of its sibling, although it is reserved',
      '10.1.0.3',
      ['10.1.0.3'],
      '10.1.0.3',
    ],
    ['does not share it if it is outside of its pool', '10.2.0.1', ['10.1.0.3'], '10.1.0.5'],
  ])('%s', (_, theirs, reserved, mine) => {
    const device = miniDevice({ sameFleet });
    device.apply(asking(east, 1, { exposures: [at(theirs, 443)] }));
    device.apply(
      asking(west, 1, { pool: { ranges: ['10.1.0.3', '10.1.0.5'], reserved: [...reserved] } }),
    );
    expect(device.addresses()[west]).toEqual([mine]);
  });
});

test.each(['2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z'])(
  'an exposure that joins a literal address keeps the order by age and the sources of the others: since %s',
  (since) => {
    const device = miniDevice();
    const only = { ranges: ['10.1.0.3'], reserved: [] };
    const automatic = wish({ port: 443, gateways: ['a/auto'], since, members: [] });
    device.apply(asking(A, 1, { pool: only, exposures: [automatic] }));
    const literal = at('10.1.0.3', 443, {
      gateways: ['a/literal'],
      since: '2026-01-02T00:00:00Z',
      members: [],
    });
    const sources = { '10.1.0.3:443/tcp': { mode: 'x' } };
    const { slices } = device.apply(
      asking(A, 2, { pool: only, exposures: [literal, automatic], sources }),
    );
    const older = since < literal.since;
    expect(slices[0]).toMatchObject({
      sources,
      exposures: [
        {
          gateways: older ? ['a/auto', 'a/literal'] : ['a/literal', 'a/auto'],
          since: older ? since : literal.since,
        },
      ],
    });
  },
);

test('an ingress without its Service includes its pools and claims nothing', () => {
  const web = AddressPool.parse({ name: 'web', ...pool });
  const about = { ...context(), addressPools: [web] };
  expect(poolClaims([wish()], undefined, about)).toEqual({
    auto: { pools: { web: pool }, claims: [], seed: '' },
    notes: [],
  });
  const service = (type: string): Parameters<typeof poolClaims>[1] =>
    world({ service: { type } }).objects.services[0];
  expect(poolClaims([wish()], service('NodePort'), about)?.notes[0]?.message).toMatch(
    /make it type LoadBalancer$/,
  );
  expect(poolClaims([wish()], service('LoadBalancer'), about)?.notes[0]?.message).toMatch(
    /set writeStatus: true .* create it with loadBalancerClass sluice\.io\/bigip/,
  );
});

test('an address has its family, and an invalid range contains no addresses', () => {
  const families = ['10.0.0.1', '2001:db8::1']
    .map((address) => addressRequest(context(), address))
    .map((spot) => ('family' in spot ? spot.family : undefined));
  expect(families).toEqual([4, 6]);
  expect([usableRange('10.0.0.0/33'), usableRange('x'), usableRange('')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
