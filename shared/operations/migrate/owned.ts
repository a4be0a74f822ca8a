/** The objects of F5 CIS with the addresses and ports that they ask for. */
import * as z from 'zod';
import { readCis } from '../../domain/exposure/sources/cis/cis-readings.ts';
import type { CisVirtualServer } from '../../domain/exposure/sources/cis/cis-object.ts';
import { REDIRECT_PORT } from '../../domain/exposure/exposure.ts';
import { parseIp } from '../../domain/net/ip.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';
import type { RawObject } from '../../kubernetes/index.ts';
import type { CisController, CisLabel } from './controllers.ts';
import { asCisKnewIt, type HandedOver, handedOverIn, HANDED_OVER_VALUE } from './handed-over.ts';

/** A virtual server that an object asks for. */
export interface WantedServer {
  /** Undefined if it is not an address, as with F5's IPAM controller. */
  readonly address: string | undefined;
  readonly port: number;
  /** `namespace/name` */
  readonly service: string;
  /** Absent for the port that only redirects. */
  readonly servicePort?: number;
}

/** An object of F5 CIS. */
export interface CisOwned {
  /** `Kind namespace/name` */
  readonly object: string;
  readonly raw: RawObject;
  readonly servers: readonly WantedServer[];
  /** Addresses that an object names of which Sluice can make nothing. */
  readonly unread: readonly string[];
  /** By which F5 CIS finds it. */
  readonly label?: CisLabel;
  readonly handedOver?: HandedOver;
  /** Whether F5 CIS does not find it, because it is handed over. */
  readonly isAway: boolean;
  /** Why Sluice cannot take it over, or not by command. */
  readonly problems: readonly string[];
}

/** Kinds that publish something by themselves. */
const PUBLISHING = ['ConfigMap', 'Service', 'VirtualServer', 'TransportServer', 'IngressLink'];
type FoundLabel = CisLabel | { readonly problem: string };

const CONFIG_MAP_LABEL: CisLabel = { name: 'f5type', value: 'virtual-server' };

/** In the order of the API server; objects that F5 CIS does not read are left out. */
export function ownedByCis(
  raw: readonly RawObject[],
  objects: Pick<KubernetesObjects, 'services'>,
  controllers: readonly CisController[],
): readonly CisOwned[] {
  const known = raw.map(asCisKnewIt);
  const { servers, notCarried } = readCis(known);
  return raw.flatMap((one, i): readonly CisOwned[] => {
    const object = nameOf(one);
    const own = servers.filter((server) => server.object === object);
    const lost = notCarried.filter((each) => each.object === object);
    const isPublishing = PUBLISHING.includes(one.kind ?? '') && own.length + lost.length > 0;
    if (!isPublishing) return [];
    const unreadable = own.length > 0 ? [] : lost;
    return [
      {
        object,
        raw: one,
        servers: own.flatMap((server) => wantedBy(server, objects)),
        unread: own.length > 0 ? [] : addressesNamedBy(one),
        ...standingOf(one, labelOf(known[i] ?? one, controllers), unreadable),
      },
    ];
  });
}

const Named = z.object({
  spec: z.object({ virtualServerAddress: z.string().optional() }).catch({}),
  status: z.object({ vsAddress: z.string().optional() }).catch({}),
});

function addressesNamedBy(raw: RawObject): readonly string[] {
  const { spec, status } = Named.parse({ spec: raw['spec'], status: raw['status'] });
  return [spec.virtualServerAddress, status.vsAddress].filter((one) => one !== undefined);
}

function nameOf({ kind = '', metadata: { namespace = 'default', name } }: RawObject): string {
  return `${kind} ${namespace}/${name}`;
}

/** How F5 CIS finds the object, whether it does so now, and what stands in the way. */
function standingOf(
  raw: RawObject,
  label: FoundLabel,
  lost: readonly { readonly field: string; readonly reason: string }[],
): Pick<CisOwned, 'label' | 'handedOver' | 'isAway' | 'problems'> {
  const over = handedOverIn(raw);
  const problems = [label, over].flatMap((one) =>
    one !== undefined && 'problem' in one ? [one.problem] : [],
  );
  return {
    ...('name' in label && { label }),
    ...(over !== undefined && !('problem' in over) && { handedOver: over }),
    isAway: 'name' in label && raw.metadata.labels?.[label.name] === HANDED_OVER_VALUE,
    problems: [...problems, ...lost.map(({ field, reason }) => `${field}: ${reason}`)],
  };
}

/** All ports of the Service if none is named, each under its own number. */
function wantedBy(
  server: CisVirtualServer,
  { services }: Pick<KubernetesObjects, 'services'>,
): readonly WantedServer[] {
  const { service, servicePort, virtualPort, wanted } = server;
  const text = wanted.virtualAddress;
  const address = typeof text === 'string' && parseIp(text) !== undefined ? text : undefined;
  const found = services.find(({ meta }) => `${meta.namespace}/${meta.name}` === service);
  const ports = servicePort === undefined ? found?.ports.map(({ port }) => port) : [servicePort];
  const own = (ports ?? []).map((one) => ({
    address,
    port: virtualPort ?? one,
    service,
    servicePort: one,
  }));
  return wanted.redirect80 === true ? [...own, { address, port: REDIRECT_PORT, service }] : own;
}

function labelOf(
  { kind, metadata: { labels = {} } }: RawObject,
  controllers: readonly CisController[],
): FoundLabel {
  if (kind === 'ConfigMap') return CONFIG_MAP_LABEL;
  if (kind === 'Service')
    return {
      problem:
        'F5 CIS finds a Service by its annotations, which Sluice reads too: set sluice.io/virtual-address ' +
        'on it, and remove cis.f5.com/ip or cis.f5.com/ipamLabel by hand',
    };
  const known =
    controllers.length === 0
      ? [{ name: 'f5cr', value: 'true' }]
      : controllers.map(({ label }) => label);
  const found = known.find((label) => label !== undefined && labels[label.name] === label.value);
  return (
    found ?? {
      problem: known.includes(undefined)
        ? 'the custom-resource-label of F5 CIS is no single label, so Sluice does not know how CIS finds the object'
        : `has no label ${known.map((label) => `${label?.name}=${label?.value}`).join(' or ')}, so F5 CIS does not read it`,
    }
  );
}
