import { describe, expect, test } from '@jest/globals';
import type { Declaration } from '../../../shared/bigip/rest/declare.ts';
import { postDeclaration, timeTaken } from '../../../shared/bigip/rest/declare.ts';
import type { Session } from '../../../shared/bigip/rest/session.ts';
import type { Declared } from '../../../shared/device/device.ts';

/** Declares on a device that finishes after `end` ms; with the times of the requests. */
async function declare(
  end: number,
  expected: number | undefined,
  result: object = {},
): Promise<{ readonly asked: readonly number[]; readonly declared: Declared }> {
  let now = 0;
  const asked: number[] = [];
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: (ms: number) => Promise.resolve(void (now += ms)),
  };
  const answer = (status: number, json: unknown) =>
    Promise.resolve({ status, json, text: JSON.stringify(json) });
  const session: Pick<Session, 'device' | 'call'> = {
    device: 'bigip-1',
    call: ({ method }) => {
      if (method === 'POST') return answer(202, { id: 'task' });
      asked.push(Math.round(now));
      return answer(200, {
        results: [
          now < end
            ? { code: 0, message: 'in progress', runTime: 0 }
            : { code: 200, message: 'success', tenant: 'k8s', ...result },
        ],
      });
    },
  };
  const declaration: Declaration = { partition: 'k8s', tenant: { class: 'Tenant' }, expected };
  const config = { name: 'bigip-1', save: true };
  return { declared: await postDeclaration(session as Session, clock, config, declaration), asked };
}

describe('the end of a task', () => {
  test('is asked for at growing intervals while nothing is known', async () => {
    expect((await declare(5_000, undefined)).asked).toEqual([
      100, 250, 475, 813, 1_320, 2_080, 3_220, 4_929, 6_929,
    ]);
  });

  test('is asked for when it is expected, and soon again', async () => {
    expect((await declare(5_000, 5_000)).asked.at(-1)).toBe(5_000);
    expect((await declare(5_050, 5_000)).asked.slice(-2)).toEqual([5_000, 5_100]);
    expect((await declare(20_100, 20_000)).asked.at(-1)).toBe(20_100);
  });

  test('is noticed soon if it comes much earlier, and later by a third at most if it is late', async () => {
    expect((await declare(90, 20_000)).asked).toEqual([100]);
    expect((await declare(4_000, 3_000)).asked.at(-1)).toBeLessThanOrEqual(4_400);
  });
});

describe('the time of a declare', () => {
  test.each([
    ['as AS3 says', 3_000, 3_200, 3_000],
    ['what was measured, if AS3 says nothing', undefined, 3_200, 3_200],
    ['or 0', 0, 3_200, 3_200],
    ['or a negative time', -5, 3_200, 3_200],
    ['or no number', Number.NaN, 3_200, 3_200],
    ['never more than what was measured', 9_000_000, 3_200, 3_200],
    ['even if it is endless', Infinity, 3_200, 3_200],
    ['never less than half of it', 1, 3_200, 1_600],
  ])('is %s', (_what, said, wall, taken) => {
    expect(timeTaken(said, wall)).toBe(taken);
  });

  test('comes with the lines that ran, if AS3 counted them', async () => {
    const { declared } = await declare(90, undefined, { runTime: 80, lineCount: 524 });
    expect(declared).toMatchObject({ outcome: 'applied', took: 80, cost: 524 });
    const other = await declare(90, undefined);
    expect(other.declared).toMatchObject({ outcome: 'applied', took: 100 });
    expect(other.declared).not.toHaveProperty('cost');
    const same = await declare(90, undefined, { message: 'no change', runTime: 80 });
    expect(same.declared).toMatchObject({ outcome: 'unchanged', took: 80, cost: 0 });
  });

  test.each([{ runTime: 'soon' }, { runTime: null }, { lineCount: {} }])(
    'a result with %j is a result all the same',
    async (hint) => {
      const { declared } = await declare(90, undefined, hint);
      expect(declared).toMatchObject({ outcome: 'applied', took: 100 });
    },
  );
});
