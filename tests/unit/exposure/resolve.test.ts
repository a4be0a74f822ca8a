/** Which settings go together, and which are refused, left out or reported. */
import { describe, expect, test } from '@jest/globals';
import type { ListenerKind } from '../../../shared/domain/istio/port-mapping.ts';
import { COMBINATIONS } from '../../../shared/domain/exposure/settings/combinations.ts';
import { PolicyConfig } from '../../../shared/domain/exposure/settings/policy.ts';
import {
  createResolver,
  type ListenerTraits,
  resolveSettings,
} from '../../../shared/domain/exposure/settings/resolve.ts';
import {
  settingRow,
  type SettingName,
} from '../../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import type { SourceSettings } from '../../../shared/domain/exposure/settings/settings.ts';

const TCP: ListenerTraits = { protocol: 'tcp', kinds: ['TCP'], proxyProtocol: false };
const HTTP: ListenerTraits = { ...TCP, kinds: ['HTTP'] };
const UDP: ListenerTraits = { ...TCP, protocol: 'udp' };
const PROXY: ListenerTraits = { ...TCP, proxyProtocol: true };
const ANY = PolicyConfig.parse({ references: ['*'] });

function resolve(
  wanted: Partial<SourceSettings>,
  at: ListenerTraits = TCP,
  more: {
    readonly sources?: Partial<Record<SettingName, string>>;
    readonly policy?: PolicyConfig;
  } = {},
): ReturnType<typeof resolveSettings> {
  const sources = Object.fromEntries(Object.keys(wanted).map((name) => [name, 'Gateway a/b']));
  return resolveSettings(
    { wanted, sources: { ...sources, ...more.sources }, disagreements: [] },
    at,
    more.policy ?? ANY,
  );
}
const codes = ({ refusals, remarks }: ReturnType<typeof resolveSettings>): readonly string[] => [
  ...refusals.map(({ code }) => `refused ${code}`),
  ...remarks.map(({ code }) => `said ${code}`),
];
const T = '/Common/t';

