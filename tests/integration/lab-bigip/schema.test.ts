import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import Ajv from 'ajv';
import { describe, expect, test } from '@jest/globals';
import { Invalid, parseTenant } from '../../../infra/lab/bigip/as3/parse.ts';
import { adc, app, member, tenant } from './client.ts';

/** F5's own schema, if the reference folder exists; the lab itself does not need it. */
const SCHEMA = new URL('../../../../shared/reference/as3-schema.json', import.meta.url);
const described = existsSync(SCHEMA) ? describe : describe.skip;

const PROBE = {
  class: 'Monitor',
  monitorType: 'http',
  targetPort: 15021,
  send: 'GET / HTTP/1.0\r\n\r\n',
  receive: '200',
  interval: 10,
  timeout: 31,
};

const CASES: readonly (readonly [string, Record<string, unknown>])[] = [
  ['a TCP service', { a: app({ members: [member(80, '10.0.0.1')] }) }],
  [
    'an L4 service',
    { a: app({ virtual: { class: 'Service_L4', profileL4: { bigip: '/Common/x' } } }) },
  ],
  [
    'an HTTP service',
    {
      a: app({
        virtual: { class: 'Service_HTTP', profileHTTP: { bigip: '/Common/x' }, profileTCP: 'lan' },
      }),
    },
  ],
  ['a UDP service', { a: app({ virtual: { class: 'Service_UDP', profileUDP: 'normal' } }) }],
  [
    'everything around a service',
    {
      a: app({
        virtual: {
          iRules: [{ bigip: '/Common/x' }],
          snat: { use: 's' },
          allowVlans: [{ bigip: '/Common/v' }],
          maxConnections: 5,
          metadata: { a: { value: 'b' } },
          remark: 'r',
        },
        more: { s: { class: 'SNAT_Pool', snatAddresses: ['10.9.9.9'] } },
      }),
    },
  ],
  [
    'monitors',
    {
      a: app({
        pool: { monitors: [{ use: 'm' }, 'tcp'], minimumMonitors: 'all' },
        more: { m: PROBE },
      }),
    },
  ],
  [
    'a Service_Address',
    {
      a: app({
        virtual: { virtualAddresses: [{ use: 'vip' }] },
        more: {
          vip: { class: 'Service_Address', virtualAddress: '172.16.100.9', arpEnabled: false },
        },
      }),
    },
  ],
  [
    'a shared pool',
    {
      Shared: { class: 'Application', template: 'shared', pool: { class: 'Pool', members: [] } },
      a: {
        class: 'Application',
        v: {
          class: 'Service_TCP',
          virtualAddresses: ['1.2.3.4'],
          virtualPort: 1,
          pool: { use: '/T/Shared/pool' },
        },
      },
    },
  ],
  [
    'constants',
    {
      constants: { class: 'Constants', owners: { 'east/x': [1, 2] } },
      sluice: { class: 'Application' },
    },
  ],
  [
    'members of every kind',
    {
      a: app({
        members: [
          {
            servicePort: 0,
            serverAddresses: ['fd00::1'],
            adminState: 'offline',
            ratio: 5,
            priorityGroup: 2,
            connectionLimit: 9,
            shareNodes: true,
          },
        ],
      }),
    },
  ],
  ['an unknown key of a pool', { a: app({ pool: { colour: 'red' } }) }],
  ['a member without a port', { a: app({ members: [{ serverAddresses: ['10.0.0.1'] }] }) }],
  ['an interval of a day', { a: app({ more: { m: { ...PROBE, interval: 86_400 } } }) }],
  ['a remark that is too long', { a: app({ pool: { remark: 'r'.repeat(65) } }) }],
  ['a remark with a quote', { a: app({ pool: { remark: 'a"b' } }) }],
  ['a label with a bracket', { a: app({ pool: { label: 'a[b' } }) }],
  ['an unknown balancing method', { a: app({ pool: { loadBalancingMode: 'best' } }) }],
  ['an invalid address', { a: app({ address: 'nowhere' }) }],
  ['an item without a class', { a: { class: 'Application', x: {} } }],
  ['an application with a name that starts with a digit', { '1a': { class: 'Application' } }],
  [
    'a constant with a dash in its name',
    { constants: { class: 'Constants', 'a-b': 1 }, a: { class: 'Application' } },
  ],
];

described("the lab judges a declaration as F5's schema does", () => {
  const ajv = new Ajv();
  ajv.addFormat('f5bigip', /^\/[^/\s]+(\/[^/\s]+)+$/);
  ajv.addFormat('f5pointer', /./);
  ajv.addKeyword('f5PostProcess', { valid: true });
  ajv.addFormat('f5ip', (text: string) => text === '' || isIP(text.replace(/[/%].*$/, '')) !== 0);
  const validate = existsSync(SCHEMA)
    ? ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object)
    : (): boolean => false;

  test.each(CASES)('%s', (_name, applications) => {
    const accepted =
      validate({ class: 'AS3', declaration: adc({ T: tenant(applications) }) }) === true;
    expect(accepts(tenant(applications))).toBe(accepted);
  });
});

function accepts(raw: unknown): boolean {
  try {
    parseTenant('T', raw);
    return true;
  } catch (error) {
    if (error instanceof Invalid) return false;
    throw error;
  }
}
