/** Which ingress gets an address, which one keeps it, and how this affects the others. */
import { describe, expect, test } from '@jest/globals';
import {
  assignAddresses,
  asksForAddress,
  allocationTakenSince,
} from '../../../shared/domain/addresses/assign.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { asking, miniDevice, wish } from '../../fixtures/addresses.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const [A, B, C] = ['east/a/gw', 'east/b/gw', 'east/c/gw'] as const;
const one = (address: string): { readonly pool: { ranges: string[]; reserved: string[] } } => ({
  pool: { ranges: [address], reserved: [] },
});
const foreign = (
  ...addresses: readonly string[]
): readonly { path: string; partition: string; address: string }[] =>
  addresses.map((address) => ({ path: `/Common/${address}`, partition: 'Common', address }));

describe('whether an exposure requests an address', () => {
  test.each([
    ['no event arrived', [], false],
    ['every exposure names its address', [slice(1, [exposure()]), slice(1, [])], false],
    ['one of several exposures requests one', [slice(1, []), slice(1, [exposure(), wish()])], true],
  ])('%s', (_, slices, asked) => {
    expect(asksForAddress(slices)).toBe(asked);
  });
});

describe('of several that ask for the last address', () => {
  const since = (day: number): string => `2026-01-0${day}T00:00:00Z`;
  test.each<[string, readonly Exposure[], readonly Exposure[]]>([
    [
      'the one with the oldest gateway gets it',
      [wish({ since: since(2) })],
      [wish({ since: since(3) })],
    ],
    [
      'its oldest gateway decides, in whatever order the gateways are listed',
      [wish({ port: 1, since: since(5) }), wish({ port: 2, since: since(2) })],
      [wish({ since: since(3) })],
    ],
    [
      'one without an age counts as the youngest',
      [wish({ since: since(9) })],
      [wish({ since: '' })],
    ],
    ['the name decides between equals', [wish({ since: since(2) })], [wish({ since: since(2) })]],
  ])('%s', (_, winners, losers) => {
    for (const turned of [false, true]) {
      const device = miniDevice();
      const [winner, loser] = [
        asking(A, 1, { ...one('10.1.0.3'), exposures: [...winners] }),
        asking(B, 1, { ...one('10.1.0.3'), exposures: [...losers] }),
      ];
      device.apply(...(turned ? [loser, winner] : [winner, loser]));
      expect(device.addresses()).toEqual({ [A]: ['10.1.0.3'] });
    }
  });
});

describe('what cannot be decided here', () => {
  test('an unread partition and a missing pool do not prevent other assignments', () => {
    const { slices, fresh } = assignAddresses({
      slices: [
        asking(A, 1, { exposures: [wish({ partition: 'elsewhere' })] }),
        asking(B, 1, { auto: { pools: {}, claims: [], seed: 'x' } }),
        asking(C, 1, one('10.1.0.3')),
      ],
      states: new Map([['k8s', EMPTY_STATE]]),
      holders: [],
      sameFleet: () => false,
    });
    expect(slices.map(({ exposures }) => exposures.map(({ address }) => address))).toEqual([
      ['auto(web)'],
      ['auto(web)'],
      ['10.1.0.3'],
    ]);
    expect(fresh).toEqual([{ owner: C, partition: 'k8s', address: '10.1.0.3' }]);
  });

  test('reports the first address that was taken meanwhile', () => {
    const fresh = ['10.1.0.3', '10.1.0.4', '10.1.0.5'].map((address) => ({
      owner: A,
      partition: 'k8s',
      address,
    }));
    const known = (...taken: readonly string[]): Parameters<typeof allocationTakenSince>[0] => ({
      states: new Map([['k8s', EMPTY_STATE]]),
      holders: foreign(...taken),
      sameFleet: () => false,
    });
    expect(allocationTakenSince(known('10.1.0.5', '10.1.0.4'), fresh)).toEqual(fresh[1]);
    expect(allocationTakenSince(known('10.1.0.9'), fresh)).toBeUndefined();
  });
});

describe('an ingress that has to move', () => {
  const at = (address: string): { readonly pool: { ranges: string[]; reserved: string[] } } =>
    one(address);

  test('is reported separately', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, at('10.1.0.3')), asking(B, 1, at('10.1.0.4')));
    const { reported: told } = device.apply(
      asking(A, 2, at('10.1.0.5')),
      asking(B, 2, at('10.1.0.4')),
    );
    expect(told.map(({ notes }) => notes.map(({ code }) => code))).toEqual([['OWN352'], []]);
  });

  const rival = (port: number): Exposure =>
    exposure({
      address: '10.1.0.3',
      port,
      gateways: ['a/rival'],
      settings: { ...SETTINGS, connectionLimit: 7 },
    });
  test.each<[string, readonly Exposure[], readonly string[], readonly string[]]>([
    ['stays if no other owner names its ports', [], [], ['10.1.0.3']],
    ['stays where only some of its ports are named there', [rival(80)], ['OWN354'], ['10.1.0.3']],
    [
      'gets none where all of them are named there',
      [rival(80), rival(443)],
      ['OWN350', 'OWN350'],
      ['10.1.0.3'],
    ],
  ])('and cannot, %s', (_, rivals, codes, addresses) => {
    const device = miniDevice();
    const wishes = [80, 443].map((port) => wish({ port, gateways: ['a/gw'] }));
    device.apply(asking(A, 1, { ...at('10.1.0.3'), exposures: wishes }));
    device.foreign = foreign('10.1.0.5');
    const { held, slices } = device.apply(
      asking(A, 2, { ...at('10.1.0.5'), exposures: [...rivals, ...wishes] }),
    );
    expect(held.map(({ entry }) => entry.code)).toEqual(codes);
    expect([...new Set(slices[0]?.exposures.map(({ address }) => address))]).toEqual(addresses);
  });
});
