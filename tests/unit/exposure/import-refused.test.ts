/**
 * What the import cannot carry over (object, field and remedy), and what it leaves out as a result.
 */
import { describe, expect, test } from '@jest/globals';
import { FATES } from '../../../shared/domain/exposure/sources/cis/cis-fates.ts';
import { CIS_FIELDS } from '../../../shared/domain/exposure/sources/cis/cis-fields.ts';
import { CIS_SCHEMA } from './cis-schema.ts';
import { imported, type Json, resource, told, transport, virtual } from './import-tables.ts';

const LEFT_OUT = 'the whole virtual server is left out';
const policy = (spec: Json, name = 'p', namespace = 'ns'): Json =>
  resource('Policy', name, spec, namespace);
const tls = (spec: Json): Json => resource('TLSProfile', 't', { tls: spec });

/** The pools of each kind have their own fields. */
const PARTS = /^(pools|pool|defaultPool)\.(.*)$/;
/** Fields whose inner fields are read together with them. */
const WHOLE = ['monitor', 'monitors', 'alternateBackends', 'multiClusterServices'];

/** The entry of the tables for a field of the schema: the longest path that they contain. */
function known(kind: string, field: string): string | undefined {
  const [, , inner] = PARTS.exec(field) ?? [];
  const part = inner === undefined ? kind : 'pool';
  const fields = CIS_FIELDS.get(part as never);
  const names = (inner ?? field).split('.');
  const paths = names.map((_, i) => names.slice(0, i + 1).join('.'));
  return paths.find((path) => fields?.has(path));
}

describe('every field in the schemas of CIS', () => {
  test.each(Object.entries(CIS_SCHEMA))(
    'of a %s has a setting, or an entry that says what becomes of it',
    (kind, fields) => {
      expect(fields.filter((field) => known(kind, field) === undefined)).toEqual([]);
    },
  );

  test('and every field that the tables know is in a schema, or was in one', () => {
    const there = new Set(
      Object.entries(CIS_SCHEMA).flatMap(([kind, fields]) =>
        fields.map((field) => `${PARTS.test(field) ? 'pool' : kind} ${known(kind, field)}`),
      ),
    );
    const others = [...CIS_FIELDS].flatMap(([part, fields]) =>
      [...fields.keys()].map((field) => `${part} ${field}`).filter((one) => !there.has(one)),
    );
    expect(others).toEqual([
      // The targets of a virtual server, whose inner fields are those of pools.
      'VirtualServer pools',
      'VirtualServer defaultPool',
      'TransportServer pool',
      // CIS up to 2.20.2 reads it; its schema has it for VirtualServers only.
      'TransportServer botDefense',
      'Policy defaultPool',
    ]);
  });

  test('with inner fields is read as a whole where the tables say so', () => {
    for (const name of WHOLE) expect(CIS_FIELDS.get('pool')?.has(name)).toBe(true);
    expect(Object.keys(FATES.VirtualServer)).toContain('hostPersistence');
  });
});

describe('a name that CIS does not have', () => {
  test.each<[string, readonly Json[], readonly string[]]>([
    [
      'is reported with the nearest of its place',
      [policy({ l7Policies: { profileAPIProtection: '/Common/a' } }), virtual({ policyName: 'p' })],
      [
        'Policy ns/p spec.l7Policies.profileAPIProtection: is not a field of Policy; did ' +
          'you mean profileApiProtection?',
      ],
    ],
    [
      'is reported in a pool',
      [virtual({}, 80, { reselectTry: 1 })],
      [
        'VirtualServer ns/vs spec.pools[0].reselectTry: is not a field of a pool; did you mean reselectTries?',
      ],
    ],
    [
      'is reported without one, if none is near',
      [virtual({ zzzzzzzzzz: 1 })],
      ['VirtualServer ns/vs spec.zzzzzzzzzz: is not a field of VirtualServer that Sluice knows'],
    ],
    [
      'named like a property of every object is also reported',
      [virtual({ constructor: 1 })],
      ['VirtualServer ns/vs spec.constructor: is not a field of VirtualServer that Sluice knows'],
    ],
  ])('%s', (_, objects, expected) => {
    const found = imported(...objects);
    expect([told(found), found.ingresses.length]).toEqual([expected, 1]);
  });
});

