import { expect, test } from '@jest/globals';
import { createPortTable } from '../../../infra/lab/port-table.ts';

test('whoever asks for an address and port gets the same port of 127.0.0.1, which nobody else gets', () => {
  const table = createPortTable([20_001, 20_004, 20_005]);
  const first = table.portOf('172.16.100.195', 32_400);
  expect([
    first,
    table.portOf('10.244.1.5', 32_400),
    table.portOf('172.16.100.195', 32_500),
    table.portOf('172.16.100.195', 32_400),
  ]).toEqual([20_001, 20_004, 20_005, first]);
});

test('a lab that has used all its ports says so, and keeps those that it has', () => {
  const table = createPortTable([20_001]);
  table.portOf('10.244.1.5', 15_021);
  expect(() => table.portOf('10.244.2.5', 15_021)).toThrow(
    'The lab has no port of 127.0.0.1 left for 10.244.2.5:15021: all 1 stand for other addresses. Start it again.',
  );
  expect(table.portOf('10.244.1.5', 15_021)).toBe(20_001);
});
