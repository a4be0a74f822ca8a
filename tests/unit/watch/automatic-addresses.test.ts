import { describe, expect, test } from '@jest/globals';
import { WATCHED_KINDS } from '../../../functions/watch/cache/kinds.ts';
import { eventMessages, statusAddresses } from '../../../functions/watch/report/event-messages.ts';
import type { ExposureResult, Settled } from '../../../shared/domain/exposure/exposure.ts';

const SCOPE = 'istio-system/istio-ingressgateway';
const result = (more: Partial<ExposureResult> = {}): ExposureResult => ({
  address: 'auto(web)',
  port: 443,
  protocol: 'tcp',
  partition: 'k8s',
  gateways: ['default/echo'],
  outcome: 'held',
  code: 'OWN350',
  message: 'no address is free',
  ...more,
});
const settled = (exposures: readonly ExposureResult[], more: Partial<Settled> = {}): Settled => ({
  owner: `east/${SCOPE}`,
  clusterUid: 'uid',
  version: { epoch: 1, counter: 1, generation: 1 },
  device: 'bigip',
  devices: ['bigip'],
  servers: [],
  exposures: [...exposures],
  notes: [],
  ...more,
});

describe('the status of a Service with an automatic address', () => {
  test.each<[string, Partial<ExposureResult>, readonly string[]]>([
    [
      'contains the addresses that the device confirmed, and no others',
      { address: '10.1.0.7', outcome: 'applied' },
      ['10.1.0.7'],
    ],
    [
      'stays while the device is unreachable, because it is the record of the address',
      { outcome: 'retry', code: 'BIP501' },
      ['10.1.0.3'],
    ],
    ['stays while a partition cannot be read', { outcome: 'held', code: 'OWN353' }, ['10.1.0.3']],
    ['stays when a newer version is declared', { outcome: 'superseded', code: 'OK' }, ['10.1.0.3']],
    ['is emptied when there is no address', { outcome: 'held', code: 'OWN350' }, []],
    ['is emptied when another cluster has the id', { outcome: 'conflict', code: 'OWN302' }, []],
  ])('%s', (_, more, addresses) => {
    expect(statusAddresses([settled([result(more)])], ['10.1.0.3'])).toEqual(addresses);
  });

  test('shows the address of every device', () => {
    const other = { device: 'other', devices: ['bigip', 'other'] };
    const applied = (address: string): ExposureResult =>
      result({ address, outcome: 'applied', code: 'OK' });
    expect(
      statusAddresses(
        [
          settled([applied('10.1.0.7')], { devices: other.devices }),
          settled([applied('10.1.0.3')], other),
        ],
        [],
      ),
    ).toEqual(['10.1.0.3', '10.1.0.7']);
  });
});

describe('what is reported', () => {
  test('a missing address is a separate Warning on the Gateway and the Service', () => {
    const said = eventMessages(SCOPE, [settled([result()])]);
    expect(
      said.map(({ about, occurrence }) => [
        about.kind,
        occurrence.type,
        occurrence.reason,
        occurrence.message,
      ]),
    ).toEqual([
      [
        'Ingress',
        'Warning',
        'NoAddress',
        'auto(web):443/tcp for Gateway default/echo on bigip: OWN350: no address is free',
      ],
      ['Gateway', 'Warning', 'NoAddress', 'auto(web):443/tcp on bigip: OWN350: no address is free'],
    ]);
  });

  test('messages of one device are reported besides common ones, each once', () => {
    const all = { object: `Service ${SCOPE}`, code: 'GW140', message: 'no member is ready' };
    const moves = {
      object: `Service ${SCOPE}`,
      code: 'OWN352',
      message: 'moves from 10.1.0.3 to 10.1.0.7 on other',
    };
    const said = eventMessages(SCOPE, [
      settled([], { notes: [all] }),
      settled([], { device: 'other', notes: [all, moves] }),
    ]);
    expect(said.map(({ occurrence }) => [occurrence.reason, occurrence.message])).toEqual([
      ['NoReadyMember', 'GW140: no member is ready'],
      ['AddressMoved', `OWN352: ${moves.message}`],
    ]);
  });
});

test('a snapshot says whose the status of a Service is', () => {
  const kind = WATCHED_KINDS.find(({ plural }) => plural === 'services');
  const entry = (manager: string): object => ({
    manager,
    operation: 'Apply',
    subresource: 'status',
    fieldsV1: { 'f:status': { 'f:loadBalancer': { 'f:ingress': {} } } },
  });
  const observed = (manager: string): unknown =>
    kind?.observe({
      metadata: { namespace: 'n', name: 's', managedFields: [entry(manager)] },
      status: { loadBalancer: { ingress: [{ ip: '10.1.0.3' }] } },
    } as never).object;
  expect([observed('sluice-status'), observed('cloud')]).toEqual([
    expect.objectContaining({ statusIsOurs: true }),
    expect.not.objectContaining({ statusIsOurs: true }),
  ]);
});