describe('a value of the wrong kind', () => {
  test.each<[string, readonly Json[], readonly string[]]>([
    [
      'instead of an object with protection leaves the virtual server out',
      [policy({ l7Policies: '/Common/w' }), virtual({ policyName: 'p' })],
      [
        `VirtualServer ns/vs spec.policyName: needs Policy ns/p, which is not carried; ${LEFT_OUT}`,
        'Policy ns/p spec.l7Policies: is not an object with waf, profileAccess, ' +
          `policyPerRequestAccess, profileApiProtection, profileAdapt; ${LEFT_OUT}`,
      ],
    ],
    [
      'instead of a path leaves it out, if it protects',
      [virtual({ waf: 'w' })],
      [
        'VirtualServer ns/vs spec.waf: is not a full path such as /Common/name, of ' +
          `letters, digits and _ . : % @ + = -; ${LEFT_OUT}`,
      ],
    ],
    [
      'instead of profiles, one of which protects, leaves it out',
      [virtual({ profiles: '/Common/tcp' })],
      [
        `VirtualServer ns/vs spec.profiles: is not an object with tcp, http2, profileProtocolInspection; ${LEFT_OUT}`,
      ],
    ],
    ...[['10.0.0'], ['10.0.0.0/33'], [''], [' '], '10.0.0.0/8'].map(
      (allowSourceRange): [string, readonly Json[], readonly string[]] => [
        `instead of networks leaves it out: ${JSON.stringify(allowSourceRange)}`,
        [virtual({ allowSourceRange })],
        [
          `VirtualServer ns/vs spec.allowSourceRange: is not a list of networks such as 10.20.0.0/16; ${LEFT_OUT}`,
        ],
      ],
    ),
    [
      'that is an empty list of networks restricts nothing',
      [virtual({ allowSourceRange: [] })],
      [],
    ],
    [
      'instead of a client SSL profile leaves it out',
      [transport({ tls: { clientSSLs: ['/Common/c', 'a profile'], reference: 'bigip' } })],
      [
        'TransportServer ns/ts spec.tls.clientSSLs: "a profile" is not a full path such as ' +
          '/Common/name; profiles have to be on BIG-IP, because Sluice reads no certificates ' +
          `from Secrets; ${LEFT_OUT}`,
      ],
    ],
    [
      'instead of a flag is reported',
      [virtual({ httpMrfRoutingEnabled: 'yes' })],
      ['VirtualServer ns/vs spec.httpMrfRoutingEnabled: is neither true nor false'],
    ],
    [
      'of a service address: CIS uses the last',
      [virtual({ serviceAddress: [{ icmpEcho: 'disable' }, { icmpEcho: 'no' }] })],
      [
        'VirtualServer ns/vs spec.serviceAddress[0]: CIS uses the last entry of the list',
        'VirtualServer ns/vs spec.serviceAddress[1].icmpEcho: is not one of enable, disable, selective',
      ],
    ],
    [
      'in a list of log profiles is named, and the others are carried',
      [
        policy({ profiles: { logProfiles: ['/Common/Log all requests', '/Common/l'] } }),
        virtual({ policyName: 'p' }),
      ],
      [
        'Policy ns/p spec.profiles.logProfiles: "/Common/Log all requests" is not a full ' +
          'path such as /Common/name, of letters, digits and _ . : % @ + = -; name a copy of ' +
          'the object that has such a path',
      ],
    ],
    [
      'instead of the name of a Policy leaves it out',
      [virtual({ policyName: { name: 'p' } })],
      [`VirtualServer ns/vs spec.policyName: is not the name of a Policy; ${LEFT_OUT}`],
    ],
    [
      'of a monitor: what Sluice does not set is named',
      [
        virtual({}, 80, {
          monitor: {
            type: 'https',
            interval: 5,
            timeout: 16,
            timeUntilUp: 30,
            sslProfile: '/Common/s',
          },
        }),
      ],
      [
        'VirtualServer ns/vs spec.pools[0].monitor: has timeUntilUp, which Sluice does not ' +
          'set; a member is up with the first answer',
        'VirtualServer ns/vs spec.pools[0].monitor: has an sslProfile, which Sluice does ' +
          'not set; the monitor uses BIG-IP’s default one',
      ],
    ],
  ])('%s', (_, objects, expected) => {
    const found = imported(...objects);
    expect([told(found), found.ingresses.length]).toEqual([
      expected,
      expected.some((one) => one.includes(LEFT_OUT)) ? 0 : 1,
    ]);
  });
});

