import { expect, test } from '@jest/globals';
import { applicationName } from '../../../shared/bigip/as3/names.ts';
import { Partition } from '../../../shared/domain/exposure/sources/ingress-entry.ts';

test('the longest path in a partition with the longest name has 195 characters', () => {
  const partition = 'p'.repeat(131);
  expect(Partition.safeParse(partition).success).toBe(true);
  expect(Partition.safeParse(`${partition}p`).success).toBe(false);
  const address = '2001:0db8:0001:0000:28c6:1f0c:3a0c:cdc3';
  const application = applicationName({ address, port: 65_535, protocol: 'tcp' });
  expect(`/${partition}/${application}/monitor99`).toHaveLength(195);
});

test.each([
  'class',
  'constants',
  'controls',
  'id',
  'label',
  'remark',
  'schemaVersion',
  'scratch',
  'target',
  'updateMode',
])('%s is no name for a partition', (name) => {
  expect(Partition.safeParse(name).success).toBe(false);
  expect(Partition.safeParse(`${name}s`).success).toBe(true);
});