describe('a setting', () => {
  test.each<[string, Partial<SourceSettings>, ListenerTraits, readonly string[]]>([
    ['none', {}, TCP, []],
    ['mode udp on TCP', { mode: 'udp' }, TCP, ['refused GW137']],
    ['mode udp on UDP', { mode: 'udp' }, UDP, []],
    ['mode http for HTTP', { mode: 'http' }, HTTP, []],
    ['mode http for TCP', { mode: 'http' }, TCP, ['refused GW137']],
    [
      'mode http for HTTP beside TLS',
      { mode: 'http' },
      { ...TCP, kinds: ['HTTP', 'TLS_PASSTHROUGH'] },
      ['refused GW137'],
    ],
    ['mode tcp for TLS', { mode: 'tcp' }, { ...TCP, kinds: ['TLS_PASSTHROUGH'] }, []],
    ['a TCP profile', { profileTcp: T }, TCP, []],
    ['a TCP profile in mode http', { mode: 'http', profileTcp: T }, HTTP, []],
    ['a TCP profile in mode fastl4', { mode: 'fastl4', profileTcp: T }, TCP, ['refused GW137']],
    ['an HTTP profile in mode http', { mode: 'http', profileHttp: T }, HTTP, []],
    ['an HTTP profile in mode tcp', { profileHttp: T }, TCP, ['refused GW137']],
    ['a FastL4 profile in mode fastl4', { mode: 'fastl4', profileL4: T }, TCP, []],
    ['a FastL4 profile in mode tcp', { profileL4: T }, TCP, ['refused GW137']],
    ['a UDP profile on TCP', { profileUdp: T }, TCP, ['refused GW137']],
    ['a UDP profile on UDP', { profileUdp: T }, UDP, []],
    ['persistence by cookie in mode http', { mode: 'http', persistence: ['cookie'] }, HTTP, []],
    ['persistence by cookie in mode tcp', { persistence: ['cookie'] }, TCP, ['refused GW137']],
    [
      'persistence by cookie as the second',
      { persistence: ['source-address', 'cookie'] },
      TCP,
      ['refused GW168', 'refused GW137'],
    ],
    [
      'persistence by source address in any mode',
      { mode: 'fastl4', persistence: ['source-address'] },
      TCP,
      [],
    ],
    ['persistence by TLS session in mode tcp', { persistence: ['tls-session-id'] }, TCP, []],
    [
      'persistence by TLS session in mode fastl4',
      { mode: 'fastl4', persistence: ['tls-session-id'] },
      TCP,
      ['refused GW137'],
    ],
    ['the PROXY protocol that no pod expects', { proxyProtocol: T }, TCP, ['said GW141']],
    ['the PROXY protocol that is expected', { proxyProtocol: T }, PROXY, []],
    [
      'the PROXY protocol in mode fastl4',
      { mode: 'fastl4', proxyProtocol: T },
      PROXY,
      ['refused GW137'],
    ],
    ['no PROXY protocol where it is expected', {}, PROXY, ['refused GW141']],
    [
      'iRules where it is expected, one of which has to send it',
      { iRules: [T] },
      PROXY,
      ['said GW141'],
    ],
    ['iRules where it is not expected', { iRules: [T] }, TCP, []],
    ['an empty list of iRules where it is expected', { iRules: [] }, PROXY, ['refused GW141']],
    [
      'the PROXY protocol and iRules where it is expected',
      { proxyProtocol: T, iRules: ['/Common/u'] },
      PROXY,
      [],
    ],
    [
      'what only fits TCP, on UDP',
      { iRules: [T], reselectTries: 3, proxyProtocol: T },
      UDP,
      ['said GW145', 'said GW145', 'said GW145'],
    ],
    [
      'profiles of other modes, on UDP',
      { profileTcp: T, profileHttp: T, profileL4: T },
      UDP,
      ['said GW145', 'said GW145', 'said GW145'],
    ],
    ['mode http, on UDP', { mode: 'http' }, UDP, []],
    [
      'persistence by cookie, on UDP',
      { mode: 'http', persistence: ['cookie'] },
      UDP,
      ['said GW145'],
    ],
    [
      'persistence by cookie beside source address, on UDP',
      { persistence: ['source-address', 'cookie'] },
      UDP,
      ['said GW145'],
    ],
    ['persistence by a profile, on UDP', { persistence: [T] }, UDP, []],
    ['persistence by source address, on UDP', { persistence: ['source-address'] }, UDP, []],
  ])('%s', (_, wanted, at, told) => {
    expect(codes(resolve(wanted, at))).toEqual(told);
  });

  test('from sluice.yaml that do not fit the mode are dropped; those of the same object are refused', () => {
    const of = (profileTcp: string, mode?: string): readonly string[] =>
      codes(
        resolve({ mode: 'fastl4', profileTcp: T }, TCP, {
          sources: { profileTcp, mode: mode as string },
        }),
      );
    const alone = { sources: { profileL4: 'sluice.yaml (x)' } };
    expect(codes(resolve({ profileL4: T }, TCP, alone))).toEqual(['refused GW137']);
    expect([
      of('sluice.yaml (x)', 'Gateway a/b'),
      of('sluice.yaml (x)', 'sluice.yaml (x)'),
      of('Gateway a/b', 'sluice.yaml (x)'),
      of('Service a/b', 'Gateway a/b'),
    ]).toEqual([['said GW137'], ['refused GW137'], ['refused GW137'], ['refused GW137']]);
    expect(
      resolve({ mode: 'fastl4', profileTcp: T, profileL4: '/Common/l' }, TCP, {
        sources: { profileTcp: 'sluice.yaml (x)' },
      }).settings.profiles,
    ).toEqual({ l4: '/Common/l' });
  });

  test('names the first of several values that its mode does not take', () => {
    const persistence = ['source-address', 'cookie', 'tls-session-id'];
    const iRules = [T];
    expect(
      resolve({ mode: 'fastl4', persistence, iRules }).refusals.map(({ message }) => message),
    ).toEqual(['Gateway a/b sets persistence cookie, which mode fastl4 does not support']);
  });

  test('names the source of a mode that the listener does not accept, and what the listener carries', () => {
    const kinds = ['HTTP', 'TLS_PASSTHROUGH', 'TCP'] as const;
    const messages = [resolve({ mode: 'udp' }), resolve({ mode: 'http' }, { ...TCP, kinds })].map(
      ({ refusals }) => refusals.map(({ message }) => message),
    );
    expect(messages).toEqual([
      ['Gateway a/b sets mode udp, but Envoy listens on UDP only for HTTP/3; use tcp or fastl4'],
      [
        'Gateway a/b sets mode http, but the listener carries TLS_PASSTHROUGH, which ' +
          'BIG-IP cannot parse as HTTP; use tcp or fastl4',
      ],
    ]);
  });

  test.each<[Partial<SourceSettings>, boolean]>([
    [{ snat: 'auto' }, true],
    [{ snat: '/Other/s' }, false],
    [{ snat: '/Common/s' }, true],
    [{ iRules: ['/Common/a', '/Other/b'] }, false],
    [{ vlans: ['/Other/v'] }, false],
    [{ persistence: ['cookie'], mode: 'http' }, true],
    [{ persistence: ['/Other/p'] }, false],
    [{ profileTcp: '/Other/t' }, false],
    [{ proxyProtocol: '/Other/i' }, false],
    [{ proxyProtocol: '/Common/i' }, true],
  ])('%j refers to what the policy lists: %s', (wanted, listed) => {
    const policy = PolicyConfig.parse({ references: ['/Common/*'] });
    expect(
      codes(resolve(wanted, { ...HTTP, proxyProtocol: 'proxyProtocol' in wanted }, { policy })),
    ).toEqual(listed ? [] : ['refused GW132']);
  });

  test('has the requested value, or its default', () => {
    const wanted: Partial<SourceSettings> = {
      mode: 'http',
      balance: 'ratio-node',
      snat: 'none',
      persistence: ['cookie'],
      iRules: ['/Common/a', T],
      proxyProtocol: T,
      vlans: ['/Common/v'],
      connectionLimit: 0,
      reselectTries: 0,
      profileHttp: '/Common/h',
      monitors: [],
    };
    const all = resolve(wanted, { ...HTTP, proxyProtocol: true });
    expect(all).toMatchObject({
      monitors: [],
      settings: {
        mode: 'http',
        balance: 'ratio-node',
        snat: 'none',
        persistence: ['cookie'],
        iRules: [T, '/Common/a'],
        vlans: ['/Common/v'],
        connectionLimit: 0,
        reselectTries: 0,
        profiles: { http: '/Common/h' },
      },
    });
    const none = resolve({});
    expect(none.monitors).toBeUndefined();
    expect(none.settings).toEqual({
      mode: 'tcp',
      balance: 'round-robin',
      snat: 'auto',
      persistence: [],
      iRules: [],
      profiles: {},
      vlans: [],
      connectionLimit: 0,
      reselectTries: 3,
    });
    expect(none.sources).toEqual(
      Object.fromEntries(
        [
          'virtualAddress',
          'port',
          'partition',
          'mode',
          'balance',
          'snat',
          'persistence',
          'iRules',
          'vlans',
          'connectionLimit',
          'reselectTries',
          'monitors',
        ].map((name) => [name, 'default']),
      ),
    );
    expect(all.settings).not.toHaveProperty('monitors');
    expect(resolve({ profileTcp: T }).sources).toMatchObject({ profileTcp: 'Gateway a/b' });
    expect(resolve({}, UDP).settings).toEqual({ ...none.settings, mode: 'udp', reselectTries: 0 });
    expect([
      resolve({ mode: 'udp' }, UDP).sources['mode'],
      resolve({ mode: 'fastl4' }, UDP).sources['mode'],
    ]).toEqual(['Gateway a/b', 'default']);
  });
});

