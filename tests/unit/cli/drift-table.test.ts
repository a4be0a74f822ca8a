import { expect, test } from '@jest/globals';
import { driftTable } from '../../../functions/cli/drift/tables.ts';
import type { Drift } from '../../../shared/operations/drift/drift.ts';

const FINDING: Drift['findings'][number] = {
  device: 'bigip',
  partition: 'k8s',
  kind: 'differs',
  code: 'BIP451',
  object: '/k8s/app/virtual',
  message: 'has another source',
  repairable: true,
};

function linesOf(...findings: Drift['findings']): readonly string[] {
  return driftTable({ findings, answered: ['bigip'] } as unknown as Drift).split('\n');
}

test.each([
  ['a difference that --repair removes', { repairable: true, heal: 'declare' }, 'yes'],
  ['an object that Sluice does not write', { repairable: false, heal: 'told' }, 'by hand'],
] as const)('%s is marked as such', (_, part, mark) => {
  const [head = '', row = ''] = linesOf({ ...FINDING, ...part });
  const at = head.indexOf('REPAIR');
  expect(at).toBeGreaterThan(0);
  expect(row.slice(at).startsWith(mark)).toBe(true);
});

test('what is no difference from the declaration promises no repair', () => {
  const rows = linesOf(FINDING, { ...FINDING, kind: 'foreign', code: 'BIP454', repairable: false });
  const [head = '', , row = ''] = rows;
  const at = head.indexOf('REPAIR');
  expect(row.slice(at, at + 'REPAIR'.length).trim()).toBe('');
});

test('an outage does not look like a clean result', () => {
  expect(driftTable({ findings: [], answered: [] } as unknown as Drift)).toBe(
    'No device answered.',
  );
  expect(driftTable({ findings: [], answered: ['bigip'] } as unknown as Drift)).toBe(
    'No difference on bigip.',
  );
});
