/** What `sluice plan --device` prints. */
import { expect, test } from '@jest/globals';
import { planText } from '../../../functions/cli/plan/tables.ts';

test('without any difference, the text says so', () => {
  expect(planText([], [])).toBe('No difference.\n0 to add, 0 to change, 0 to delete');
});

test('a path that changes is no "No difference", although no exposure changes', () => {
  expect(planText([], ['+ route 10.244.3.0/24 via 192.0.2.13 (bigip, node n3)'])).toBe(
    'No exposure differs.\n0 to add, 0 to change, 0 to delete\n' +
      'Paths to pods that differ, of all clusters:\n' +
      '+ route 10.244.3.0/24 via 192.0.2.13 (bigip, node n3)',
  );
});
