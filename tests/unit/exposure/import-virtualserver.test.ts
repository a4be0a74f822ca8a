/** What becomes of a VirtualServer of CIS: its target, its port on BIG-IP, and what is not carried over. */
import { describe, expect, test } from '@jest/globals';
import {
  cisObjectsIn,
  type Reading,
} from '../../../shared/domain/exposure/sources/cis/cis-object.ts';
import { importCis } from './import-support.ts';
import { readVirtualServer } from '../../../shared/domain/exposure/sources/cis/cis-virtualserver.ts';

const POOL = { service: 'gw', servicePort: 443, path: '/' };
const profile = (termination: string, namespace = 'ns', name = 'tls'): unknown => ({
  apiVersion: 'cis.f5.com/v1',
  kind: 'TLSProfile',
  metadata: { namespace, name },
  spec: { tls: { termination } },
});
const PASSES = profile('passthrough');

function read(
  spec: Record<string, unknown>,
  others: readonly unknown[] = [],
  status: Record<string, unknown> = {},
): Reading {
  const raw = {
    apiVersion: 'cis.f5.com/v1',
    kind: 'VirtualServer',
    metadata: { namespace: 'ns', name: 'vs' },
    spec: { virtualServerAddress: '10.0.0.1', pools: [POOL], ...spec },
    status,
  };
  const [object] = cisObjectsIn([raw]);
  return readVirtualServer(object!, cisObjectsIn(others));
}
const lost = ({ notCarried }: Reading): readonly string[] =>
  notCarried.map(({ field }) => field).toSorted();
const port = ({ server }: Reading): readonly unknown[] => [
  server?.servicePort,
  server?.virtualPort,
  server?.wanted.mode,
];

describe('the port on BIG-IP', () => {
  test.each<[string, Record<string, unknown>, readonly unknown[], number, string]>([
    ['without TLS is 80', {}, [], 80, 'http'],
    ['without TLS is the one named', { virtualServerHTTPPort: 8080 }, [], 8080, 'http'],
    ['without TLS is 80, if none is named', { virtualServerHTTPPort: 0 }, [], 80, 'http'],
    ['without TLS is 80, if a text is named', { virtualServerHTTPPort: '8' }, [], 80, 'http'],
    [
      'with TLS is the one named',
      { tlsProfileName: 'tls', virtualServerHTTPSPort: 8443 },
      [PASSES],
      8443,
      'tcp',
    ],
  ])('%s', (_, spec, others, virtual, mode) => {
    expect(port(read(spec, others))).toEqual([443, virtual, mode]);
  });

  test('with TLS is 443, if none is named', () => {
    const found = read({ tlsProfileName: 'tls' }, [PASSES]);
    expect([port(found), lost(found)]).toEqual([[443, 443, 'tcp'], []]);
  });
});

describe('what is not carried over', () => {
  test.each<[string, Record<string, unknown>, readonly unknown[], readonly string[]]>([
    ['is empty for a server without TLS', {}, [], []],
    ['is a path', { pools: [{ ...POOL, path: '/shop' }] }, [], ['spec.pools[0].path']],
    ['omits an empty path', { pools: [{ ...POOL, path: '' }] }, [], []],
    ['is httpTraffic without TLS', { httpTraffic: 'allow' }, [], ['spec.httpTraffic']],
    [
      'is the port for TLS without TLS',
      { virtualServerHTTPSPort: 8443 },
      [],
      ['spec.virtualServerHTTPSPort'],
    ],
    [
      'is the plain port beside TLS, if traffic there is allowed',
      { tlsProfileName: 'tls', httpTraffic: 'allow' },
      [PASSES],
      ['spec.httpTraffic'],
    ],
    ['is no traffic that is refused', { tlsProfileName: 'tls', httpTraffic: 'none' }, [PASSES], []],
  ])('%s', (_, spec, others, fields) => {
    const found = read(spec, others);
    expect([lost(found), found.server?.service]).toEqual([fields, 'ns/gw']);
  });

  test('is a redirect, which a Gateway does', () => {
    const found = read({ tlsProfileName: 'tls', httpTraffic: 'redirect' }, [PASSES]);
    expect(found.notCarried[0]?.reason).toContain('with httpsRedirect');
    const allowed = read({ tlsProfileName: 'tls', httpTraffic: 'allow' }, [PASSES]);
    expect(allowed.notCarried[0]?.reason).not.toContain('httpsRedirect');
  });

  test('is a value that CIS does not know', () => {
    const found = read({ tlsProfileName: 'tls', httpTraffic: 'deny' }, [PASSES]);
    expect(found.notCarried[0]?.reason).toBe('deny is not one of allow, none, redirect');
  });

  test('is a redirect from another port than 80, where BIG-IP terminates TLS', () => {
    const edge = {
      ...(PASSES as object),
      spec: { tls: { termination: 'edge', reference: 'bigip', clientSSL: '/Common/c' } },
    };
    const spec = { tlsProfileName: 'tls', httpTraffic: 'redirect' };
    expect(read(spec, [edge]).server?.wanted).toMatchObject({ redirect80: true });
    const other = read({ ...spec, virtualServerHTTPPort: 8080 }, [edge]);
    expect(other.server?.wanted).not.toHaveProperty('redirect80');
    expect(other.notCarried[0]?.reason).toContain('port 8080 is not carried');
  });
});

