/** Notes on the server name that BIG-IP sends to the gateway, and on the port of its redirect. */
import { describe, expect, test } from '@jest/globals';
import type { ListenerKind } from '../../../shared/domain/istio/port-mapping.ts';
import { build, type Gate } from './fixtures.ts';

const CLIENT = { 'sluice.io/client-tls': '/Common/clientssl' };
const AGAIN = { ...CLIENT, 'sluice.io/server-tls': '/Common/serverssl' };
const BOTH = {
  ...CLIENT,
  'sluice.io/server-tls': '/Common/to-a,/Common/to-b',
  'sluice.io/server-tls-use-sni': 'true',
};

function notesOf(
  kind: ListenerKind,
  gates: readonly Partial<Gate>[],
  code = 'GW173',
): readonly string[] {
  const named = gates.map((gate, index) => ({ name: `g${index}`, port: 443, ...gate }));
  const listeners = [{ port: 443, transport: 'tcp' as const, kinds: [kind] }];
  const { notes, exposures } = build({ gates: named, listeners });
  expect(exposures).toHaveLength(1);
  return notes.filter((note) => note.code === code).map(({ message }) => message);
}

describe('the server name towards the gateway', () => {
  test.each<[string, ListenerKind, Partial<Gate>, RegExp]>([
    [
      'one host of a PASSTHROUGH server',
      'TLS_PASSTHROUGH',
      { annotations: AGAIN, hosts: ['ns/a.example.com'] },
      /^Gateway default\/g0 port 443: .*\(\/Common\/serverssl\).*: set Server Name of the profile on BIG-IP to a\.example\.com$/,
    ],
    [
      'one host of an HTTPS server',
      'HTTPS',
      { annotations: AGAIN, hosts: ['a.example.com'] },
      /set Server Name of the profile on BIG-IP to a\.example\.com$/,
    ],
    [
      'a wildcard of an HTTPS server',
      'HTTPS',
      { annotations: AGAIN, hosts: ['*.example.com'] },
      /to a name that \*\.example\.com covers$/,
    ],
    [
      'two hosts and one profile',
      'TLS_PASSTHROUGH',
      { annotations: AGAIN, hosts: ['a.example.com', 'b.example.com'] },
      /has the hosts a\.example\.com, b\.example\.com, and a profile has one name; .* set serverTlsUseSni$/,
    ],
    [
      'two hosts and two profiles without SNI',
      'TLS_PASSTHROUGH',
      {
        annotations: { ...BOTH, 'sluice.io/server-tls-use-sni': 'false' },
        hosts: ['a.example.com', 'b.example.com'],
      },
      /set serverTlsUseSni$/,
    ],
    [
      'two hosts with a profile for each',
      'TLS_PASSTHROUGH',
      { annotations: BOTH, hosts: ['a.example.com', 'b.example.com'] },
      /set Server Name of each profile on BIG-IP to one of a\.example\.com, b\.example\.com$/,
    ],
    [
      'any host of a PASSTHROUGH server',
      'TLS_PASSTHROUGH',
      { annotations: BOTH, hosts: ['*'] },
      /passes TLS through by name for \*, and a profile has one name/,
    ],
    [
      'AUTO_PASSTHROUGH',
      'TLS_AUTO_PASSTHROUGH',
      { annotations: AGAIN, hosts: ['*.local'] },
      /AUTO_PASSTHROUGH, where the name is that of a mesh Service/,
    ],
  ])('is doubtful for %s', (_, kind, gate, message) => {
    expect(notesOf(kind, [gate])).toEqual([expect.stringMatching(message)]);
  });

  test.each<[string, ListenerKind, Partial<Gate>]>([
    ['a server for any host', 'HTTPS', { annotations: AGAIN, hosts: ['*'] }],
    ['a server of protocol TCP', 'TCP', { annotations: AGAIN, hosts: ['a.example.com'] }],
    ['TLS that BIG-IP passes through', 'TLS_PASSTHROUGH', { hosts: ['a.example.com'] }],
  ])('does not matter for %s', (_, kind, gate) => {
    expect(notesOf(kind, [gate])).toEqual([]);
  });

  test('is that of the listener for a Gateway of the Gateway API', () => {
    const notes = (hostname?: string): readonly string[] => {
      const listener = { name: 'l', port: 443, protocol: 'HTTPS', ...(hostname && { hostname }) };
      const meta = { namespace: 'default', name: 'api', annotations: AGAIN };
      const built = build({
        gates: [{ name: 'api', port: 443, api: 'gateway-api' }],
        listeners: [{ port: 443, transport: 'tcp', kinds: ['HTTPS'] }],
        objects: {
          gateways: [],
          apiGateways: [
            { meta: { ...meta, name: 'other' }, class: 'istio', addresses: [], listeners: [] },
            { meta, class: 'istio', addresses: [], listeners: [listener] },
          ],
        },
      });
      expect(built.exposures).toHaveLength(1);
      return built.notes.filter(({ code }) => code === 'GW173').map(({ message }) => message);
    };
    expect(notes('a.example.com')).toEqual([
      expect.stringMatching(/set Server Name of the profile on BIG-IP to a\.example\.com$/),
    ]);
    expect(notes()).toEqual([]);
  });

  test('is that of TLS, not of HTTP/3 at the same port', () => {
    const gates = [{ name: 'g', port: 443, annotations: AGAIN, hosts: ['*'] }];
    const { notes } = build({
      gates,
      listeners: [
        { port: 443, transport: 'tcp', kinds: ['HTTPS'] },
        { port: 443, transport: 'udp', kinds: ['TLS_PASSTHROUGH'] },
      ],
    });
    expect(notes.filter(({ code }) => code === 'GW173')).toEqual([]);
  });

  test('is reported once for all servers that share the virtual server', () => {
    const gates = ['a', 'b'].map((name) => ({
      annotations: AGAIN,
      hosts: [`${name}.example.com`],
    }));
    expect(notesOf('TLS_PASSTHROUGH', gates)).toEqual([
      expect.stringContaining('has the hosts a.example.com, b.example.com'),
    ]);
  });
});

describe('the redirect from port 80', () => {
  const redirect = { ...CLIENT, 'sluice.io/mode': 'https', 'sluice.io/redirect-80': 'true' };

  test('leads to port 443, so a virtual server on another port is reported', () => {
    expect(notesOf('HTTP', [{ annotations: redirect }], 'GW174')).toEqual([]);
    expect(
      notesOf('HTTP', [{ annotations: { ...redirect, 'sluice.io/port': '8443' } }], 'GW174'),
    ).toEqual([
      expect.stringMatching(/leads clients to port 443 .*has port 8443; .*remove redirect80/),
    ]);
    const without = { ...redirect, 'sluice.io/port': '8443', 'sluice.io/redirect-80': 'false' };
    expect(notesOf('HTTP', [{ annotations: without }], 'GW174')).toEqual([]);
  });
});