describe('a field of another kind', () => {
  test('is reported', () => {
    const found = imported(transport({ htmlProfile: '/Common/h' }));
    expect([told(found), found.ingresses.length]).toEqual([
      [
        'TransportServer ns/ts spec.htmlProfile: is a field of VirtualServer, not of ' +
          'TransportServer, so CIS ignores it',
      ],
      1,
    ]);
  });

  test('leaves the virtual server out, if it protects', () => {
    const found = imported(transport({ profileAccess: '/Common/a' }));
    expect([told(found), found.ingresses.length]).toEqual([
      [
        'TransportServer ns/ts spec.profileAccess: is a field of VirtualServer, not of ' +
          `TransportServer, so CIS ignores it; ${LEFT_OUT}`,
      ],
      0,
    ]);
  });

  test('of a Policy that CIS applies to VirtualServers only is reported for others', () => {
    const found = imported(
      policy({ l7Policies: { waf: '/Common/w' }, snat: 'none', defaultPool: { service: 'x' } }),
      transport({ policyName: 'p' }),
    );
    expect(told(found)).toEqual([
      'Policy ns/p spec.l7Policies.waf: CIS does not apply it to a TransportServer',
      'Policy ns/p spec.defaultPool: CIS does not apply it to a TransportServer',
    ]);
    expect(found.serviceBundles).toEqual([
      { name: 'p', namespaces: ['ns'], settings: { snat: 'none' } },
    ]);
  });
});

describe('what is not in the files', () => {
  const missing = (objects: readonly Json[]): readonly string[] => told(imported(...objects));
  const wants = virtual({ policyName: 'strict' });
  test.each<[string, readonly Json[], string]>([
    ['is named', [], 'give it too'],
    ['is named with the nearest name', [policy({}, 'strictly')], 'did you mean strictly?'],
    [
      'is named with its namespace',
      [policy({}, 'strict', 'other')],
      'there is one of this name in namespace other',
    ],
    [
      'is named with its kind',
      [resource('TLSProfile', 'strict', {})],
      'there is a TLSProfile of this name, which is another kind',
    ],
  ])('%s', (_, others, hint) => {
    const found = imported(...others, wants);
    expect(found.ingresses).toEqual([]);
    expect(told(found)).toContain(
      `VirtualServer ns/vs spec.policyName: Policy ns/strict is not in these files; ${hint}; ${LEFT_OUT}`,
    );
  });

  test('is found in the namespace that the object names', () => {
    const found = imported(
      policy({ snat: 'none' }, 'strict', 'other'),
      virtual({ policyName: 'strict', policyNamespace: 'other' }),
    );
    expect([told(found), found.serviceBundles.map(({ name }) => name)]).toEqual([[], ['strict']]);
    const ts = imported(
      policy({ snat: 'none' }, 'strict', 'other'),
      transport({ policyName: 'strict', policyNamespace: 'other' }),
    );
    expect([told(ts), ts.serviceBundles.map(({ name }) => name)]).toEqual([[], ['strict']]);
    const edge = { termination: 'edge', reference: 'bigip', clientSSL: '/Common/c' };
    const secure = imported(
      resource('TLSProfile', 't', { tls: edge }, 'other'),
      virtual({ tlsProfileName: 't', tlsProfileNamespace: 'other' }),
    );
    expect([told(secure), secure.needs.references]).toEqual([[], ['/Common/c']]);
    expect(told(imported(virtual({ tlsProfileNamespace: 'other' })))).toEqual([
      'VirtualServer ns/vs spec.tlsProfileNamespace: has no effect without tlsProfileName',
    ]);
  });

  test('a Policy or TLSProfile that nothing names is reported, and one that is named is not', () => {
    expect(missing([policy({}), tls({})])).toEqual([
      'Policy ns/p kind: no object in these files uses it; give the files with those that do',
      'TLSProfile ns/t kind: no object in these files uses it; give the files with those that do',
    ]);
    expect(missing([policy({}), virtual({ policyName: 'p' })])).toEqual([]);
    expect(missing([policy({}), virtual({ policyName: 'p', policyNamespace: 'a' })])).toContain(
      'Policy ns/p kind: no object in these files uses it; give the files with those that do',
    );
  });
});