describe('TLS at BIG-IP', () => {
  const clientTls = ['/Common/clientssl'];
  const serverTls = ['/Common/serverssl'];
  const at = (...kinds: readonly ListenerKind[]): ListenerTraits => ({ ...TCP, kinds });
  test.each<[string, Partial<SourceSettings>, ListenerTraits, readonly string[]]>([
    ['terminated in front of plain TCP', { clientTls }, TCP, []],
    ['terminated in front of PASSTHROUGH', { clientTls }, at('TLS_PASSTHROUGH'), ['refused GW166']],
    [
      'terminated in front of AUTO_PASSTHROUGH',
      { clientTls },
      at('TLS_AUTO_PASSTHROUGH'),
      ['refused GW166'],
    ],
    ['terminated in front of HTTPS', { clientTls }, at('HTTPS'), ['refused GW166']],
    ['terminated in front of TLS', { clientTls }, at('TLS_TERMINATE'), ['refused GW166']],
    ['terminated and sent again to HTTPS', { clientTls, serverTls }, at('HTTPS'), []],
    [
      'terminated and sent again to PASSTHROUGH',
      { clientTls, serverTls },
      at('TLS_PASSTHROUGH'),
      [],
    ],
    ['terminated and sent again to plain HTTP', { clientTls, serverTls }, HTTP, ['refused GW167']],
    ['sent to plain HTTP', { serverTls }, HTTP, ['refused GW167']],
    ['sent to TCP, which may be anything', { serverTls }, TCP, []],
    ['mode https in front of HTTP', { mode: 'https', clientTls }, HTTP, []],
    ['mode https without a profile', { mode: 'https' }, HTTP, ['refused GW168']],
    ['mode https with none', { mode: 'https', clientTls: [] }, HTTP, ['refused GW168']],
    ['mode https in front of HTTPS', { mode: 'https', clientTls }, at('HTTPS'), ['refused GW166']],
    ['mode https to HTTPS again', { mode: 'https', clientTls, serverTls }, at('HTTPS'), []],
    [
      'mode https to PASSTHROUGH again',
      { mode: 'https', clientTls, serverTls },
      at('TLS_PASSTHROUGH'),
      ['refused GW137'],
    ],
    ['mode https in front of TCP', { mode: 'https', clientTls }, TCP, ['refused GW137']],
    ['mode http to HTTPS', { mode: 'http', serverTls }, at('HTTPS'), []],
    ['client TLS in mode http', { mode: 'http', clientTls }, HTTP, ['refused GW137']],
    ['client TLS in mode fastl4', { mode: 'fastl4', clientTls }, TCP, ['refused GW137']],
    ['no client TLS', { clientTls: [] }, at('TLS_PASSTHROUGH'), []],
  ])('%s', (_, wanted, traits, told) => {
    expect(codes(resolve(wanted, traits))).toEqual(told);
  });

  test('names its source, what the server expects, and what would work', () => {
    const [refused] = resolve({ clientTls }, at('TLS_PASSTHROUGH')).refusals;
    expect(refused?.message).toMatch(
      /^Gateway a\/b makes BIG-IP terminate TLS .* passes TLS through \(PASSTHROUGH\); .*server-tls/,
    );
  });

  test('of sluice.yaml counts only where its mode does', () => {
    const sources = { clientTls: 'sluice.yaml', mode: 'Gateway a/b' } as const;
    const resolved = resolve({ mode: 'fastl4', clientTls }, at('TLS_PASSTHROUGH'), { sources });
    expect(codes(resolved)).toEqual(['said GW137']);
  });
});

