/** Connections are counted of the members that a change takes, and of no others. */
import { describe, expect, test } from '@jest/globals';
import { countConnections } from '../../../functions/audit/connections.ts';
import type { Device } from '../../../shared/device/device.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';

const WEB = 'east/istio-system/web';
const API = 'east/istio-system/api';
const WEST = 'west/istio-system/web';

/** Ports with the members of each owner, as `10.0.0.N`. */
function deviceWith(ports: Readonly<Record<number, Readonly<Record<string, readonly number[]>>>>) {
  const exposures = Object.fromEntries(
    Object.entries(ports).map(([port, owners]) => [
      `172.16.100.1:${port}/tcp`,
      {
        address: '172.16.100.1',
        port: Number(port),
        protocol: 'tcp',
        contributions: Object.entries(owners).map(([owner, members]) => ({
          owner,
          members: members.map((n) => ({ address: `10.0.0.${n}`, port: 8_080 })),
        })),
      },
    ]),
  );
  const asked: number[] = [];
  const device = {
    name: 'bigip-1',
    read: async () => ({
      kind: 'ours',
      declared: { state: { exposures } as unknown as DeclaredState },
    }),
    paths: {
      connections: async ({ port }: { readonly port: number }) => {
        asked.push(port);
        return new Map([1, 2, 3, 4].map((n) => [`10.0.0.${n}`, n * 10]));
      },
    },
  } as unknown as Device;
  const devices = { get: async () => device, close: async () => undefined };
  return {
    asked,
    count: (wanted: object) =>
      countConnections({ runtime: testRuntime(), devices }, {
        kind: 'connections',
        ...wanted,
      } as never),
  };
}

describe('connections', () => {
  const { asked, count } = deviceWith({
    80: { [WEB]: [1, 2], [WEST]: [3] },
    443: { [WEB]: [1], [API]: [2] },
    9000: { [WEST]: [4] },
  });

  test.each([
    ['of a cluster', { owner: 'east' }, 30 + 30],
    ['of one ingress', { owner: WEB }, 30 + 10],
    ['of chosen exposures', { owner: WEB, keys: ['172.16.100.1:443/tcp'] }, 10],
    ['of nothing that is declared', { owner: 'north' }, 0],
    ['of an ingress whose name only begins the same', { owner: 'east/istio-system/we' }, 0],
  ])('%s', async (_, wanted, connections) => {
    expect(await count(wanted)).toEqual({ connections, at: '2026-11-23T03:00:00.000Z' });
  });

  test('of exposures without such members are not asked for', async () => {
    asked.length = 0;
    await count({ owner: API });
    expect(asked).toEqual([443]);
  });

  test('of too many exposures are not counted, instead of a part of them', async () => {
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, i) => [i + 1, { [WEB]: [1] }]));
    await expect(deviceWith(many).count({ owner: 'east' })).rejects.toThrow(
      '501 exposures on bigip-1 are more than the 500 that are counted',
    );
  });

  test('on an unknown device are refused with the known ones', async () => {
    await expect(count({ owner: 'east', device: 'other' })).rejects.toThrow('use one of devices');
  });
});
