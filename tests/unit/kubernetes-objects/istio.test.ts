import { describe, expect, test } from '@jest/globals';
import {
  normaliseGateway,
  normaliseVirtualService,
} from '../../../shared/kubernetes/objects/index.ts';

const gateway = (spec: unknown): ReturnType<typeof normaliseGateway> =>
  normaliseGateway({ metadata: { name: 'g', namespace: 'team' }, spec });
const servers = (...list: unknown[]): ReturnType<typeof normaliseGateway>['servers'] =>
  gateway({ servers: list }).servers;

describe('Istio Gateways', () => {
  test('have servers with every field that the mapping uses', () => {
    const raw = {
      name: 's',
      port: { number: 443, name: 'https', protocol: 'HTTPS', targetPort: 9 },
      bind: '10.0.0.1',
      hosts: ['*'],
      tls: { mode: 'SIMPLE', httpsRedirect: false, credentialName: 'secret' },
      defaultEndpoint: 'x',
    };
    expect(servers(raw)).toEqual([
      {
        name: 's',
        port: { number: 443, name: 'https', protocol: 'HTTPS' },
        bind: '10.0.0.1',
        hosts: ['*'],
        tls: { mode: 'SIMPLE', httpsRedirect: false },
      },
    ]);
  });

  test('keep absent fields absent', () => {
    expect(servers({ port: { number: 80, protocol: 'HTTP' }, tls: {} })).toEqual([
      { port: { number: 80, name: '', protocol: 'HTTP' }, hosts: [], tls: {} },
    ]);
  });

  test('keep impossible numbers, which the mapping reports', () => {
    expect(
      servers(
        { port: { number: 70_000, protocol: 'HTTP' } },
        { port: { number: 0, protocol: 'X' } },
      ),
    ).toMatchObject([{ port: { number: 70_000 } }, { port: { number: 0 } }]);
  });

  test.each([
    ['text', 'x', 'it is "x", not an object'],
    ['nothing', null, 'it is null, not an object'],
    ['no port', { hosts: [] }, 'port is absent; it needs number, name and protocol'],
    ['a port that is a number', { port: 80 }, 'port is 80; it needs number, name and protocol'],
    [
      'a number in quotes',
      { port: { number: '80', protocol: 'HTTP' } },
      'port.number is "80", not a number',
    ],
    [
      'an invalid number',
      { port: { number: Number.NaN, protocol: 'HTTP' } },
      'port.number is null, not a number',
    ],
    ['no protocol', { port: { number: 80 } }, 'port.protocol is absent, not text'],
    [
      'hosts as a string',
      { port: { number: 80, protocol: 'HTTP' }, hosts: '*' },
      'hosts is "*", not a list of names',
    ],
    [
      'a host that is not a string',
      { port: { number: 80, protocol: 'HTTP' }, hosts: [1] },
      'hosts is [1], not a list of names',
    ],
  ])('%s is malformed, and the other servers stay', (_, raw, malformed) => {
    expect(servers(raw, { port: { number: 80, protocol: 'HTTP' } })).toMatchObject([
      { malformed },
      { port: { number: 80 } },
    ]);
  });

  test.each([
    ['no spec', undefined],
    ['servers that are not a list', { servers: {} }],
    ['null', { servers: null, selector: null }],
  ])('%s gives a Gateway without servers', (_, spec) => {
    expect(gateway(spec)).toMatchObject({ selector: {}, servers: [] });
  });
});

describe('VirtualServices', () => {
  test('have blocks, matches and the number of destinations', () => {
    const spec = {
      hosts: ['a.com'],
      gateways: ['g', 'mesh'],
      exportTo: ['.'],
      http: [{}, {}],
      tcp: [
        {
          match: [{ port: 9000, gateways: ['g'], sourceLabels: {} }],
          route: [{ destination: {} }],
        },
        { route: [] },
        {},
      ],
      tls: [{ match: [{ sniHosts: ['a.com'] }], route: [{}, {}] }],
    };
    expect(
      normaliseVirtualService({ metadata: { name: 'v', namespace: 'team' }, spec }),
    ).toMatchObject({
      hosts: ['a.com'],
      gateways: ['g', 'mesh'],
      exportTo: ['.'],
      http: 2,
      tcp: [
        { match: [{ port: 9000, gateways: ['g'] }], destinations: 1 },
        { match: [], destinations: 0 },
        { match: [], destinations: 0 },
      ],
      tls: [{ match: [{ sniHosts: ['a.com'] }], destinations: 2 }],
    });
  });

  test('bind nothing if they are empty', () => {
    expect(normaliseVirtualService({ metadata: { name: 'v' } })).toMatchObject({
      meta: { namespace: 'default' },
      hosts: [],
      gateways: [],
      exportTo: [],
      http: 0,
      tcp: [],
      tls: [],
    });
  });
});