describe('a combination', () => {
  const HTTP_MODE = { mode: 'http' } as const;
  test.each<[string, Partial<SourceSettings>, readonly string[]]>([
    ['a WAF policy in mode http', { ...HTTP_MODE, policyWaf: T }, []],
    ['a WAF policy in mode fastl4', { mode: 'fastl4', policyWaf: T }, ['refused GW137']],
    ['a WAF policy in mode tcp', { policyWaf: T }, ['refused GW137']],
    ['mirroring in mode http', { ...HTTP_MODE, mirroring: 'L4' }, ['refused GW137']],
    ['VLANs allowed and refused', { vlans: [T], rejectVlans: [T] }, ['refused GW168']],
    ['VLANs allowed, none refused', { vlans: [T], rejectVlans: [] }, []],
    ['spanning with ARP', { spanning: true }, ['refused GW168']],
    ['spanning without ARP', { spanning: true, arp: false }, []],
    ['no spanning', { spanning: false }, []],
    ['a per-request policy alone', { ...HTTP_MODE, policyPerRequestAccess: T }, ['refused GW168']],
    [
      'a per-request policy with an access profile',
      { ...HTTP_MODE, policyPerRequestAccess: T, profileAccess: T },
      [],
    ],
    [
      'a per-request policy with PingAccess',
      { ...HTTP_MODE, policyPerRequestAccess: T, profilePingAccess: T },
      [],
    ],
    ['two persistence methods', { persistence: ['source-address', T] }, ['refused GW168']],
    [
      'two persistence methods, one of which an iRule may choose',
      { persistence: ['source-address', T], iRules: [T] },
      [],
    ],
    ['one persistence method', { persistence: ['source-address'] }, []],
    ['no persistence', { persistence: [] }, []],
    ['a fallback without persistence', { fallbackPersistence: T }, ['refused GW168']],
    ['a fallback with persistence', { fallbackPersistence: T, persistence: [T] }, []],
    [
      'a policy for each request with two access profiles',
      { ...HTTP_MODE, policyPerRequestAccess: T, profileAccess: T, profilePingAccess: T },
      ['refused GW168'],
    ],
    [
      'the same in mode https, where AS3 takes it',
      {
        mode: 'https',
        clientTls: [T],
        policyPerRequestAccess: T,
        profileAccess: T,
        profilePingAccess: T,
      },
      [],
    ],
    [
      'a per-request policy alone in mode https',
      { mode: 'https', clientTls: [T], policyPerRequestAccess: T },
      ['refused GW168'],
    ],
    [
      'a fallback by cookie in mode tcp',
      { fallbackPersistence: 'cookie', persistence: [T] },
      ['refused GW137'],
    ],
  ])('%s', (_, wanted, told) => {
    expect(codes(resolve(wanted, HTTP))).toEqual(told);
  });

  test('names both sources, or what is missing, and the reason', () => {
    const [both] = resolve({ vlans: [T], rejectVlans: [T] }, HTTP, {
      sources: { vlans: 'sluice.yaml' },
    }).refusals;
    expect(both?.message).toMatch(/^sluice.yaml sets vlans, and Gateway a\/b sets rejectVlans: /);
    const [alone] = resolve({ ...HTTP_MODE, policyPerRequestAccess: T }, HTTP).refusals;
    expect(alone?.message).toMatch(
      /^Gateway a\/b sets policyPerRequestAccess without profileAccess or profilePingAccess: BIG-IP/,
    );
  });

  test('of two persistence methods names the fallback as the remedy', () => {
    const [refused] = resolve({ persistence: ['source-address', T] }).refusals;
    expect(refused?.message).toMatch(
      /^Gateway a\/b sets several values of persistence without iRules: .*`fallbackPersistence`$/,
    );
  });

  test('can be met: what a row of the table needs can be set with it', () => {
    for (const { when, needs = [] } of COMBINATIONS)
      for (const need of needs)
        for (const { setting, value } of [when, need]) {
          const { schema, examples } = settingRow(setting);
          expect(schema.safeParse(value ?? examples[0]).success).toBe(true);
        }
  });
});

test('equal requests of a build are resolved once, others are not mixed up with them', () => {
  const resolveOnce = createResolver(ANY);
  const said = (idle: number, source = 'Gateway a/b'): Parameters<typeof resolveOnce>[0] => ({
    wanted: { connectionLimit: idle },
    sources: { connectionLimit: source },
    disagreements: [],
  });
  const first = resolveOnce(said(60), TCP);
  expect(resolveOnce(said(60), { ...TCP })).toBe(first);
  expect(first).toEqual(resolveSettings(said(60), TCP, ANY));
  for (const [other, at] of [
    [said(61), TCP],
    [said(60, 'Gateway c/d'), TCP],
    [said(60), UDP],
    [said(60), PROXY],
  ] as const)
    expect(resolveOnce(other, at)).toEqual(resolveSettings(other, at, ANY));
});
