/** Carries out what `sluice import cis` prints, and checks what Sluice would offer then. */
import { parse } from 'yaml';
import { importText } from '../../../functions/cli/import-cis/import-text.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import { importCis } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import { planObjects } from '../../../shared/operations/plan/plan.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { offlineIngresses } from '../../../shared/operations/offline/ingresses.ts';

interface Annotated {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface Followed {
  /** The output of the command. */
  readonly printed: string;
  /** `address:port mode <- gateways`, sorted, that Sluice offers after the steps. */
  readonly offered: readonly string[];
  /** `address:port` that `sluice plan` would create on an empty device, sorted. */
  readonly planned: readonly string[];
  /** Servers that Sluice refuses, with code and reason. */
  readonly refused: readonly string[];
}

export function printedFor(objects: readonly object[]): string {
  const raw = [...objects];
  const options = { cluster: 'east', devices: ['bigip'], members: 'pods' as const };
  return importText(importCis(raw, options, normaliseObjects(raw).objects));
}

/**
 * `objects` are the files; CIS's own objects are deleted afterwards, as its users would do, except
 * those in `keep`.
 */
export async function follow(
  objects: readonly object[],
  keep: readonly string[] = [],
): Promise<Followed> {
  const printed = printedFor(objects);
  const [entries = ''] = printed.split('\n\n');
  const base = parse(entries) as Record<string, unknown> | null;
  if (base === null) return { printed, offered: [], planned: [], refused: [] };
  const annotated = annotate(objects as readonly Annotated[], printed).filter(
    ({ kind, apiVersion, metadata }) =>
      keep.includes(metadata.name) ||
      (kind !== 'ConfigMap' && !apiVersion.startsWith('cis.f5.com')),
  );
  const config = parseConfig(
    JSON.stringify({ ...surroundings(printed), ...base }),
    'sluice.yaml',
    1,
  );
  const where = { clusterId: 'east', mesh: MeshOptions.parse({}) };
  const { objects: after } = normaliseObjects([...annotated, pod]);
  const { ingresses } = offlineIngresses(after, { config, ...where });
  const runtime = { config, secrets: createSecrets({ env: {} }), clock: processClock };
  const { changes } = await planObjects(runtime, { objects: after, ...where, ask: false });
  return {
    printed,
    offered: ingresses
      .flatMap(({ built }) => built.exposures)
      .map((e) => `${e.address}:${e.port} ${e.settings.mode} <- ${e.gateways.join(', ')}`)
      .sort(),
    planned: changes.map(({ kind, key }) => `${kind} ${key}`).sort(),
    refused: ingresses
      .flatMap(({ refused }) => refused)
      // Not requested, as `expose: annotated` requires.
      .filter(({ code }) => code !== 'GW148')
      .map(({ port, code, reason }) => `${port} ${code} ${reason}`),
  };
}

/** Devices and pools are the user's own; the text says what they need. */
function surroundings(printed: string): object {
  const partitions = /^# devices\[\]\.partitions of bigip must contain: (.*)$/m.exec(printed)?.[1];
  const pools = [...printed.matchAll(/^# addressPools must have a pool (\S+),/gm)];
  return {
    devices: [
      {
        name: 'bigip',
        url: 'https://127.0.0.1:1',
        username: 'sluice',
        password: 'env:NONE',
        partitions: partitions?.split(', ') ?? ['sluice'],
      },
    ],
    clusters: [{ id: 'east' }],
    addressPools: pools.map(([, name]) => ({ name, ranges: ['192.0.2.1/32'] })),
  };
}

/** Runs the printed commands. */
function annotate(objects: readonly Annotated[], printed: string): readonly Annotated[] {
  const commands = [...printed.matchAll(/^kubectl -n (\S+) annotate (\S+) (\S+) (.*)$/gm)];
  return objects.map((object) => {
    const { kind, apiVersion, metadata } = object;
    const resource = `${kind.toLowerCase()}s.${apiVersion.split('/')[0]}`;
    const mine = commands.filter(
      ([, namespace, of, name]) =>
        of === resource && namespace === metadata.namespace && name === metadata.name,
    );
    const said = mine.flatMap(([, , , , words = '']) =>
      [...words.matchAll(/'([^=]+)=([^']*)'/g)].map(
        ([, key = '', value = '']) => [key, value] as const,
      ),
    );
    return {
      ...object,
      metadata: {
        ...metadata,
        annotations: { ...metadata.annotations, ...Object.fromEntries(said) },
      },
    };
  });
}

const pod: object = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'gateway-1', namespace: 'istio-system', labels: { istio: 'ingressgateway' } },
  spec: { nodeName: 'n', containers: [{ name: 'istio-proxy', args: ['proxy', 'router'] }] },
  status: {
    phase: 'Running',
    podIP: '10.244.1.5',
    podIPs: [{ ip: '10.244.1.5' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
};
