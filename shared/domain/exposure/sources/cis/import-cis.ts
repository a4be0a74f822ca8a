/**
 * Converts the configuration of CIS to that of Sluice: ingress entries, annotations of gateways,
 * their requirements, and what cannot be converted.
 */
import { poolNamedBy } from '../../../address-pools/auto-address.ts';
import type { KubernetesObjects } from '../../../snapshot/objects.ts';
import { referencesIn } from '../../settings/compose.ts';
import { Partition } from '../ingress-entry.ts';
import {
  annotationsWithBundle,
  type BundleNames,
  bundlesIn,
  type BundleUse,
  type ImportedBundle,
  nameBundles,
} from './cis-bundles.ts';
import { cisObjectsIn, type CisVirtualServer, type NotCarried, textOf } from './cis-object.ts';
import { movedBeside, readCisObject } from './cis-readings.ts';
import { servicesOf } from './cis-resources.ts';
import { planGateways, type GatewayAnnotations, type IngressValues } from './gateway-plan.ts';
import { type GatewayServer, gatewayServers } from './gateway-servers.ts';

/** An entry for `ingresses` in sluice.yaml. `service` is `namespace/name`. */
export interface ImportedIngress {
  readonly cluster: string;
  readonly service: string;
  /** Names of devices in sluice.yaml. */
  readonly devices: readonly string[];
  readonly virtualAddress?: string;
  readonly partition?: string;
  readonly members: 'pods' | 'nodes';
  /** Set if gateways open more than CIS publishes. */
  readonly expose?: 'annotated';
}

/** Entries and annotations, and what could not be converted. */
export interface CisImport {
  /** By Service, in alphabetical order. */
  readonly ingresses: readonly ImportedIngress[];
  /** Policies of CIS that annotations ask for by name. */
  readonly serviceBundles: readonly ImportedBundle[];
  /** By Service port, whether or not its Gateway is given. */
  readonly annotations: readonly {
    readonly object: string;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
  /** For the given Gateways: all their annotations. */
  readonly gateways: readonly GatewayAnnotations[];
  /** Virtual servers whose Gateway is not given; their annotations are in `annotations`. */
  readonly unplaced: readonly string[];
  /** Objects that Sluice reads itself, so that they can stay instead of the annotations. */
  readonly staying: readonly string[];
  /** What the annotations require in sluice.yaml. */
  readonly needs: ImportNeeds;
  /** What is left to people, each once, with object, field and reason. */
  readonly notCarried: readonly NotCarried[];
}

/** What must be added to sluice.yaml before the annotations take effect. */
export interface ImportNeeds {
  /** For `policy.references`. */
  readonly references: readonly string[];
  /** For `devices[].partitions` of each device. */
  readonly partitions: readonly string[];
  /** For `addressPools`, which need ranges. */
  readonly pools: readonly string[];
}

/** Values that the objects of CIS do not contain. */
export interface CisImportOptions {
  /** `clusters[].id` for the entries. */
  readonly cluster: string;
  /** `devices[].name` for the entries. */
  readonly devices: readonly string[];
  /** CIS's `--pool-member-type`: `nodeport` is `nodes`, `cluster` is `pods`. */
  readonly members: 'pods' | 'nodes';
  /** Objects for other Services are ignored, `namespace/name`; absent: all Services. */
  readonly services?: readonly string[];
  /** Sluice has its own partition, and other addresses instead of these. Default: those of CIS. */
  readonly beside?: { readonly addresses: ReadonlyMap<string, string> };
  /** `virtualAddress` of entries that sluice.yaml has already, by Service: annotations differ from it. */
  readonly entries?: ReadonlyMap<string, string>;
}

/** The most frequent value becomes that of the ingress; others become annotations. */
function most(values: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values)
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.entries()].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}

/** A second virtual server for a port of a Service; an identical one does not count. */
function conflictingPorts(all: readonly CisVirtualServer[]): readonly NotCarried[] {
  const seen = new Map<string, CisVirtualServer>();
  return all.flatMap((one) => {
    const key = `${one.service}:${one.servicePort}`;
    const first = seen.get(key) ?? one;
    seen.set(key, first);
    const same = [one, first].map(({ wanted, partition, virtualPort }) =>
      JSON.stringify([wanted, partition, virtualPort]),
    );
    // VirtualServers for several hosts are one on BIG-IP.
    const again = one.needsGateway && same[0] === same[1];
    if (first === one || one.servicePort === undefined || again) return [];
    return [
      {
        object: one.object,
        field: 'virtual server',
        reason:
          `${first.object} already exposes port ${one.servicePort} of Service ` +
          `${one.service}; Sluice creates one virtual server for each gateway port`,
      },
    ];
  });
}

/** Whether Sluice could manage a partition of this name. */
function isOwnPartition(partition: string | undefined): partition is string {
  return Partition.safeParse(partition).success;
}

