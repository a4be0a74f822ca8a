import { describe, expect, test } from '@jest/globals';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { asking, miniDevice, SIX, wish } from '../../fixtures/addresses.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const A = 'east/a/gw';
const B = 'east/b/gw';
const C = 'east/c/gw';
/** Every address of the pool except these. */
const allBut = (...free: readonly string[]): { ranges: string[]; reserved: string[] } => ({
  ranges: ['10.1.0.0/29'],
  reserved: SIX.filter((one) => !free.includes(one)),
});
const only = (...free: readonly string[]): { readonly pool: ReturnType<typeof allBut> } => ({
  pool: allBut(...free),
});

describe('an ingress that asks for an automatic address', () => {
  test('gets one of the pool, and the same one for all its gateways', () => {
    const device = miniDevice();
    device.apply(
      asking(A, 1, {
        exposures: [
          wish({ port: 80, gateways: ['a/one'] }),
          wish({ port: 443, gateways: ['a/two'] }),
        ],
      }),
    );
    expect(device.addresses()[A]).toHaveLength(1);
    expect(SIX).toContain(device.addresses()[A]?.[0]);
  });

  test.each([
    ['a replay of the same version', 1],
    ['a newer version', 2],
  ])('stays the same after %s', (_, counter) => {
    const device = miniDevice();
    device.apply(asking(A));
    const before = device.states;
    const { plans, fresh } = device.apply(asking(A, counter));
    expect(fresh).toEqual([]);
    expect(plans[0]?.entries.map(({ kind }) => kind)).toEqual(['unchanged']);
    if (counter === 1) expect(device.states).toEqual(before);
  });

  test('keeps it although all its ports change at once', () => {
    const device = miniDevice();
    device.apply(asking(A));
    const before = device.addresses()[A];
    device.apply(asking(A, 2, { exposures: [wish({ port: 8443, gateways: ['a/gw'] })] }));
    expect(device.addresses()[A]).toEqual(before);
  });

  test('keeps it even if it is reserved now, or the ranges around it change', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, only('10.1.0.3')));
    device.apply(asking(A, 2, { pool: { ranges: ['10.1.0.2-10.1.0.4'], reserved: ['10.1.0.3'] } }));
    expect(device.addresses()[A]).toEqual(['10.1.0.3']);
  });

  test('is reported like an older slice: it has no effect', () => {
    const device = miniDevice();
    device.apply(asking(A, 5));
    const before = device.states;
    const { plans, held } = device.apply(asking(A, 4));
    expect(held).toEqual([]);
    expect(plans[0]?.entries).toMatchObject([{ kind: 'superseded', key: 'auto(web):443/tcp' }]);
    expect(device.states).toEqual(before);
  });

  test('reports its settings under the address', () => {
    const { reported: told } = miniDevice().apply(
      asking(A, 1, {
        ...only('10.1.0.3'),
        sources: { 'auto(web):443/tcp': { mode: 'Gateway a/gw' } },
      }),
    );
    expect(told[0]?.sources).toEqual({ '10.1.0.3:443/tcp': { mode: 'Gateway a/gw' } });
  });

  test('gets an IPv6 address of an IPv6 pool, however large', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { pool: { ranges: ['2001:db8::/64'], reserved: [] } }));
    expect(device.addresses()[A]?.[0]).toMatch(/^2001:db8::/);
  });
});

