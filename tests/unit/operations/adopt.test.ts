/** What `sluice network adopt` sends. */
import { expect, test } from '@jest/globals';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { requestAdoption } from '../../../shared/operations/network/adopt.ts';

const config = SluiceConfig.parse({
  generation: 1,
  devices: [
    {
      name: 'bigip',
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions: ['k8s'],
    },
  ],
  clusters: [{ id: 'east', network: { mode: 'routes' } }],
  ingresses: [{ cluster: 'east', service: 'istio-system/gateway', devices: ['bigip'] }],
});

type Context = Parameters<typeof requestAdoption>[0];

test('an order without an entry in the audit log is not sent', async () => {
  const sent: unknown[] = [];
  const queue = { send: (message: unknown) => Promise.resolve(void sent.push(message)) };
  const runtime = {
    config,
    queues: { queue: () => queue },
    clock: { now: () => 0 },
    id: () => 'id',
  };
  const away = (): Promise<never> => Promise.reject(new Error('the store is away'));
  const context = { runtime, audit: { append: away, record: away } } as unknown as Context;
  const take = [
    { key: 'route 10.244.3.0/24', name: '/cis/k8s-n3', to: '192.0.2.13', change: 'shown' },
  ];
  const author = { who: 'ada', why: 'CIS goes' };
  const asked = [{ device: 'bigip', take, left: [], alive: [] }];
  await expect(requestAdoption(context, asked, author)).rejects.toThrow('the store is away');
  expect(sent).toEqual([]);
});