describe('nothing is carried over', () => {
  test.each<[string, Record<string, unknown>, readonly unknown[], readonly string[]]>([
    ['without pools', { pools: undefined }, [], ['spec.pools']],
    ['if pools is not a list', { pools: { ...POOL } }, [], ['spec.pools']],
    ['if no pool is an object', { pools: ['gw'] }, [], ['spec.pools']],
    [
      'if one of two pools names no Service',
      { pools: [POOL, { servicePort: 443 }] },
      [],
      ['spec.pools[1].service'],
    ],
    [
      'if the default pool names no port',
      { pools: [POOL], defaultPool: { service: 'gw' } },
      [],
      ['spec.defaultPool.servicePort'],
    ],
    [
      'if the only pool names nothing',
      { pools: [{}] },
      [],
      ['spec.pools[0].service', 'spec.pools[0].servicePort'],
    ],
    [
      'if pools lead to several Services',
      { pools: [POOL, { ...POOL, service: 'other' }] },
      [],
      ['spec.pools'],
    ],
    [
      'if pools lead to several ports',
      { pools: [POOL, { ...POOL, servicePort: 80 }] },
      [],
      ['spec.pools'],
    ],
    [
      'if the default pool leads elsewhere',
      { defaultPool: { ...POOL, service: 'other' } },
      [],
      ['spec.pools'],
    ],
    [
      'if BIG-IP has no profile to terminate TLS with',
      { tlsProfileName: 'tls' },
      [profile('edge')],
      ['spec.tls', 'spec.tlsProfileName'],
    ],
    ['if the TLSProfile is missing', { tlsProfileName: 'tls' }, [], ['spec.tlsProfileName']],
    [
      'if the TLSProfile is in another namespace',
      { tlsProfileName: 'tls' },
      [profile('passthrough', 'other')],
      ['spec.tlsProfileName'],
    ],
    [
      'if the TLSProfile has another name',
      { tlsProfileName: 'tls' },
      [profile('passthrough', 'ns', 'other')],
      ['spec.tlsProfileName'],
    ],
  ])('%s', (_, spec, others, fields) => {
    const found = read(spec, others);
    expect([lost(found), found.server]).toEqual([fields, undefined]);
  });
});

test('only a TLSProfile of CIS says that BIG-IP passes TLS through', () => {
  const vs = {
    apiVersion: 'cis.f5.com/v1',
    kind: 'VirtualServer',
    metadata: { namespace: 'ns', name: 'vs' },
    spec: { virtualServerAddress: '10.0.0.1', tlsProfileName: 'tls', pools: [POOL] },
  };
  const fields = (other: object): readonly string[] =>
    importCis([vs, { ...(PASSES as object), ...other }], {
      cluster: 'east',
      devices: ['bigip'],
      members: 'pods',
    }).notCarried.map(({ object, field }) => `${object} ${field}`);
  expect(fields({ kind: 'Policy' })).toContain('VirtualServer ns/vs spec.tlsProfileName');
  expect(fields({ apiVersion: 'x/v1' })).toContain('VirtualServer ns/vs spec.tlsProfileName');
  expect(fields({})).not.toContain('VirtualServer ns/vs spec.tlsProfileName');
});

test('the same target in several pools, and in the default pool, is one', () => {
  const found = read({ pools: [POOL, POOL], defaultPool: { ...POOL, path: undefined } });
  expect([lost(found), port(found)]).toEqual([[], [443, 80, 'http']]);
});

test('an address of an IPAM is kept as BIG-IP serves it', () => {
  const found = read({ virtualServerAddress: undefined, ipamLabel: 'web' }, [], {
    vsAddress: '10.0.0.9',
  });
  expect(found.server?.wanted.virtualAddress).toBe('10.0.0.9');
});