describe('an assigned address is unused', () => {
  test('of two that ask in one batch, with room for one, the older gets it', () => {
    const device = miniDevice();
    const young = asking(A, 1, {
      ...only('10.1.0.3'),
      exposures: [wish({ since: '2026-02-01T00:00:00Z' })],
    });
    const { held } = device.apply(young, asking(B, 1, only('10.1.0.3')));
    expect(device.addresses()).toEqual({ [B]: ['10.1.0.3'] });
    expect(held).toMatchObject([
      {
        partition: 'k8s',
        entry: {
          owner: A,
          kind: 'held',
          code: 'OWN350',
          reason: expect.stringContaining('pool web'),
        },
      },
    ]);
  });

  test.each([
    [
      'a virtual server of another client',
      { path: '/Common/vs', partition: 'Common', address: '10.1.0.3', port: 8080, protocol: 'tcp' },
    ],
    [
      'a virtual address of another client, with route domain and mask',
      { path: '/other/10.1.0.3', partition: 'other', address: '10.1.0.3%2/32' },
    ],
  ])('%s', (_, holder) => {
    const device = miniDevice();
    device.foreign = [holder];
    device.apply(asking(A, 1, only('10.1.0.3', '10.1.0.5')));
    expect(device.addresses()[A]).toEqual(['10.1.0.5']);
  });

  test('by an owner that names the address explicitly, in the same batch or before, in any partition', () => {
    const device = miniDevice({ partitions: ['k8s', 'edge'] });
    const named = (address: string, partition: string, owner: string): ReturnType<typeof slice> =>
      slice(1, [exposure({ address, partition })], { owner });
    device.apply(named('10.1.0.2', 'edge', B));
    device.apply(
      asking(A, 1, only('10.1.0.2', '10.1.0.3', '10.1.0.4')),
      named('10.1.0.3', 'k8s', C),
    );
    expect(device.addresses()[A]).toEqual(['10.1.0.4']);
  });

  test('by an owner that waits for it, because the device refused it or its port is taken', () => {
    const device = miniDevice();
    const bad = slice(1, [exposure({ address: '10.1.0.3', port: 1 })], { owner: B });
    device.apply(bad);
    const [state] = device.states.values();
    const quarantine = {
      '10.1.0.3:1/tcp': {
        hash: 'x',
        code: 'BIP421',
        reason: 'no',
        next: '2026-01-01T00:00:00Z',
        tries: 1,
        members: 'kept' as const,
      },
    };
    device.states = new Map([
      ['k8s', { ...state!, exposures: {}, owners: { [B]: { ...state!.owners[B]!, quarantine } } }],
    ]);
    device.apply(asking(A, 1, only('10.1.0.3', '10.1.0.4')));
    expect(device.addresses()[A]).toEqual(['10.1.0.4']);
  });

  test('nothing is assigned while a partition cannot be read; existing assignments stay', async () => {
    const { assignAddresses } = await import('../../../shared/domain/addresses/assign.ts');
    const device = miniDevice();
    device.apply(asking(A));
    const { held, slices } = assignAddresses({
      slices: [asking(A, 2), asking(B)],
      states: device.states,
      unreadable: ['edge'],
      holders: [],
      sameFleet: () => false,
    });
    expect(held).toMatchObject([
      { entry: { owner: B, code: 'OWN353', reason: expect.stringContaining('partition edge') } },
    ]);
    expect(slices[0]?.exposures.map(({ address }) => address)).toEqual(device.addresses()[A]);
  });
});

describe('when an owner leaves', () => {
  test('its address is free after its last exposure, and goes to an owner that waits', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, only('10.1.0.3')), asking(B, 1, only('10.1.0.3')));
    device.apply(slice(2, [], { owner: A, clusterUid: 'uid-east', removed: true }));
    device.apply(asking(B, 1, only('10.1.0.3')));
    expect(device.addresses()).toEqual({ [B]: ['10.1.0.3'] });
  });

  test('after a wipe of the device every owner gets the address that it claims, even if others come first', () => {
    const device = miniDevice();
    device.apply(
      asking(C, 1, only('10.1.0.2', '10.1.0.3')),
      asking(B, 1, { ...only('10.1.0.2', '10.1.0.3'), claims: ['10.1.0.3'] }),
    );
    expect(device.addresses()).toEqual({ [B]: ['10.1.0.3'], [C]: ['10.1.0.2'] });
  });

  test.each([
    ['outside the pool', '192.0.2.1'],
    ['reserved', '10.1.0.2'],
    ['not an address', 'lb.example.com'],
  ])('a claim that is %s is no claim', (_, claim) => {
    const device = miniDevice();
    device.apply(asking(A, 1, { ...only('10.1.0.5'), claims: [claim] }));
    expect(device.addresses()[A]).toEqual(['10.1.0.5']);
  });

  test('a claim of an address that another owner has by now is no claim either', () => {
    const device = miniDevice();
    device.apply(asking(B, 1, only('10.1.0.3')));
    device.apply(asking(A, 1, { ...only('10.1.0.3', '10.1.0.5'), claims: ['10.1.0.3'] }));
    expect(device.addresses()).toEqual({ [A]: ['10.1.0.5'], [B]: ['10.1.0.3'] });
  });
});

