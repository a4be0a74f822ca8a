/** Which of several addresses an ingress keeps, follows or gets, and what prevents it. */
import { describe, expect, test } from '@jest/globals';
import { assignAddresses } from '../../../shared/domain/addresses/assign.ts';
import { readAddressPool } from '../../../shared/domain/address-pools/pool.ts';
import type { Exposure, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { asking, miniDevice, wish } from '../../fixtures/addresses.ts';
import { exposure, SETTINGS } from '../../fixtures/exposures.ts';

const [A, B, C] = ['east/a/gw', 'west/a/gw', 'north/a/gw'] as const;
const pool = (...ranges: string[]): { ranges: string[]; reserved: string[] } => ({
  ranges,
  reserved: [],
});
const at = (address: string, port: number, over: Partial<Exposure> = {}): Exposure =>
  exposure({ address, port, gateways: ['a/gw'], ...over });
const https = wish({ port: 443, gateways: ['a/gw'] });
const addressesOf = (slices: readonly Slice[]): readonly string[] =>
  slices.flatMap(({ exposures }) => exposures.map(({ address }) => address));
const codes = (slices: readonly Slice[]): readonly string[] =>
  slices.flatMap(({ notes }) => notes.map(({ code }) => code));

test('a range that cannot be parsed gives no address', () => {
  expect(readAddressPool('web', { ranges: ['nonsense'], reserved: ['x'] })).toEqual({
    name: 'web',
    family: 4,
    ranges: [],
    free: [],
  });
});

describe('an exposure that is refused where it is new', () => {
  const refused = { ...https, refusedIfNew: { code: 'GW146', message: 'internal' } };
  const assigned = (exposures: readonly Exposure[]): ReturnType<typeof assignAddresses> =>
    assignAddresses({
      slices: [asking(A, 1, { exposures: [...exposures] })],
      states: new Map([['k8s', EMPTY_STATE]]),
      holders: [],
      sameFleet: () => false,
    });

  test('gets no address', () => {
    expect(assigned([refused])).toMatchObject({ fresh: [], slices: [{ exposures: [] }] });
  });

  test('does not stop another exposure from getting one', () => {
    const { fresh, slices } = assigned([refused, wish({ port: 80 })]);
    expect([fresh.length, slices[0]?.exposures.map(({ port }) => port)]).toEqual([1, [80]]);
  });
});

describe('an ingress that also names literal addresses', () => {
  test('does not reuse one as its automatic address', () => {
    const device = miniDevice();
    const named = at('10.1.0.3', 80, { gateways: ['a/other'] });
    device.apply(asking(A, 1, { exposures: [named] }));
    device.apply(asking(A, 2, { pool: pool('10.1.0.3', '10.1.0.4'), exposures: [named, https] }));
    expect(device.addresses()[A]).toEqual(['10.1.0.3', '10.1.0.4']);
  });

  test('keeps its automatic address if another gateway names a port there', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { pool: pool('10.1.0.3') }));
    const named = at('10.1.0.3', 80, { gateways: ['a/other'] });
    device.apply(asking(A, 2, { pool: pool('10.1.0.3'), exposures: [named, https] }));
    const later = wish({ port: 8443, gateways: ['a/renamed'] });
    const { slices } = device.apply(
      asking(A, 3, { pool: pool('10.1.0.3', '10.1.0.4'), exposures: [named, later] }),
    );
    expect(addressesOf(slices)).toEqual(['10.1.0.3', '10.1.0.3']);
  });

  test('can have both protocols of a port at one address', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { pool: pool('10.1.0.3') }));
    const quic = at('10.1.0.3', 443, { protocol: 'udp', settings: { ...SETTINGS, mode: 'udp' } });
    const { held } = device.apply(
      asking(A, 2, { pool: pool('10.1.0.3'), exposures: [quic, https] }),
    );
    expect(held).toEqual([]);
    expect(Object.keys(device.states.get('k8s')!.exposures)).toEqual([
      '10.1.0.3:443/tcp',
      '10.1.0.3:443/udp',
    ]);
  });

  test('does not join an exposure in another partition', () => {
    const device = miniDevice({ partitions: ['k8s', 'other'] });
    device.apply(asking(A, 1, { pool: pool('10.1.0.3') }));
    const elsewhere = at('10.1.0.3', 443, { partition: 'other', members: https.members });
    const { held } = device.apply(
      asking(A, 2, { pool: pool('10.1.0.3'), exposures: [elsewhere, https] }),
    );
    expect(held).toMatchObject([{ entry: { code: 'OWN350' } }]);
  });

  test('joins each automatic exposure with the equal one only', () => {
    const device = miniDevice();
    const wishes = [80, 443].map((port) =>
      wish({ port, gateways: [`a/auto-${port}`], members: [] }),
    );
    const named = [80, 443, 8080].map((port) =>
      at('10.1.0.3', port, { gateways: [`a/named-${port}`], members: [] }),
    );
    device.apply(asking(A, 1, { pool: pool('10.1.0.3'), exposures: wishes }));
    const { slices } = device.apply(
      asking(A, 2, { pool: pool('10.1.0.3'), exposures: [...named, ...wishes] }),
    );
    expect(slices[0]?.exposures.map(({ gateways }) => gateways)).toEqual([
      ['a/named-80', 'a/auto-80'],
      ['a/named-443', 'a/auto-443'],
      ['a/named-8080'],
    ]);
  });
});