/** Everything about one ingress gateway Service. */
interface ServicePart extends Omit<CisImport, 'needs' | 'serviceBundles'> {
  readonly carried: readonly CisVirtualServer[];
}

/** The entry and annotations of one Service, and what is left out for it. */
function importService(
  service: string,
  all: readonly CisVirtualServer[],
  servers: readonly GatewayServer[] | undefined,
  { options, bundles }: { readonly options: CisImportOptions; readonly bundles: BundleNames },
): ServicePart {
  const ordered = all.toSorted((a, b) => Number(a.needsGateway) - Number(b.needsGateway));
  const twice = conflictingPorts(ordered);
  const foreign = ordered
    .filter(({ partition }) => partition !== undefined && !isOwnPartition(partition))
    .map((one) => ({
      object: one.object,
      field: 'partition',
      reason: `Sluice does not write to partition ${one.partition}; choose another partition`,
    }));
  const homeless = withoutAddress(ordered);
  const left = [...twice, ...homeless];
  const kept = ordered
    .filter((one) => !left.some(({ object }) => object === one.object))
    .map((one) => ({
      ...one,
      partition: isOwnPartition(one.partition) ? one.partition : undefined,
    }));
  const entry = (of: readonly CisVirtualServer[]): IngressValues =>
    valuesOf(of, all, options.entries?.get(service));
  const values = entry(kept);
  const plan = servers === undefined ? undefined : planGateways(kept, servers, values, bundles);
  // Objects without a Gateway do not influence the entry.
  const placed = plan === undefined ? kept : kept.filter(({ object }) => plan.placed.has(object));
  const last = entry(placed);
  const final = servers === undefined ? undefined : planGateways(placed, servers, last, bundles);
  // Bundles are for those who ask for them: the Gateways, unless they are unknown.
  const named: BundleNames = final === undefined ? bundles : new Map();
  const annotations = placed.flatMap((one) => portAnnotations(one, last, named));
  return {
    carried: placed,
    ingresses: placed.length === 0 ? [] : [entryOf(service, last, options, final?.others === true)],
    annotations,
    gateways: final?.gateways ?? [],
    unplaced: final === undefined ? annotations.map(({ object }) => object) : [],
    staying: placed.flatMap(({ object, stays }) => (stays ? [object] : [])),
    notCarried: [...left, ...foreign, ...(plan?.notCarried ?? [])],
  };
}

/** If others have an address, one without an address must not get theirs. */
function withoutAddress(all: readonly CisVirtualServer[]): readonly NotCarried[] {
  const bare = all.filter(({ wanted }) => wanted.virtualAddress === undefined);
  return bare.length === all.length
    ? []
    : bare.map(({ object }) => ({
        object,
        field: 'address',
        reason: 'neither the object nor its status names an address, so CIS serves nothing',
      }));
}

/** Values of the Service take precedence over sluice.yaml, so the entry must have the same. */
function valuesOf(
  servers: readonly CisVirtualServer[],
  all: readonly CisVirtualServer[],
  entry: string | undefined,
): IngressValues {
  const own = all.find(({ outranks }) => outranks === true);
  if (own?.wanted.virtualAddress !== undefined)
    return { virtualAddress: textOf(own.wanted.virtualAddress), partition: own.partition };
  return {
    virtualAddress: entry ?? most(servers.map(({ wanted }) => textOf(wanted.virtualAddress))),
    partition: most(servers.map(({ partition }) => partition)),
  };
}

/** The entry for `ingresses`, without fields that have the default. */
function entryOf(
  service: string,
  { virtualAddress, partition }: IngressValues,
  { cluster, devices, members }: CisImportOptions,
  annotated: boolean,
): ImportedIngress {
  return {
    cluster,
    service,
    devices,
    ...(virtualAddress !== undefined && { virtualAddress }),
    ...(partition !== undefined && { partition }),
    members,
    ...(annotated && { expose: 'annotated' as const }),
  };
}

/**
 * Annotations for Gateways that are not among the objects; they contain only what differs from the
 * entry.
 */
function portAnnotations(
  server: CisVirtualServer,
  ingress: IngressValues,
  bundles: BundleNames,
): CisImport['annotations'] {
  const { service, servicePort, virtualPort, wanted, partition } = server;
  const { virtualAddress, ...rest } = wanted;
  const moved =
    virtualPort !== undefined && servicePort !== undefined && virtualPort !== servicePort;
  const all = {
    ...rest,
    ...(virtualAddress !== ingress.virtualAddress && { virtualAddress }),
    ...(partition !== ingress.partition && { partition }),
    ...(moved && { port: `${servicePort}=${virtualPort}` }),
  };
  const said = annotationsWithBundle(all, [server], bundles);
  const port = servicePort === undefined ? 'every port' : `port ${servicePort}`;
  return Object.keys(said).length === 0
    ? []
    : [{ object: `Gateway that opens ${port} of Service ${service}`, annotations: said }];
}

