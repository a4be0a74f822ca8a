/** Objects of CIS for tests, and the AS3 properties of the virtual server that the import makes. */
import { readAnnotations } from '../../../shared/domain/exposure/sources/annotations.ts';
import {
  type CisImport,
  importCis,
} from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import {
  settingRow,
  SETTING_ROWS,
} from '../../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import { namedInput } from '../../../shared/domain/exposure/settings/compose.ts';
import { SettingsInput } from '../../../shared/domain/exposure/settings/settings.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';

export type Json = Readonly<Record<string, unknown>>;

const LABELS = { app: 'gw' };

/** The ingress gateway, with a server of each protocol; port and Service port are the same. */
export const GATEWAY: readonly Json[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'ns', name: 'gw', labels: LABELS },
    spec: {
      type: 'LoadBalancer',
      selector: LABELS,
      ports: [80, 443, 8443, 9000].map((port) => ({ name: `p${port}`, port })),
    },
  },
  ...(
    [
      ['http', 80, 'HTTP', undefined],
      ['https', 443, 'HTTPS', { mode: 'SIMPLE', credentialName: 'c' }],
      ['tls', 8443, 'TLS', { mode: 'PASSTHROUGH' }],
      ['tcp', 9000, 'TCP', undefined],
    ] as const
  ).map(([name, number, protocol, tls]) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { namespace: 'ns', name },
    spec: {
      selector: LABELS,
      servers: [{ port: { number, name, protocol }, hosts: ['*'], ...(tls && { tls }) }],
    },
  })),
];

export const resource = (kind: string, name: string, spec: Json, namespace = 'ns'): Json => ({
  apiVersion: 'cis.f5.com/v1',
  kind,
  metadata: { namespace, name },
  spec,
});

/** A VirtualServer `vs` that leads to a port of the gateway. */
export const virtual = (spec: Json, servicePort = 80, pool: Json = {}): Json =>
  resource('VirtualServer', 'vs', {
    virtualServerAddress: '192.0.2.1',
    pools: [{ path: '/', service: 'gw', servicePort, ...pool }],
    ...spec,
  });

/** A TransportServer `ts` that leads to a port of the gateway. */
export const transport = (spec: Json, servicePort = 9000, pool: Json = {}): Json =>
  resource('TransportServer', 'ts', {
    virtualServerAddress: '192.0.2.1',
    virtualServerPort: servicePort,
    mode: 'standard',
    pool: { service: 'gw', servicePort, ...pool },
    ...spec,
  });

export function imported(...objects: readonly Json[]): CisImport {
  const raw = [...GATEWAY, ...objects];
  const options = { cluster: 'east', devices: ['bigip'], members: 'pods' as const };
  return importCis(raw, options, normaliseObjects([...raw]).objects);
}

/** `object field: reason` of everything that is not carried over. */
export const told = ({ notCarried }: CisImport): readonly string[] =>
  notCarried.map(({ object, field, reason }) => `${object} ${field}: ${reason}`);

/** What Sluice reads in the annotations of the only Gateway, including its service bundle. */
function settingsOf({ gateways, serviceBundles }: CisImport): Json {
  const [first, ...others] = gateways;
  if (first === undefined || others.length > 0)
    throw new Error(`${gateways.length} Gateways get annotations`);
  const { wanted, refusals } = readAnnotations('Gateway', first.annotations, {
    port: first.ports[0] ?? 0,
    protocol: 'TCP',
    servers: [{ port: first.ports[0] ?? 0, protocol: 'TCP' }],
    strictPorts: true,
  });
  if (refusals.length > 0) throw new Error(JSON.stringify(refusals));
  const name = first.annotations['sluice.io/service-bundle'];
  const bundle = serviceBundles.find((one) => one.name === name);
  return { ...namedInput(SettingsInput.parse(bundle?.settings ?? {})), ...wanted };
}

/**
 * The properties that Sluice would declare, by AS3's names. Mode, address and port are
 * `mode`, `virtualAddress` and `virtualPort`.
 */
export function declared(found: CisImport): Json {
  const settings = settingsOf(found);
  const { mode, port } = settings;
  return {
    ...(mode !== undefined && mode !== 'tcp' && { mode }),
    ...(port !== undefined && { virtualPort: port }),
    ...Object.fromEntries(
      SETTING_ROWS.flatMap(([name]) => {
        const { as3 } = settingRow(name);
        const value = settings[name];
        if (as3 === undefined || value === undefined) return [];
        const key = as3.key ?? as3.whole?.key;
        return [[key === undefined ? as3.property : `${as3.property}.${key}`, value]];
      }),
    ),
  };
}