describe('an ingress in several partitions', () => {
  test('keeps the address in the partition that it requests', () => {
    const device = miniDevice({ partitions: ['k8s', 'other'] });
    device.apply(
      asking(A, 1, {
        exposures: [at('10.1.0.3', 1, { partition: 'other' }), at('10.1.0.4', 2)],
      }),
    );
    const { slices } = device.apply(asking(A, 2, { pool: pool('10.1.0.3', '10.1.0.4') }));
    expect(addressesOf(slices)).toEqual(['10.1.0.4']);
  });
});

describe('an ingress that leaves its pool', () => {
  test('says why: its address is outside the pool', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { pool: pool('10.1.0.3') }));
    const { reported: told } = device.apply(asking(A, 2, { pool: pool('10.1.0.5') }));
    expect(told[0]?.notes).toMatchObject([
      { code: 'OWN352', message: expect.stringContaining('10.1.0.3 is outside pool web') },
    ]);
  });

  test('does not keep an address of the other family', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { pool: pool('10.1.0.3') }));
    const moved = device.apply(asking(A, 2, { pool: pool('2001:db8::/126') }));
    expect(codes(moved.reported)).toEqual([]);
    device.apply(asking(A, 3, { pool: pool('10.1.0.3') }));
    device.foreign = [{ path: '/Common/x', partition: 'Common', address: '2001:db8::9' }];
    const { held } = device.apply(asking(A, 4, { pool: pool('2001:db8::9') }));
    expect(held).toMatchObject([{ entry: { code: 'OWN350' } }]);
  });
});

describe('a pool without free addresses', () => {
  test('holds the exposure, and reports its settings under the requested address', () => {
    const reserved = { ranges: ['10.1.0.3'], reserved: ['10.1.0.3'] };
    const sources = { 'auto(web):443/tcp': { mode: 'Gateway a/gw' } };
    const { held, reported: told } = miniDevice().apply(asking(A, 1, { pool: reserved, sources }));
    expect(held).toMatchObject([{ entry: { code: 'OWN350' } }]);
    expect(told[0]?.sources).toEqual(sources);
  });
});

describe('the address of a sibling in the fleet', () => {
  const sameFleet = (a: string, b: string): boolean => a.split('/')[0] !== b.split('/')[0];

  test('is the one with the same gateway and port, not the lowest', () => {
    const device = miniDevice({ sameFleet });
    device.apply(asking(B, 1, { pool: pool('10.1.0.9') }));
    device.apply(asking(C, 1, { exposures: [at('10.1.0.4', 80, { gateways: ['c/gw'] })] }));
    device.apply(asking(A, 1, { pool: pool('10.1.0.1-10.1.0.20') }));
    expect(device.addresses()[A]).toEqual(['10.1.0.9']);
  });

  test('is not used if another object on the device uses it', () => {
    const device = miniDevice({ sameFleet });
    device.apply(asking(B, 1, { pool: pool('10.1.0.9') }));
    device.foreign = [{ path: '/Common/x', partition: 'Common', address: '10.1.0.9' }];
    device.apply(asking(A, 1, { pool: pool('10.1.0.9', '10.1.0.12') }));
    expect(device.addresses()[A]).toEqual(['10.1.0.12']);
  });
});

test('the address depends on the seed, not on the owner', () => {
  const given = (owner: string, seed: string): string | undefined => {
    const device = miniDevice();
    const pools = { web: pool('10.1.0.0/24') };
    device.apply(asking(owner, 1, { auto: { pools, claims: [], seed } }));
    return device.addresses()[owner]?.[0];
  };
  expect(given(A, 'seed')).toBe(given(B, 'seed'));
  const several = new Set(['a', 'b', 'c', 'd'].map((seed) => given(A, seed)));
  expect(several.size).toBeGreaterThan(1);
});