describe('a pool that no longer holds the address', () => {
  const narrow = { pool: { ranges: ['10.1.0.5-10.1.0.6'], reserved: [] } };

  test('makes it move in one step, and is reported', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, only('10.1.0.3')));
    const { plans, reported: told } = device.apply(asking(A, 2, narrow));
    expect(plans[0]?.entries.map(({ kind }) => kind).toSorted()).toEqual(['create', 'delete']);
    expect(told[0]?.notes).toMatchObject([
      {
        object: 'Service a/gw',
        code: 'OWN352',
        message: expect.stringMatching(
          /^moves from 10\.1\.0\.3 to 10\.1\.0\.[56] on bigip-1, because/,
        ),
      },
    ]);
  });

  test('leaves it where it is as long as no other is free', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, only('10.1.0.3')));
    device.foreign = ['10.1.0.5', '10.1.0.6'].map((address) => ({
      path: `/Common/${address}`,
      partition: 'Common',
      address,
    }));
    const { held, reported: told } = device.apply(asking(A, 2, narrow));
    expect(held).toEqual([]);
    expect(device.addresses()[A]).toEqual(['10.1.0.3']);
    expect(told[0]?.notes).toMatchObject([
      {
        code: 'OWN351',
        message: expect.stringMatching(
          /^keeps 10\.1\.0\.3 on bigip-1, which is outside pool web, because pool web has no free address/,
        ),
      },
    ]);
  });
});

describe('beside gateways of the same ingress that name an address', () => {
  const literal = (over: Partial<Exposure> = {}): Exposure =>
    exposure({ address: '10.1.0.3', port: 443, gateways: ['a/literal'], ...over });
  const automatic = wish({ port: 443, gateways: ['a/auto'], members: literal().members });

  test('the automatic one keeps its own address', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { ...only('10.1.0.5'), exposures: [automatic] }));
    device.apply(asking(A, 2, { exposures: [literal(), literal({ port: 80 }), automatic] }));
    expect(device.addresses()[A]).toEqual(['10.1.0.3', '10.1.0.5']);
    const { fresh } = device.apply(
      asking(A, 3, {
        exposures: [literal(), literal({ port: 80 }), wish({ ...automatic, port: 9443 })],
      }),
    );
    expect(fresh).toEqual([]);
  });

  test('after a wipe it claims the one that no gateway names', () => {
    const device = miniDevice();
    device.apply(
      asking(A, 1, { claims: ['10.1.0.3', '10.1.0.5'], exposures: [literal(), automatic] }),
    );
    expect(device.addresses()[A]).toEqual(['10.1.0.3', '10.1.0.5']);
  });

  test('a literal address that becomes automatic stays the same', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { exposures: [literal({ gateways: ['a/auto'] })] }));
    device.apply(asking(A, 2, { exposures: [automatic] }));
    expect(device.addresses()[A]).toEqual(['10.1.0.3']);
  });

  test('the same port at the other address: joined if the exposures are equal, otherwise held', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { ...only('10.1.0.3'), exposures: [automatic] }));
    const joined = device.apply(
      asking(A, 2, { exposures: [literal({ since: '2026-02-01T00:00:00Z' }), automatic] }),
    );
    expect(joined.slices[0]?.exposures).toMatchObject([
      {
        address: '10.1.0.3',
        gateways: ['a/literal', 'a/auto'].toSorted(),
        since: '2026-01-01T00:00:00Z',
      },
    ]);
    const other = literal({ settings: { ...SETTINGS, connectionLimit: 7 } });
    const more = wish({ port: 80, gateways: ['a/auto'] });
    const { held, plans } = device.apply(asking(A, 3, { exposures: [other, automatic, more] }));
    expect(held).toMatchObject([
      { entry: { code: 'OWN354', reason: expect.stringContaining('a/literal') } },
    ]);
    expect(plans[0]?.entries.map(({ kind }) => kind)).toEqual(['update', 'create']);
    expect(device.apply(asking(A, 4, { exposures: [other, automatic, more] })).held).toEqual(held);
  });

  test('an ingress that keeps nothing at its address moves, and this is reported', () => {
    const device = miniDevice();
    device.apply(asking(A, 1, { ...only('10.1.0.3'), exposures: [automatic] }));
    const { reported: told } = device.apply(
      asking(A, 2, {
        exposures: [literal({ settings: { ...SETTINGS, connectionLimit: 7 } }), automatic],
      }),
    );
    expect(told[0]?.notes).toMatchObject([
      { code: 'OWN352', message: expect.stringContaining('10.1.0.3 is named by another Gateway') },
    ]);
    expect(device.addresses()[A]).toHaveLength(2);
  });
});