describe('TLS', () => {
  const secrets = (side: string): string =>
    'names Secrets, and Sluice reads no certificates from them; create an SSL profile ' +
    `on BIG-IP, and name it here with reference bigip, or in sluice.io/${side}-tls; ` +
    LEFT_OUT;
  const needs = `VirtualServer ns/vs spec.tlsProfileName: needs TLSProfile ns/t, which is not carried; ${LEFT_OUT}`;
  test.each<[string, Json, readonly string[]]>([
    [
      'with certificates in Secrets',
      { termination: 'reencrypt', reference: 'secret', clientSSLs: ['a'], serverSSL: 'b' },
      [
        `TLSProfile ns/t spec.tls.clientSSLs: ${secrets('client')}`,
        `TLSProfile ns/t spec.tls.serverSSL: ${secrets('server')}`,
        needs,
      ],
    ],
    [
      'with one side in Secrets',
      {
        termination: 'reencrypt',
        reference: 'hybrid',
        clientSSL: 'a',
        clientSSLParams: { profileReference: 'secret' },
        serverSSL: '/Common/s',
        serverSSLParams: { profileReference: 'bigip' },
      },
      [`TLSProfile ns/t spec.tls.clientSSL: ${secrets('client')}`, needs],
    ],
    [
      'without a reference',
      { termination: 'edge', clientSSL: '/Common/c' },
      [
        `TLSProfile ns/t spec.tls.clientSSL: has the reference null, which CIS does not know; say bigip; ${LEFT_OUT}`,
        needs,
      ],
    ],
    [
      'edge with server SSL profiles',
      { termination: 'edge', reference: 'bigip', clientSSL: '/Common/c', serverSSL: '/Common/s' },
      [
        `TLSProfile ns/t spec.tls: edge takes no serverSSLs; reencrypt does, so CIS does not use it; ${LEFT_OUT}`,
        needs,
      ],
    ],
    [
      'reencrypt without them',
      { termination: 'reencrypt', reference: 'bigip', clientSSL: '/Common/c' },
      [
        `TLSProfile ns/t spec.tls: reencrypt needs serverSSLs, so CIS does not use it; ${LEFT_OUT}`,
        needs,
      ],
    ],
    [
      'passthrough with profiles',
      { termination: 'passthrough', reference: 'bigip', clientSSL: '/Common/c' },
      [
        `TLSProfile ns/t spec.tls: passthrough takes no SSL profiles, so CIS does not use it; ${LEFT_OUT}`,
        needs,
      ],
    ],
    [
      'of another termination',
      { termination: 'none' },
      [
        'TLSProfile ns/t spec.tls: termination "none" is not edge, reencrypt or ' +
          `passthrough, so CIS does not use it; ${LEFT_OUT}`,
        needs,
      ],
    ],
  ])('%s leaves the virtual server out', (_, spec, expected) => {
    const found = imported(tls(spec), virtual({ tlsProfileName: 't' }));
    expect([told(found), found.ingresses]).toEqual([expected, []]);
  });

  test('of a TransportServer in Secrets leaves it out, and that of an IngressLink', () => {
    const found = imported(transport({ tls: { clientSSLs: ['a'], reference: 'secret' } }));
    expect(told(found)).toEqual([
      `TransportServer ns/ts spec.tls.clientSSLs: ${secrets('client')}`,
    ]);
    const link = imported(
      resource('IngressLink', 'il', {
        selector: { matchLabels: { app: 'gw' } },
        tls: { clientSSLs: ['/Common/c'], reference: 'bigip' },
      }),
    );
    expect(link.ingresses).toEqual([]);
    expect(told(link)[0]).toContain('spec.tls: CIS attaches the profiles at port 443 only');
  });

  test('parameters of profiles are reported, and clientSSLs counts before clientSSL', () => {
    const found = imported(
      resource('TLSProfile', 't', {
        tlsCipher: { tlsVersion: '1.3', ciphers: 'DEFAULT' },
        tls: {
          termination: 'edge',
          reference: 'bigip',
          clientSSL: '/Common/a',
          clientSSLs: ['/Common/b'],
          clientSSLParams: { renegotiationEnabled: false },
        },
      }),
      virtual({ tlsProfileName: 't', httpTraffic: 'allow' }),
    );
    const secret = 'is for profiles that CIS makes of Secrets; set it in the profiles on BIG-IP';
    expect(told(found)).toEqual([
      `TLSProfile ns/t spec.tlsCipher.tlsVersion: ${secret}`,
      `TLSProfile ns/t spec.tlsCipher.ciphers: ${secret}`,
      'TLSProfile ns/t spec.tls.clientSSL: sets the same as spec.tls.clientSSLs, which counts',
      `TLSProfile ns/t spec.tls.clientSSLParams.renegotiationEnabled: ${secret}`,
      'VirtualServer ns/vs spec.httpTraffic: allow: port 80 is not carried; let a Gateway open it',
    ]);
    expect(found.gateways[0]?.annotations['sluice.io/client-tls']).toBe('/Common/b');
  });

  const EDGE = { termination: 'edge', reference: 'bigip', clientSSL: '/Common/c' };
  const AGAIN = { ...EDGE, termination: 'reencrypt', serverSSL: '/Common/s' };
  test.each<[string, Json, number, string | undefined]>([
    ['edge to HTTP', EDGE, 80, undefined],
    ['edge to HTTPS', EDGE, 443, 'terminates TLS and sends plain HTTP, which port 443'],
    ['edge to TLS', EDGE, 8443, 'terminates TLS and sends plain HTTP, which port 8443'],
    ['reencrypt to HTTPS', AGAIN, 443, undefined],
    ['reencrypt to HTTP', AGAIN, 80, 'encrypts towards members, and port 80'],
    ['reencrypt to TLS', AGAIN, 8443, 'encrypts towards members, and port 8443'],
    ['reencrypt to TCP', AGAIN, 9000, 'encrypts towards members, and port 9000'],
  ])('%s', (_, spec, port, reason) => {
    const found = imported(tls(spec), virtual({ tlsProfileName: 't' }, port));
    expect(found.gateways.length).toBe(reason === undefined ? 1 : 0);
    expect(told(found)).toEqual(reason === undefined ? [] : [expect.stringContaining(reason)]);
  });

  test.each<[string, Json, number, string | undefined]>([
    ['edge to TCP', { clientSSLs: ['/Common/c'] }, 9000, undefined],
    ['edge to HTTP', { clientSSLs: ['/Common/c'] }, 80, undefined],
    ['edge to HTTPS', { clientSSLs: ['/Common/c'] }, 443, 'sends plain data, but port 443'],
    ['edge to TLS', { clientSSLs: ['/Common/c'] }, 8443, 'sends plain data, but port 8443'],
    ['encrypted to TLS', { serverSSLs: ['/Common/s'] }, 8443, undefined],
    ['encrypted to HTTPS', { serverSSLs: ['/Common/s'] }, 443, undefined],
    ['encrypted to HTTP', { serverSSLs: ['/Common/s'] }, 80, 'does not take TLS'],
  ])('of a TransportServer, %s', (_, profiles, port, reason) => {
    const found = imported(transport({ tls: { ...profiles, reference: 'bigip' } }, port));
    expect(found.gateways.length).toBe(reason === undefined ? 1 : 0);
    expect(told(found)).toEqual(reason === undefined ? [] : [expect.stringContaining(reason)]);
  });
});

