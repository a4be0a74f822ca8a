import { expect, test } from '@jest/globals';
import { adoptionTable } from '../../../functions/cli/network/tables.ts';

const take = {
  key: 'route 10.244.3.0/24',
  name: '/cis/k8s-n3',
  to: '192.0.2.13',
  change: '~ route 10.244.3.0/24 via 192.0.2.13 (now /cis/k8s-n3)',
};
const left = { name: '/cis/k8s-n9', entry: 'route 10.244.9.0/24 via 192.0.2.19' };

test('sluice network adopt shows what is taken over, and why the rest stays', () => {
  const devices = [{ device: 'bigip', take: [take], left: [left], alive: [] }];
  expect(adoptionTable({ devices, unanswered: [] }).split(/ *\n/)).toEqual([
    'DEVICE  WHAT       ENTRY',
    'bigip   take over  ~ route 10.244.3.0/24 via 192.0.2.13 (now /cis/k8s-n3)',
    'bigip   stays        route 10.244.9.0/24 via 192.0.2.19 (/cis/k8s-n9): no member that Sluice knows needs it',
  ]);
});

test('sluice network adopt distinguishes a device without anything of F5 CIS from one that does not answer', () => {
  const none = { device: 'bigip', take: [], left: [], alive: [] };
  expect(adoptionTable({ devices: [none], unanswered: [] })).toBe('Nothing of F5 CIS on bigip.');
  expect(adoptionTable({ devices: [], unanswered: [] })).toBe('No device answered.');
});
