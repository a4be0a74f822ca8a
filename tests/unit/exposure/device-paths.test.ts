/**
 * AS3 puts paths into a script of tmsh without quotes, so a path may contain only what a name on
 * BIG-IP may. Seen red with the pattern of 0.1.0, which accepted everything but blanks; the last
 * test with the present pattern in `Settings`.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CODES } from '../../../shared/domain/codes/index.ts';
import { readAnnotations } from '../../../shared/domain/exposure/sources/annotations.ts';
import { DevicePath } from '../../../shared/domain/exposure/settings/values.ts';
import { Settings, SettingsInput } from '../../../shared/domain/exposure/settings/settings.ts';
import { Partition } from '../../../shared/domain/exposure/sources/ingress-entry.ts';
import { exposure } from '../../fixtures/exposures.ts';

const AT = {
  port: 32_400,
  protocol: 'TCP',
  servers: [{ port: 32_400, protocol: 'TCP' }],
  strictPorts: true,
};
const HOSTILE = [
  '/Common/a;reboot',
  '/Common/a"b',
  "/Common/a'b",
  '/Common/{',
  '/Common/}',
  '/Common/[exec',
  '/Common/]',
  '/Common/a\\b',
  '/Common/$env',
  '/Common/a b',
  '/Common/a\nb',
  '/Common/a\u0000b',
  '/Common/a|b',
  '/Common/a&b',
  '/Common/a`b',
  '/Common/#',
  '/Common/-all',
  '/Common/a~b',
  '/Common/../x',
  '/Com;mon/a',
  '/Common/a\u202Eb',
  '/Common/é',
  `/Common/${'a'.repeat(300)}`,
];
const PATHS = [
  'snat',
  'persistence',
  'irules',
  'proxy-protocol',
  'profile-tcp',
  'profile-http',
  'profile-l4',
  'profile-udp',
  'vlans',
];
const SETTINGS = (path: string): readonly object[] => [
  { snat: path },
  { persistence: [path] },
  { iRules: [path] },
  { proxyProtocol: path },
  { profiles: { tcp: path } },
  { profiles: { http: path } },
  { profiles: { l4: path } },
  { profiles: { udp: path } },
  { vlans: [path] },
];

describe('a path on a device', () => {
  test.each([
    '/Common/geo',
    '/Common/f5-tcp-progressive',
    '/Common/app.app/rule_1',
    '/Common/10.0.0.1%2',
    '/k8s/gw-1/pool',
    '/Common/_sys_https',
    '/Common/vlan-100',
    '/Common/fe80::1',
    '/Common/user@host',
  ])('may be %s', (path) => {
    expect(DevicePath.safeParse(path).success).toBe(true);
  });

  test.each(HOSTILE)('is never %j: no annotation can request it', (path) => {
    for (const name of PATHS) {
      const { wanted, refusals } = readAnnotations(
        'Gateway a/b',
        { [`sluice.io/${name}`]: path },
        AT,
      );
      expect({ name, wanted, codes: refusals.map(({ code }) => code) }).toEqual({
        name,
        wanted: {},
        codes: ['GW120'],
      });
    }
  });

  test.each(HOSTILE)('is never %j: no configuration can request it', (path) => {
    for (const settings of SETTINGS(path))
      expect(SettingsInput.safeParse(settings).success).toBe(false);
    expect(Partition.safeParse(path.slice(8)).success && /[^\w.-]/.test(path.slice(8))).toBe(false);
  });

  test('holds nothing that means something to tmsh, whatever it is made of', () => {
    const part = fc.oneof(
      fc.constantFrom(
        '/',
        'Common',
        ';',
        '"',
        '{',
        '}',
        '[',
        ']',
        '\\',
        '$',
        ' ',
        '\n',
        '#',
        '-',
        '~',
        '.',
        'a',
      ),
      fc.string({ unit: 'binary', maxLength: 2 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const path = `/Common/${parts.join('')}`;
        if (DevicePath.safeParse(path).success) expect(path).toMatch(/^[\w./:%@+=-]+$/);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('declared paths keep working, and an annotation refused now keeps the last accepted path', () => {
  for (const path of ['/Common/a;b', '/Common/a"b', '/Common/a~b']) {
    const { settings } = exposure();
    expect(
      Settings.parse({
        ...settings,
        iRules: [path],
        vlans: [path],
        snat: path,
        profiles: { tcp: path },
      }),
    ).toMatchObject({ iRules: [path], vlans: [path] });
  }
  expect(CODES['GW120']?.keepsRunning).toBe(true);
});
