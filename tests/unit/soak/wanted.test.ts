import { describe, expect, test } from '@jest/globals';
import { differences } from '../../soak/wanted.ts';

const members = (...addresses: readonly string[]) => new Set(addresses);
const team = (id: string, ports: readonly [number, Set<string>, string?][]) => ({
  id,
  wants: () =>
    new Map(ports.map(([port, addresses, balance]) => [port, { members: addresses, balance }])),
});
const served = (ports: readonly [number, Set<string>, Set<string>?][]) =>
  new Map(
    ports.map(([port, found, draining = members()]) => [
      port,
      { members: found, draining, balance: 'round-robin' },
    ]),
  );

describe('the device compared with what the clusters want', () => {
  const east = team('east', [
    [20_000, members('10.1.1.1')],
    [20_100, members('10.1.1.1'), 'round-robin'],
  ]);
  const west = team('west', [[20_000, members('10.2.1.1')]]);

  test('is equal with the members of all clusters in a shared port', () => {
    const found = served([
      [20_000, members('10.1.1.1', '10.2.1.1')],
      [20_100, members('10.1.1.1')],
    ]);
    expect(differences([east, west], found)).toEqual([]);
  });

  test('differs by each port and member', () => {
    const found = served([
      [20_000, members('10.1.1.1', '10.2.9.9')],
      [20_300, members()],
    ]);
    expect(differences([east, west], found)).toEqual([
      'port 20100 is missing',
      'port 20300 is still served',
      'port 20000 has no 10.2.1.1',
      'port 20000 still has 10.2.9.9',
    ]);
  });

  test('differs while a member drains', () => {
    const found = served([[20_000, members('10.2.1.1'), members('10.2.9.9')]]);
    expect(differences([west], found)).toEqual(['port 20000 still drains 10.2.9.9']);
  });

  test('differs by a setting', () => {
    const other = team('east', [[20_100, members('10.1.1.1'), 'least-connections-member']]);
    expect(differences([other], served([[20_100, members('10.1.1.1')]]))).toEqual([
      'port 20100 has round-robin, not least-connections-member',
    ]);
  });
});
