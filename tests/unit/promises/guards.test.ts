/** The list of guards that `npm run promises -- --mutants` takes out. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readRecord } from '../../mutation/record.ts';
import { GUARDS } from '../../promises/guards.ts';
import { withoutGuard } from '../../promises/mutants.ts';
import { reliabilityPage } from '../../promises/page.ts';
import { PROMISES } from '../../promises/promises.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

describe('the guards of the promises', () => {
  test.each(GUARDS)('$promise: without it, $without', (guard) => {
    const source = read(guard.file);
    expect(withoutGuard(guard, source)).not.toBe(source);
    const { tests } = PROMISES.find(({ number }) => number === guard.promise)!;
    for (const name of guard.noticedBy) expect(tests).toContain(`tests/promises/${name}.test.ts`);
  });

  test('every promise has one, except that of the queue settings, whose rules have failing settings', () => {
    const guarded = new Set(GUARDS.map(({ promise }) => promise));
    expect(PROMISES.filter(({ number }) => !guarded.has(number))).toMatchObject([{ number: 13 }]);
  });

  test('a guard that is not there exactly once is refused', () => {
    const [guard] = GUARDS;
    expect(() => withoutGuard(guard!, '')).toThrow(/has 0 places/);
    expect(() => withoutGuard(guard!, guard!.code + guard!.code)).toThrow(/has 2 places/);
  });
});

describe('docs/reliability.md', () => {
  test('names tests that exist', () => {
    for (const { tests } of PROMISES)
      for (const file of tests) expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
  });

  test('is what the promises and guards say; CI compares what was tried', () => {
    const apart = (text: string): string => text.replaceAll(/\| test \|[^#]*/g, '');
    expect(apart(read('docs/reliability.md'))).toBe(apart(reliabilityPage([], readRecord(ROOT))));
  });
});
