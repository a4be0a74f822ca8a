/** From CIS's ConfigMaps and custom resources to what Sluice reads: ingress entries, annotations, and a list of what is lost. */
import type { NotCarried } from './cis-object.ts';
import { Partition } from '../ingress-entry.ts';
import type { ImportedObject, CisObject } from './cis-object.ts';
import { readCisConfigMap } from './cis-configmap.ts';
import { readIngressLink, readTransportServer } from './cis-resources.ts';

export interface ImportedIngress {
  readonly cluster: string;
  readonly service: string;
  readonly devices: readonly string[];
  readonly virtualAddress?: string;
  readonly partition?: string;
  readonly members: 'pods' | 'nodes';
}

export interface CisImport {
  readonly ingresses: readonly ImportedIngress[];
  readonly annotations: readonly {
    readonly object: string;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
  readonly notCarried: readonly NotCarried[];
}

export interface CisImportOptions {
  readonly cluster: string;
  readonly devices: readonly string[];
  /** CIS's `--pool-member-type`: `nodeport` is `nodes`, `cluster` is `pods`. */
  readonly members: 'pods' | 'nodes';
}

type Raw = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists as `kubectl get -o yaml` prints them count as their items. */
function flatten(raw: readonly unknown[]): readonly Raw[] {
  return raw.flatMap((one) =>
    isRecord(one) && Array.isArray(one['items'])
      ? flatten(one['items'])
      : isRecord(one)
        ? [one]
        : [],
  );
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  return isRecord(value)
    ? Object.fromEntries(
        Object.entries(value).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string',
        ),
      )
    : {};
}

function objectOf(raw: Raw): CisObject {
  const meta = isRecord(raw['metadata']) ? raw['metadata'] : {};
  const text = (key: string, other: string): string =>
    typeof meta[key] === 'string' ? meta[key] : other;
  return {
    kind: typeof raw['kind'] === 'string' ? raw['kind'] : '',
    namespace: text('namespace', 'default'),
    name: text('name', ''),
    created: text('creationTimestamp', ''),
    labels: stringsOf(meta['labels']),
    annotations: stringsOf(meta['annotations']),
    spec: isRecord(raw['spec']) ? raw['spec'] : {},
    data: stringsOf(raw['data']),
  };
}

function readOne(object: CisObject, services: readonly CisObject[]): readonly ImportedObject[] {
  if (object.kind === 'ConfigMap')
    return object.labels['f5type'] === 'virtual-server' ? [readCisConfigMap(object)] : [];
  if (object.kind === 'TransportServer') return [readTransportServer(object)];
  return object.kind === 'IngressLink' ? readIngressLink(object, services) : [];
}

/** The value most of them share becomes the ingress's own; the rest goes into annotations. */
function most(values: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values)
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.entries()].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}

function conflictingPorts(all: readonly ImportedObject[]): readonly NotCarried[] {
  const seen = new Map<string, ImportedObject>();
  return all.flatMap((one) => {
    const key = `${one.service}:${one.servicePort}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, one);
    if (first === undefined || one.servicePort === undefined) return [];
    return [
      {
        object: one.object,
        field: 'virtual server',
        reason: `${first.object} already exposes port ${one.servicePort} of Service ${one.service}; Sluice creates one virtual server for each gateway port`,
      },
    ];
  });
}

function isOwnPartition(partition: string | undefined): boolean {
  return partition === undefined || Partition.safeParse(partition).success;
}

/** Everything about one ingress gateway Service: its entry, and one set of annotations for each gateway port. */
function importService(
  service: string,
  all: readonly ImportedObject[],
  options: CisImportOptions,
): CisImport {
  const twice = conflictingPorts(all);
  const kept = all.filter((one) => !twice.some((other) => other.object === one.object));
  const address = most(kept.map((one) => one.annotations['sluice.io/virtual-address']));
  const partition = most(kept.map((one) => one.partition).filter(isOwnPartition));
  const entry: ImportedIngress = {
    cluster: options.cluster,
    service,
    devices: options.devices,
    ...(address !== undefined && { virtualAddress: address }),
    ...(partition !== undefined && { partition }),
    members: options.members,
  };
  const annotations = kept.flatMap((one) => {
    const { 'sluice.io/virtual-address': own, ...rest } = one.annotations;
    const said = {
      ...(own !== undefined && own !== address && { 'sluice.io/virtual-address': own }),
      ...(one.partition !== undefined &&
        one.partition !== partition &&
        isOwnPartition(one.partition) && { 'sluice.io/partition': one.partition }),
      ...rest,
    };
    const port = one.servicePort === undefined ? 'every port' : `port ${one.servicePort}`;
    return Object.keys(said).length === 0
      ? []
      : [{ object: `Gateway that opens ${port} of Service ${service}`, annotations: said }];
  });
  const common = kept
    .filter((one) => !isOwnPartition(one.partition))
    .map((one) => ({
      object: one.object,
      field: 'partition',
      reason: `Sluice does not write to partition ${one.partition}; choose another partition`,
    }));
  return { ingresses: [entry], annotations, notCarried: [...twice, ...common] };
}

/**
 * `raw` are Kubernetes objects as parsed from YAML or JSON: F5 ConfigMaps, TransportServers, IngressLinks, and the Services that
 * IngressLinks select. Annotations are meant for the Gateway that opens the port; ConfigMaps may also simply stay, for Sluice reads them.
 */
export function importCis(raw: readonly unknown[], options: CisImportOptions): CisImport {
  const objects = flatten(raw)
    .map(objectOf)
    .sort((a, b) =>
      `${a.created || '\uffff'} ${a.namespace}/${a.name}` <
      `${b.created || '\uffff'} ${b.namespace}/${b.name}`
        ? -1
        : 1,
    );
  const services = objects.filter((one) => one.kind === 'Service');
  const carried = objects.flatMap((one) => readOne(one, services));
  const usable = carried.filter((one) => one.service !== '');
  const names = [...new Set(usable.map((one) => one.service))].sort();
  const parts = names.map((service) =>
    importService(
      service,
      usable.filter((one) => one.service === service),
      options,
    ),
  );
  return {
    ingresses: parts.flatMap((part) => part.ingresses),
    annotations: parts.flatMap((part) => part.annotations),
    notCarried: [
      ...carried.flatMap((one) => one.notCarried),
      ...parts.flatMap((part) => part.notCarried),
    ],
  };
}
