/** Which holders of an address are in the way of a request for it. */
import { describe, expect, test } from '@jest/globals';
import { assignAddresses } from '../../../shared/domain/addresses/assign.ts';
import {
  isAddressFree,
  allocate,
  buildAllocationTable,
} from '../../../shared/domain/addresses/allocation-table.ts';
import {
  declaredState,
  type DeclaredState,
  EMPTY_STATE,
} from '../../../shared/domain/declared/declared.ts';
import type { AddressHolder } from '../../../shared/domain/plan/foreign.ts';
import { asking, miniDevice } from '../../fixtures/addresses.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const ADDRESS = '10.1.0.3';
const only = { pool: { ranges: [ADDRESS], reserved: [] } };
/** east and west are a fleet. */
const sameFleet = (a: string, b: string): boolean =>
  [a, b].every((owner) => /^(east|west)\//.test(owner)) && a.split('/')[0] !== b.split('/')[0];
const at = (
  owner: string,
  partition = 'k8s',
): { readonly owner: string; readonly partition: string } => ({ owner, partition });

describe('an address is free', () => {
  const [me, fellow, namesake, stranger] = [
    at('east/a/gw'),
    at('west/a/gw'),
    at('west/b/gw'),
    at('north/a/gw'),
  ];
  test.each<[string, readonly (typeof me)[], boolean]>([
    ['without a holder', [], true],
    ['for its holder', [me], true],
    ['for another cluster in the fleet of its holder', [fellow], true],
    ['for both of them together', [me, fellow], true],
    ['not together with another ingress of the fleet', [namesake], false],
    ['not together with an owner outside of the fleet', [stranger], false],
    ['not together with itself in another partition', [at(me.owner, 'edge')], false],
    [
      'not together with a cluster of the fleet in another partition',
      [at(fellow.owner, 'edge')],
      false,
    ],
    [
      'not together with a cluster of the fleet and an owner outside of it',
      [fellow, stranger],
      false,
    ],
    [
      'not together with a cluster of the fleet that has it in both partitions',
      [fellow, at(fellow.owner, 'edge')],
      false,
    ],
  ])('%s', (_, there, free) => {
    for (const order of [there, there.toReversed(), [...there, ...there]]) {
      const book = buildAllocationTable({ states: new Map(), holders: [], sameFleet }, []);
      for (const one of order) allocate(book, ADDRESS, one);
      expect(isAddressFree(book, ADDRESS, me)).toBe(free);
      expect(isAddressFree(book, '10.1.0.4', me)).toBe(true);
    }
  });
});

describe('the last address of a pool is not assigned', () => {
  const who = 'east/a/gw';
  const given = (
    states: ReadonlyMap<string, DeclaredState>,
    others: Parameters<typeof assignAddresses>[0]['slices'] = [],
    holders: readonly AddressHolder[] = [],
  ): boolean =>
    assignAddresses({ slices: [asking(who, 1, only), ...others], states, holders, sameFleet }).fresh
      .length > 0;
  const k8s = (state: DeclaredState): ReadonlyMap<string, DeclaredState> =>
    new Map([
      ['k8s', state],
      ['edge', EMPTY_STATE],
    ]);
  const record = { version: { epoch: 1, counter: 1, generation: 1 }, clusterUid: 'uid-east' };
  const quarantine = (code: string, key = `${ADDRESS}:443/tcp`): object => ({
    [key]: {
      hash: 'x',
      code,
      reason: '',
      next: '2026-01-01T00:00:00Z',
      tries: 1,
      members: 'follow',
    },
  });
  const refused = (owner: string, code: string, key?: string): ReadonlyMap<string, DeclaredState> =>
    k8s(declaredState({ [owner]: { ...record, quarantine: quarantine(code, key) as never } }, []));
  const claim = {
    address: ADDRESS,
    port: 443,
    protocol: 'tcp' as const,
    settings: SETTINGS,
    gateways: [],
    since: '',
    members: [],
  };

  test('but is if nothing prevents it', () => {
    expect(given(k8s(EMPTY_STATE))).toBe(true);
  });

  test.each<[string, ReadonlyMap<string, DeclaredState>, boolean]>([
    ['for an owner for whom the device reported it in use', refused(who, 'BIP422'), false],
    [
      'for an owner for whom the device reported it in use in another partition',
      refused(who, 'BIP423'),
      false,
    ],
    [
      'but is free for an owner for whom the device reported something else',
      refused(who, 'BIP421'),
      true,
    ],
    [
      'but is free for an owner for whom the device reported another address in use',
      refused(who, 'BIP422', '10.1.0.9:443/tcp'),
      true,
    ],
    [
      'while another owner waits for the device to accept it',
      refused('north/b/gw', 'BIP421'),
      false,
    ],
    [
      'while another owner has a lost claim on it',
      k8s(
        declaredState(
          { 'north/b/gw': { ...record, claims: { [`${ADDRESS}:443/tcp`]: claim } } },
          [],
        ),
      ),
      false,
    ],
  ])('%s', (_, states, free) => {
    expect(given(states)).toBe(free);
  });

  test('if another owner names it in the same batch, in whichever partition', () => {
    for (const partition of ['k8s', 'edge'])
      expect(
        given(k8s(EMPTY_STATE), [
          slice(1, [exposure({ address: ADDRESS, partition })], { owner: 'north/b/gw' }),
        ]),
      ).toBe(false);
    expect(
      given(k8s(EMPTY_STATE), [
        slice(1, [exposure({ address: '10.1.0.9' })], { owner: 'north/b/gw' }),
      ]),
    ).toBe(true);
  });

  test('if an object of another client uses it, whatever that is', () => {
    const holder = (address: string): AddressHolder => ({
      path: '/Common/x',
      partition: 'Common',
      address,
    });
    expect(
      [
        [holder('any'), holder('10.1.0.9')],
        [holder('any'), holder(`${ADDRESS}%1/32`)],
      ].map((holders) => given(k8s(EMPTY_STATE), [], holders)),
    ).toEqual([true, false]);
  });

  test('if it is in use in IPv6, however it is written', () => {
    const six = { pool: { ranges: ['2001:db8::5'], reserved: [] } };
    const device = miniDevice();
    device.foreign = [{ path: '/Common/six', partition: 'Common', address: '2001:0DB8:0::5' }];
    expect(device.apply(asking(who, 1, six)).fresh).toEqual([]);
    const waiting = refused('north/b/gw', 'BIP421', '[2001:db8::5]:443/tcp');
    expect(
      assignAddresses({ slices: [asking(who, 1, six)], states: waiting, holders: [], sameFleet })
        .fresh,
    ).toEqual([]);
  });
});
