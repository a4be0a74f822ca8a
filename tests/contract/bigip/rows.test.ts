/**
 * Every row of the catalogue on the lab's device; `rows-real.test.ts` compares the lab with F5's
 * AS3.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LabBigip } from '../../../infra/lab/bigip/index.ts';
import type { Device } from '../../../shared/device/device.ts';
import { call } from '../../integration/lab-bigip/client.ts';
import { ROW_CASES, stateOf } from './row-cases.ts';
import { closeAll, connect, declare, lab } from './support.ts';

const MODES = ['tcp', 'fastl4', 'http', 'https', 'udp'] as const;

/** All objects that the rows refer to exist on the device. */
export const OBJECTS = ROW_CASES.flatMap(({ needed }) =>
  needed.map(({ collection, path }) => `${collection} ${path}`),
);

// These fields depend on what else is declared on the virtual server, so no manual change is
// tested.
test('every setting has a manual change in these tests, except those without an effect of their own', () => {
  const changed = new Set(
    ROW_CASES.filter(({ byHand }) => byHand.length > 0).map(({ setting }) => setting),
  );
  const without = ROW_CASES.map(({ setting }) => setting).filter((name) => !changed.has(name));
  expect([...new Set(without)]).toEqual([]);
});

describe.each(MODES)('every setting that mode %s supports', (mode) => {
  const cases = ROW_CASES.filter(({ exposure }) => exposure.settings.mode === mode);
  let bigip: LabBigip;
  let device: Device;

  beforeEach(async () => {
    bigip = await lab({
      common: {
        objects: OBJECTS,
        profiles: OBJECTS.map((one) => one.split(' ')[1] ?? ''),
        snatPools: ['/Common/my-snat'],
        persistence: ['/Common/my-persistence'],
      },
    });
    device = connect(bigip);
    await declare(device, stateOf(cases));
  });
  afterEach(closeAll);

  test('is declared, read back, and declared again without a change', async () => {
    const state = stateOf(cases);
    const reading = await device.read('k8s');
    expect(reading).toMatchObject({ kind: 'ours', declared: { state } });
    expect(await device.verify('k8s', state)).toEqual([]);
    expect(await device.drift('k8s', state)).toEqual([]);
    const key = reading.kind === 'ours' ? reading.declared.lockKey : undefined;
    expect(await device.declare('k8s', state, key)).toMatchObject({ outcome: 'unchanged' });
  });

  test('is detected when it is changed by hand, and repaired', async () => {
    const state = stateOf(cases);
    const changes = cases.flatMap((one) => one.byHand.map((change) => ({ ...change, one })));
    for (const { path, body } of changes)
      expect((await call(bigip, 'PATCH', path, { body })).status).toBe(200);
    const found = await device.drift('k8s', state);
    const seen = new Set(found.map(({ path }) => path));
    const missed = changes.filter(
      ({ path }) => !seen.has((path.split('/').at(-1) ?? '').replaceAll('~', '/')),
    );
    expect(missed.map(({ one }) => one.name)).toEqual([]);
    expect(new Set(found.map(({ heal }) => heal))).toEqual(new Set(['declare']));
    await declare(device, state);
    expect(await device.drift('k8s', state)).toEqual([]);
  });
});
