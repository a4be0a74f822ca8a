/**
 * Which exposure may have port 80 of an address, and where AS3 puts its redirect: on the lab's
 * device, and on F5's AS3 if AS3_DEVICE is the URL of such a device.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { adc, app, call, tenant } from '../../integration/lab-bigip/client.ts';
import { real, REAL_URL, type RealAnswer } from './real-device.ts';
import { closeAll, lab } from './support.ts';

type Send = (method: string, path: string, body?: unknown) => Promise<RealAnswer>;

const DECLARE = '/mgmt/shared/appsvcs/declare';
const VIRTUAL = '/mgmt/tm/ltm/virtual';
const V4 = '172.16.100.195';
const V6 = '2001:db8::1';

interface Where {
  readonly port: number;
  readonly address?: string;
  /** Other properties of the virtual server. */
  readonly more?: object;
}

/** With a redirect from port 80. */
function https({ more, ...where }: Where): object {
  const virtual = { class: 'Service_HTTPS', serverTLS: [{ bigip: '/Common/clientssl' }] };
  return app({ address: V4, ...where, virtual: { ...virtual, redirect80: true, ...more } });
}

function tcp({ more, ...where }: Where): object {
  return app({ address: V4, ...where, virtual: { ...more } });
}

/** The same, with an address object. */
function byObject(made: typeof https, where: Where): object {
  const { address = V4, more } = where;
  return {
    ...made({ ...where, more: { ...more, virtualAddresses: [{ use: 'address' }] } }),
    address: {
      class: 'Service_Address',
      virtualAddress: address,
      useIpName: true,
      icmpEcho: 'disable',
    },
  };
}

async function onLab(): Promise<Send> {
  const bigip = await lab({ common: { routeDomains: ['2'] } });
  return (method, path, body) => call(bigip, method, path, { body });
}

async function onReal(): Promise<Send> {
  await real('DELETE', DECLARE);
  await real('POST', '/mgmt/tm/net/route-domain', { name: '2', id: 2, partition: 'Common' });
  return real;
}

const DEVICES = [
  ['the lab', onLab] as const,
  ...(REAL_URL === undefined ? [] : [['F5’s AS3', onReal] as const]),
];

describe.each(DEVICES)('port 80 of an address on %s', (_, open) => {
  let send: Send;
  beforeEach(async () => {
    send = await open();
  });
  afterEach(async () => {
    await send('DELETE', DECLARE);
    await send('DELETE', `${VIRTUAL}/~Common~theirs`);
    await closeAll();
  });

  const declared = async (applications: Readonly<Record<string, object>>): Promise<string> => {
    const { status, body } = await send('POST', DECLARE, adc({ k8s: tenant(applications) }));
    const [result] = (body as { results: readonly [{ message: string; response?: string }] })
      .results;
    return `${status} ${result.response?.split(':')[0] ?? result.message}`;
  };
  const served = async (): Promise<readonly string[]> => {
    const { body } = await send('GET', VIRTUAL);
    const { items = [] } = body as {
      readonly items?: readonly Readonly<Record<string, unknown>>[];
    };
    return items
      .map(({ fullPath, destination, source }) => [fullPath, destination, source].join(' '))
      .toSorted();
  };

  test.each<[string, object, object]>([
    ['two redirects', https({ port: 443 }), https({ port: 8443 })],
    ['a redirect and a virtual server', https({ port: 443 }), tcp({ port: 80 })],
    ['a virtual server and a redirect', tcp({ port: 80 }), https({ port: 443 })],
    [
      'redirects of virtual servers for different clients',
      https({ port: 443, more: { sourceAddress: '10.0.0.0/8' } }),
      https({ port: 8443, more: { sourceAddress: '11.0.0.0/8' } }),
    ],
    [
      'redirects in one route domain',
      https({ port: 443, address: `${V4}%2` }),
      https({ port: 8443, address: `${V4}%2` }),
    ],
    ['IPv6', https({ port: 443, address: V6 }), tcp({ port: 80, address: V6 })],
    [
      'IPv6, one with an object for the address',
      byObject(https, { port: 443, address: V6 }),
      tcp({ port: 80, address: V6 }),
    ],
  ])('is refused to the second: %s', async (_name, a, b) => {
    expect(await declared({ a, b })).toBe('422 01070333');
    expect(await served()).toEqual([]);
  });

  test.each<[string, object, object]>([
    [
      'UDP',
      https({ port: 443 }),
      tcp({ port: 80, more: { class: 'Service_UDP', profileUDP: 'normal' } }),
    ],
    ['another route domain', https({ port: 443 }), tcp({ port: 80, address: `${V4}%2` })],
    ['another address', https({ port: 443 }), tcp({ port: 80, address: '172.16.100.196' })],
  ])('is not taken by %s', async (_name, a, b) => {
    expect(await declared({ a, b })).toBe('200 success');
  });

  test.each<[string, object, string, string]>([
    ['IPv4', https({ port: 443 }), `${V4}:`, '0.0.0.0/0'],
    ['IPv6', https({ port: 443, address: V6 }), `${V6}.`, '::/0'],
    ['an object', byObject(https, { port: 443 }), `${V4}:`, '0.0.0.0/0'],
    ['an object for IPv6', byObject(https, { port: 443, address: V6 }), `${V6}.`, '::/0'],
    ['a route domain', https({ port: 443, address: `${V4}%2` }), `${V4}%2:`, '0.0.0.0%2/0'],
  ])('redirects any client beside the virtual server: %s', async (_name, a, at, source) => {
    expect(await declared({ a })).toBe('200 success');
    expect(await served()).toEqual([
      `/k8s/a/virtual /k8s/${at}443 ${source}`,
      `/k8s/a/virtual-Redirect- /k8s/${at}80 ${source}`,
    ]);
    expect(await declared({ a })).toBe('200 no change');
  });

  test('redirects any client, whatever the source network of the virtual server', async () => {
    await declared({ a: https({ port: 443, more: { sourceAddress: '10.0.0.0/8' } }) });
    expect(await served()).toEqual([
      `/k8s/a/virtual /k8s/${V4}:443 10.0.0.0/8`,
      `/k8s/a/virtual-Redirect- /k8s/${V4}:80 0.0.0.0/0`,
    ]);
  });

  test.each([
    [`/Common/${V4}:80`, '255.255.255.255', '0.0.0.0/0', V4],
    [`/Common/${V6}.80`, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::/0', V6],
  ])(
    'is refused if another client gave it away: %s',
    async (destination, mask, source, address) => {
      const place = { destination, mask, source, ipProtocol: 'tcp' };
      await send('POST', VIRTUAL, { name: 'theirs', partition: 'Common', ...place });
      expect(await declared({ a: https({ port: 443, address }) })).toBe('422 01070333');
    },
  );
});