describe('what cannot be combined', () => {
  test.each<[string, readonly Json[], readonly string[]]>([
    [
      'protection that the mode does not take leaves the virtual server out',
      [transport({ botDefense: '/Common/b' })],
      [
        'TransportServer ns/ts spec.botDefense: /Common/b is not for a virtual server of ' +
          `mode tcp; remove it to publish without it; ${LEFT_OUT}`,
      ],
    ],
    [
      'a per-request policy without an access profile does so too',
      [virtual({ policyPerRequestAccess: '/Common/r' })],
      [
        'VirtualServer ns/vs spec.policyPerRequestAccess: needs profileAccess or ' +
          'profilePingAccess: BIG-IP applies the policy to the sessions of an access ' +
          `profile; in mode http AS3 takes only one; ${LEFT_OUT}`,
      ],
    ],
    [
      'mirroring with HTTP is reported',
      [virtual({ connectionMirroring: 'L4' })],
      ['VirtualServer ns/vs spec.connectionMirroring: L4 is not for a virtual server of mode http'],
    ],
    [
      'spanning with ARP is reported',
      [virtual({ serviceAddress: [{ arpEnabled: true, spanningEnabled: true }] })],
      [
        'VirtualServer ns/vs spec.serviceAddress[0].spanningEnabled: needs arp false: with ' +
          'both, every unit would answer ARP requests for the address',
      ],
    ],
    [
      'a second kind of persistence is reported',
      [
        virtual({
          persistenceProfile: 'cookie',
          hostPersistence: { method: 'sourceAddress', metaData: { timeout: 180 } },
        }),
      ],
      [
        'VirtualServer ns/vs spec.hostPersistence: is persistence for one host in an LTM ' +
          'policy of CIS, beside that of the virtual server, which counts; name a method in ' +
          'sluice.io/persistence and a second in sluice.io/fallback-persistence, or write an ' +
          'LTM policy and name it in sluice.io/policy-endpoint',
      ],
    ],
    [
      'a pool on BIG-IP leaves the virtual server out',
      [virtual({ defaultPool: { reference: 'bigip', name: '/Common/p' } })],
      [
        'VirtualServer ns/vs spec.defaultPool.name: Sluice derives names on the device from address and port',
        'VirtualServer ns/vs spec.defaultPool.reference: the pool is one on BIG-IP; ' +
          `members come from the gateway’s pods or nodes; ${LEFT_OUT}`,
      ],
    ],
    [
      'a default pool of the Policy that leads elsewhere does so too',
      [policy({ defaultPool: { service: 'x', servicePort: 80 } }), virtual({ policyName: 'p' })],
      [
        'VirtualServer ns/vs spec.pools: paths that lead to several Services or ports ' +
          `belong in a VirtualService; ${LEFT_OUT}`,
      ],
    ],
  ])('%s', (_, objects, expected) => {
    const found = imported(...objects);
    expect([told(found), found.ingresses.length]).toEqual([
      expected,
      expected.some((one) => one.includes(LEFT_OUT)) ? 0 : 1,
    ]);
  });

  test('a persistence that cannot be carried is not replaced by the default of AS3', () => {
    const found = imported(virtual({ persistenceProfile: 'hash' }));
    expect(told(found)[0]).toContain('spec.persistenceProfile: is neither one of cookie, ');
    expect(found.gateways[0]?.annotations).not.toHaveProperty(['sluice.io/persistence']);
    const named = imported(
      policy({ profiles: { persistenceProfile: 'hash' } }),
      virtual({ policyName: 'p' }),
    );
    expect(told(named)[0]).toContain(
      'spec.profiles.persistenceProfile: is neither one of cookie, ',
    );
    expect(named.gateways[0]?.annotations).not.toHaveProperty(['sluice.io/persistence']);
  });
});

