/**
 * Faults inside a device, through apply and a device that answers them like the real engine. Time
 * is counted in declares.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { INNER_NAMES, type InnerName } from '../../../infra/lab/bigip/index.ts';
import { applicationName } from '../../../shared/bigip/as3/names.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import { type Bench, ownedBy, startBench } from './bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench({ common: { iRules: ['/Common/r1'] } });
});
afterEach(() => bench.close());

const device = (): Bench['devices']['bigip-1'] => bench.devices['bigip-1'];
const declares = (): number =>
  device().writes.filter(({ path }) => path.includes('/declare')).length;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const at = (...ports: readonly number[]): Exposure[] => ports.map((port) => exposure({ port }));
const servers = (...ports: readonly number[]): string[] =>
  ports.map((port) => `172.16.100.195:${port}`).toSorted();
const outcomes = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await bench.settled()).flatMap((s) =>
      s.exposures.map((e) => [e.port, `${e.outcome} ${e.code}`]),
    ),
  );
const errors = (): readonly object[] =>
  bench.log.filter((line) => 'code' in line && line.code === 'BIP509' && 'call' in line);
const start = async (): Promise<number> => {
  await bench.sendSlice(slice(1, at(1, 2)));
  await bench.apply();
  await bench.settled();
  return declares();
};
const named = (port: number): string => applicationName(exposure({ port }));

/** Only where the fault shows: AS3 works for the others, as with 503 everywhere. */
const SEEN = INNER_NAMES.filter(
  (name) =>
    ![
      '/shared/identified-devices',
      '/tm/ltm/data-group',
      '/tm/sys/folder',
      '/tm/ltm/rule',
    ].includes(name),
);

describe('one fault inside the device', () => {
  test.each(
    SEEN.flatMap((call) => [400, 401, 403, 404, 500, 502].map((status) => [call, status] as const)),
  )('%s %d costs at most one declare more, and no owner is blamed', async (call, status) => {
    const before = await start();
    device().faults.inner({ call, status });
    await bench.sendSlice(slice(2, at(...range(20))));
    expect((await bench.apply()).again).toEqual([]);
    expect(bench.virtualServers()).toEqual(servers(...range(20)));
    expect(declares() - before).toBeLessThanOrEqual(2);
    expect(await bench.deadLetters('slices')).toEqual([]);
    expect(errors()).toEqual([]);
  });

  test('while AS3 looks up an iRule is not treated as a missing iRule', async () => {
    const before = await start();
    device().faults.inner({ call: '/tm/ltm/rule', status: 500 });
    await bench.sendSlice(
      slice(2, [
        ...at(1, 2),
        exposure({ port: 3, settings: { ...SETTINGS, iRules: ['/Common/r1'] } }),
      ]),
    );
    await bench.apply();
    expect(bench.virtualServers()).toEqual(servers(1, 2, 3));
    expect(declares() - before).toBe(2);
    expect(await bench.deadLetters('slices')).toEqual([]);
  });
});

describe('a fault inside the device that stays', () => {
  const outage: readonly InnerName[] = SEEN.filter((name) => name !== '/shared/service-discovery');
  test.each([
    ...outage.map((call) => [call, 500] as const),
    ['/tm/ltm/pool', 404] as const,
    ['/tm/sys/provision', 401] as const,
  ])(
    '%s %d makes the device wait, one alarm says which call it is, and all is done when it ends',
    async (call, status) => {
      const before = await start();
      device().faults.inner({ call, status, times: Infinity });
      await bench.sendSlice(slice(2, at(...range(20))));
      await bench.sendSlice(
        slice(1, [exposure({ address: '172.16.100.196', port: 1 })], ownedBy('west')),
      );
      expect((await bench.apply()).again).toHaveLength(2);
      expect(declares() - before).toBeLessThanOrEqual(6);
      expect(await outcomes()).toMatchObject({ 20: 'retry BIP509' });
      expect(
        bench.log.filter(
          (line) =>
            'message' in line &&
            line.message === 'the device has an internal fault; all changes for it wait',
        ),
      ).toHaveLength(1);
      if (status !== 404)
        expect(errors()).toMatchObject([
          {
            device: 'bigip-1',
            call: expect.stringMatching(/^(GET|POST) \/mgmt\/.*: HTTP (500|401)$/),
          },
        ]);
      device().faults.clear();
      bench.clock.pass(60_000);
      expect((await bench.apply()).again).toEqual([]);
      expect(bench.virtualServers()).toEqual(
        [...servers(...range(20)), '172.16.100.196:1'].toSorted(),
      );
      expect(await bench.deadLetters('slices')).toEqual([]);
    },
  );

  test.each(SEEN.filter((name) => name !== '/tm/task/sys/config'))(
    '%s with one exposure leaves that one out under a code of the device, and no other',
    async (call) => {
      const before = await start();
      device().faults.inner({ call, status: 500, times: Infinity, touching: named(7) });
      await bench.sendSlice(slice(2, at(...range(12))));
      expect((await bench.apply()).again).toEqual([]);
      expect(bench.virtualServers()).toEqual(servers(...range(12).filter((port) => port !== 7)));
      expect(await outcomes()).toMatchObject({
        1: 'unchanged OK',
        6: 'applied OK',
        7: 'retry BIP509',
        12: 'applied OK',
      });
      expect(await bench.deadLetters('slices')).toEqual([]);
      expect(errors()).toMatchObject([
        { exposure: '172.16.100.195:7/tcp', call: expect.stringContaining('HTTP 500') },
      ]);
      expect(declares() - before).toBeLessThanOrEqual(16);
      // A later snapshot brings it back when the device works again.
      device().faults.clear();
      bench.clock.pass(5 * 60_000);
      await bench.sendSlice(slice(3, at(...range(12))));
      await bench.apply();
      expect(bench.virtualServers()).toEqual(servers(...range(12)));
    },
  );

  test('an mcpd error in a failed call concerns the content: the change is dead-lettered', async () => {
    await start();
    device().faults.inner({
      call: '/tm/sys/config',
      status: 400,
      times: Infinity,
      touching: named(7),
      message: '01070734:3: Configuration error: no',
    });
    await bench.sendSlice(slice(2, at(...range(12))));
    await bench.apply();
    expect(bench.virtualServers()).toEqual(servers(...range(12).filter((port) => port !== 7)));
    expect(await bench.deadLetters('slices')).toMatchObject([
      { code: 'BIP421', exposure: '172.16.100.195:7/tcp' },
    ]);
  });
});