describe('an ingress on two devices', () => {
  test('has the same address on both devices if it is free; otherwise another one, and the claims are tried', () => {
    const [one, two] = [miniDevice(), miniDevice()];
    two.apply(asking(B, 1, only('10.1.0.2')));
    for (const device of [one, two])
      device.apply(asking(A, 1, { pool: { ranges: ['10.1.0.0/24'], reserved: [] } }));
    const [address = ''] = one.addresses()[A] ?? [];
    expect(two.addresses()[A]).toEqual([address]);
    const third = miniDevice();
    third.foreign = [{ path: '/Common/x', partition: 'Common', address }];
    third.apply(
      asking(A, 1, {
        pool: { ranges: ['10.1.0.0/24'], reserved: [] },
        claims: [address, '10.1.0.77'],
      }),
    );
    expect(third.addresses()[A]).toEqual(['10.1.0.77']);
  });
});

describe('clusters of one fleet', () => {
  const sameFleet = (a: string, b: string): boolean => a.split('/')[0] !== b.split('/')[0];
  const [east, west, other] = ['east/istio/gw', 'west/istio/gw', 'west/else/gw'] as const;

  test('share the address only if their ingresses have the same name', () => {
    const device = miniDevice({ sameFleet });
    device.apply(
      asking(east, 1, {
        auto: { pools: { web: allBut('10.1.0.3', '10.1.0.5') }, claims: [], seed: 'x' },
      }),
    );
    const [shared] = device.addresses()[east] ?? [];
    device.apply(asking(other), asking(west));
    expect(device.addresses()[west]).toEqual([shared]);
    expect(device.addresses()[other]).not.toEqual([shared]);
  });

  test('share it in one batch too', () => {
    const device = miniDevice({ sameFleet });
    device.apply(asking(east), asking(west));
    expect(device.addresses()[west]).toEqual(device.addresses()[east]);
    const [state] = device.states.values();
    expect(Object.values(state!.exposures)).toMatchObject([
      { contributions: [{ owner: east }, { owner: west }] },
    ]);
  });

  test('keep their addresses when they are joined later', () => {
    const device = miniDevice({ sameFleet });
    device.apply(asking(east, 1, only('10.1.0.3')));
    device.apply(asking(west, 1, { ...only('10.1.0.5'), claims: ['10.1.0.5'] }));
    device.apply(asking(east, 2), asking(west, 2));
    expect(device.addresses()).toEqual({ [east]: ['10.1.0.3'], [west]: ['10.1.0.5'] });
  });
});