/** What the entries and annotations use and sluice.yaml must allow. */
function needsOf(
  carried: readonly CisVirtualServer[],
  ingresses: readonly ImportedIngress[],
): ImportNeeds {
  const sorted = (values: readonly string[]): readonly string[] => [...new Set(values)].sort();
  return {
    references: sorted(
      carried.flatMap(({ wanted }) => referencesIn(wanted).map(({ path }) => path)),
    ),
    partitions: sorted([
      ...ingresses.flatMap(({ partition }) => partition ?? []),
      ...carried.flatMap(({ partition }) => partition ?? []),
    ]),
    pools: sorted(
      carried.flatMap(({ wanted }) => poolNamedBy(String(wanted.virtualAddress)) ?? []),
    ),
  };
}

/** Why a virtual server that could be imported is left to CIS. */
function notForGateways(
  server: CisVirtualServer,
  services: readonly string[],
  servers: readonly GatewayServer[] | undefined,
  options: CisImportOptions,
): string | undefined {
  if (options.services !== undefined && !options.services.includes(server.service))
    return `is for Service ${server.service}, which is not selected with --service; leave it to CIS`;
  const given = services.includes(server.service);
  if (servers?.length === 0 || (server.needsGateway && (servers === undefined || !given)))
    return given
      ? `is for Service ${server.service}, to which no Gateway in these files leads; ` +
          'leave it to CIS, or give its Gateways too'
      : `is for Service ${server.service}, which is not in these files; give it and its Gateways, or leave it to CIS`;
  return undefined;
}

/**
 * `raw` are Kubernetes objects as parsed from YAML or JSON, `objects` the same as domain objects.
 * Missing objects are not checked: without Gateways, every Service that a TransportServer,
 * IngressLink or ConfigMap names may be an ingress gateway's.
 */
export function importCis(
  raw: readonly unknown[],
  options: CisImportOptions,
  objects?: KubernetesObjects,
): CisImport {
  const all = cisObjectsIn(raw);
  const readings = all.map((one) => readCisObject(one, all));
  const found = readings.map(({ server, notCarried }) => ({
    server: server && movedBeside(server, options.beside?.addresses),
    notCarried,
  }));
  const servers = found.flatMap(({ server }) => server ?? []);
  const names = [...new Set(servers.map(({ service }) => service))].sort();
  const known = new Map(
    names.map((name) => {
      const ports = servers.flatMap((one) =>
        one.service === name && one.servicePort !== undefined ? [one.servicePort] : [],
      );
      return [name, objects === undefined ? undefined : gatewayServers(name, objects, ports)];
    }),
  );
  const services = servicesOf(all).map(({ namespace, name }) => `${namespace}/${name}`);
  const reasons = new Map(
    servers.map((one) => [one, notForGateways(one, services, known.get(one.service), options)]),
  );
  const usable = servers.filter((one) => reasons.get(one) === undefined);
  const bundles = nameBundles(usable);
  const parts = names
    .map((name) => ({ name, mine: usable.filter(({ service }) => service === name) }))
    .map(({ name, mine }) => importService(name, mine, known.get(name), { options, bundles }));
  const left = [...reasons].flatMap(([{ object }, reason]) =>
    reason === undefined ? [] : [{ object, field: 'Service', reason }],
  );
  const ingresses = parts.flatMap((part) => part.ingresses);
  return {
    ingresses,
    serviceBundles: bundlesIn(usable, bundles, usesOf(parts)),
    annotations: parts.flatMap((part) => part.annotations),
    gateways: parts.flatMap((part) => part.gateways),
    unplaced: parts.flatMap((part) => part.unplaced),
    staying: parts.flatMap((part) => part.staying),
    needs: needsOf(
      parts.flatMap(({ carried }) => carried),
      ingresses,
    ),
    notCarried: once([
      ...found.flatMap(({ server, notCarried }) =>
        server !== undefined && reasons.get(server) !== undefined ? [] : notCarried,
      ),
      ...left,
      ...parts.flatMap((part) => part.notCarried),
    ]),
  };
}

/** Who asks for bundles: the given Gateways, and those that are not given. */
function usesOf(parts: readonly ServicePart[]): readonly BundleUse[] {
  return parts.flatMap(({ gateways, annotations }) => [
    ...gateways.map((one) => ({
      annotations: one.annotations,
      namespace: one.gateway.slice(0, one.gateway.indexOf('/')),
    })),
    ...annotations,
  ]);
}

/** A Policy or TLSProfile that several objects use is reported once. */
function once(all: readonly NotCarried[]): readonly NotCarried[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