describe('a Policy', () => {
  const P = policy({
    snat: 'none',
    iRuleList: ['/Common/a'],
    profiles: { tcp: { client: '/Common/c', server: '/Common/s' } },
    poolSettings: { reselectTries: 4 },
  });

  test('that nothing replaces becomes a bundle for the namespaces of the Gateways', () => {
    const found = imported(P, virtual({ policyName: 'p' }));
    expect(found.serviceBundles).toEqual([
      {
        name: 'p',
        namespaces: ['ns'],
        settings: {
          snat: 'none',
          iRules: ['/Common/a'],
          reselectTries: 4,
          profileTcpServer: '/Common/s',
          profiles: { tcp: '/Common/c' },
        },
      },
    ]);
    expect(found.gateways.map(({ annotations }) => annotations)).toEqual([
      {
        'sluice.io/mode': 'http',
        'sluice.io/persistence': 'cookie',
        'sluice.io/service-bundle': 'p',
        'sluice.io/expose': 'true',
      },
    ]);
    expect(found.needs.references).toEqual(['/Common/a', '/Common/c', '/Common/s']);
  });

  test('whose settings an object replaces becomes annotations, which is reported', () => {
    const found = imported(
      P,
      virtual({ policyName: 'p', snat: 'auto', iRules: ['/Common/b'] }, 80, { reselectTries: 4 }),
    );
    expect(found.serviceBundles).toEqual([]);
    expect(found.gateways[0]?.annotations).toMatchObject({
      'sluice.io/snat': 'auto',
      'sluice.io/irules': '/Common/a,/Common/b',
      'sluice.io/reselect-tries': '4',
    });
    expect(told(found)).toEqual([
      'Policy ns/p spec.snat: VirtualServer ns/vs sets it too, which counts',
    ]);
  });

  test('whose TCP profiles an object replaces loses both of them', () => {
    const found = imported(
      P,
      virtual({ policyName: 'p', profiles: { tcp: { client: '/Common/x' } } }),
    );
    expect(told(found)).toEqual([
      'Policy ns/p spec.profiles.tcp.client: VirtualServer ns/vs sets it too, which counts',
      'Policy ns/p spec.profiles.tcp.server: VirtualServer ns/vs sets it too, which counts',
    ]);
    expect(found.gateways[0]?.annotations).not.toHaveProperty(['sluice.io/profile-tcp-server']);
  });

  test('counts where the object has an empty list or 0', () => {
    const found = imported(
      policy({ l3Policies: { allowVlans: ['/Common/v'] }, poolSettings: { reselectTries: 4 } }),
      virtual({ policyName: 'p', allowVlans: [] }, 80, { reselectTries: 0 }),
    );
    expect(found.serviceBundles[0]?.settings).toEqual({ vlans: ['/Common/v'], reselectTries: 4 });
    expect(told(found)).toEqual([]);
  });

  test('has a bundle for each form in which it is used, and is reported once', () => {
    const both = policy({
      l7Policies: { waf: '/Common/w' },
      snat: 'none',
      ltmPolicies: { insecure: '/Common/x' },
    });
    const found = imported(both, virtual({ policyName: 'p' }), transport({ policyName: 'p' }));
    expect(found.serviceBundles).toEqual([
      { name: 'p', namespaces: ['ns'], settings: { snat: 'none' } },
      { name: 'ns-p', namespaces: ['ns'], settings: { snat: 'none', policyWaf: '/Common/w' } },
    ]);
    expect(told(found)).toEqual([
      'Policy ns/p spec.l7Policies.waf: CIS does not apply it to a TransportServer',
      'Policy ns/p spec.ltmPolicies.insecure: CIS does not attach it to custom ' +
        'resources; if it is wanted, name it in sluice.io/policy-endpoint',
    ]);
  });

  test('of an object that is left out has no bundle', () => {
    const found = imported(P, transport({}), {
      ...transport({ policyName: 'p' }),
      metadata: { namespace: 'ns', name: 'younger' },
    });
    expect(told(found)).toContainEqual(
      expect.stringContaining('TransportServer ns/younger virtual server: '),
    );
    expect(found.serviceBundles).toEqual([]);
  });

  test('without settings leaves nothing', () => {
    const found = imported(policy({ iRules: {}, l3Policies: {} }), virtual({ policyName: 'p' }));
    expect([found.serviceBundles, told(found)]).toEqual([[], []]);
  });
});
