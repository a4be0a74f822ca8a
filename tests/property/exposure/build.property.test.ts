import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { buildExposures } from '../../../shared/domain/exposure/build.ts';
import { BALANCE_METHODS } from '../../../shared/domain/exposure/settings/values.ts';
import { Exposure, exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import {
  configMap,
  context,
  type Gate,
  pod,
  REF,
  walkthrough,
  world,
} from '../../unit/exposure/fixtures.ts';

const PORTS = [80, 443, 8443, 32_400];
const annotations = fc.record(
  {
    'sluice.io/virtual-address': fc.constantFrom(
      '192.0.2.1',
      '2001:db8::1',
      '172.16.100.195',
      'nonsense',
    ),
    'sluice.io/port': fc.constantFrom('443', '8443', '15021', '0'),
    'sluice.io/partition': fc.constantFrom('k8s', 'edge', 'Common', 'other'),
    'sluice.io/mode': fc.constantFrom('tcp', 'fastl4', 'http', 'udp'),
    'sluice.io/balance': fc.constantFrom(...BALANCE_METHODS),
    'sluice.io/irules': fc.constantFrom('/Common/a', '/Other/b'),
    'sluice.io/persistence': fc.constantFrom('none', 'cookie', 'source-address'),
  },
  { requiredKeys: [] },
);
const gates = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    namespace: fc.constantFrom('x', 'y'),
    created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', ''),
    port: fc.constantFrom(...PORTS),
    annotations,
  }),
  { selector: (one) => `${one.namespace}/${one.name}`, minLength: 1, maxLength: 6 },
);
const maps = fc
  .array(
    fc
      .tuple(
        fc.constantFrom('m1', 'm2', 'm3'),
        fc.constantFrom(...PORTS),
        fc.constantFrom('k8s', 'other'),
        fc.constantFrom(1000, 443),
      )
      .map(([name, servicePort, partition, port]) =>
        configMap(
          name,
          walkthrough(
            { partition, virtualAddress: { port, bindAddr: '192.0.2.7' } },
            { servicePort },
          ),
          { created: '' },
        ),
      ),
    { maxLength: 3 },
  )
  .map((list) => [...new Map(list.map((one) => [one.meta.name, one])).values()]);
const PODS = [
  pod('p1', '10.1.0.1', { ips: ['10.1.0.1', 'fd00::1'] }),
  pod('p2', '10.1.0.2', { ips: ['10.1.0.2', 'fd00::2'], ready: false }),
];

describe('exposures of any gateways and ConfigMaps', () => {
  test('do not depend on the order of the input', () => {
    fc.assert(
      fc.property(gates, maps, fc.func(fc.nat()), (list, configMaps, rank) => {
        const shuffle = <T>(values: readonly T[]): readonly T[] =>
          values.toSorted((a, b) => rank(a) - rank(b));
        const built = (
          some: readonly Gate[],
          others: typeof configMaps,
          pods: typeof PODS,
        ): unknown => {
          const { objects, mapping } = world({ gates: some, configMaps: others, pods });
          const { servers, ...rest } = buildExposures(REF, objects, mapping, context());
          return { ...rest, servers: servers.toSorted((a, b) => (a.gateway < b.gateway ? -1 : 1)) };
        };
        expect(built(shuffle(list), [...shuffle(configMaps)], [...shuffle(PODS)])).toEqual(
          built(list, configMaps, PODS),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('are valid, unique by key, one partition for each address, within policy, and account for every server', () => {
    fc.assert(
      fc.property(gates, maps, (list, configMaps) => {
        const { objects, mapping } = world({ gates: list, configMaps, pods: PODS });
        const { exposures, servers, sources } = buildExposures(REF, objects, mapping, context());
        for (const exposure of exposures) expect(Exposure.parse(exposure)).toEqual(exposure);
        const keys = exposures.map(exposureKey);
        expect(new Set(keys).size).toBe(keys.length);
        expect(Object.keys(sources)).toEqual(keys);
        const partitions = new Map(exposures.map((one) => [one.address, one.partition]));
        for (const one of exposures) {
          expect(partitions.get(one.address)).toBe(one.partition);
          expect(['k8s', 'edge']).toContain(one.partition);
          expect(one.port).not.toBe(15_021);
          expect(one.settings.iRules).not.toContain('/Other/b');
          expect(one.members.some((member) => member.availability === 'ready')).toBe(true);
        }
        const listening = servers
          .filter((one) => one.verdict === 'listening')
          .map((one) => one.gateway);
        expect(new Set(exposures.flatMap((one) => one.gateways))).toEqual(new Set(listening));
        for (const one of servers.filter((server) => server.verdict !== 'listening'))
          expect([one.verdict, one.code, one.reason.includes('/')]).toEqual([
            'rejected',
            expect.stringMatching(/^GW1[2-4]\d$/),
            true,
          ]);
      }),
      { numRuns: 300 },
    );
  });

  test('a setting always comes from the highest source that has it, and every other source is reported', () => {
    const choice = fc.option(fc.constantFrom(...BALANCE_METHODS), { nil: undefined });
    fc.assert(
      fc.property(choice, choice, choice, choice, (gateway, map, service, entry) => {
        const { objects, mapping } = world({
          gates: [
            {
              name: 'g',
              annotations: gateway === undefined ? {} : { 'sluice.io/balance': gateway },
            },
          ],
          configMaps: map === undefined ? [] : [configMap('cm', walkthrough({ balance: map }))],
          serviceAnnotations:
            service === undefined ? {} : { 'virtual-server.f5.com/balance': service },
        });
        const { exposures, notes } = buildExposures(
          REF,
          objects,
          mapping,
          context(entry === undefined ? {} : { settings: { balance: entry } }),
        );
        const said = [gateway, map, service, entry].filter((one) => one !== undefined);
        const winner = said[0] ?? 'round-robin';
        expect(exposures[0]?.settings.balance).toBe(winner);
        expect(notes.filter((note) => note.message.includes('says balance'))).toHaveLength(
          said.filter((one) => one !== winner).length,
        );
      }),
    );
  });

  test('removing one gateway never changes an exposure at an address that it had no part in', () => {
    fc.assert(
      fc.property(gates, (list) => {
        const of = (some: readonly Gate[]): Map<string, Exposure> => {
          const { objects, mapping } = world({ gates: some, pods: PODS });
          return new Map(
            buildExposures(REF, objects, mapping, context()).exposures.map((one) => [
              exposureKey(one),
              one,
            ]),
          );
        };
        const [last, rest] = [list.at(-1)!, list.slice(0, -1)];
        fc.pre(rest.length > 0);
        const [before, after] = [of(list), of(rest)];
        // With its own addresses, another partition may take over.
        const touched = new Set(
          [...before.values()]
            .filter((one) => one.gateways.includes(`${last.namespace}/${last.name}`))
            .map((one) => one.address),
        );
        for (const [key, exposure] of before)
          if (!touched.has(exposure.address)) expect(after.get(key)).toEqual(exposure);
      }),
      { numRuns: 200 },
    );
  });
});
