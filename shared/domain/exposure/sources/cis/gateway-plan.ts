/**
 * Converts the virtual servers that CIS publishes for one Service to annotations of its gateways.
 */
import { SETTING_ROWS } from '../../settings/catalogue/catalogue.ts';
import { sameValue, showValue } from '../../settings/values.ts';
import { EXPOSE_ANNOTATION } from '../annotations.ts';
import { annotationsWithBundle, type BundleNames } from './cis-bundles.ts';
import type { CisVirtualServer, NotCarried, WantedSettings } from './cis-object.ts';
import type { GatewayServer } from './gateway-servers.ts';

/** The annotations of one Gateway. */
export interface GatewayAnnotations {
  /** Gateways of both APIs may have the same name. */
  readonly api: GatewayServer['api'];
  /** `namespace/name` */
  readonly gateway: string;
  /** Its ports that CIS publishes, with the objects that request them. */
  readonly ports: readonly number[];
  /** CIS's objects, as messages name them. */
  readonly objects: readonly string[];
  /** By their full names, ready for `metadata.annotations`. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** The annotations for all gateways of one Service, and what cannot be expressed. */
export interface GatewayPlan {
  /** Without those that take nothing over. */
  readonly gateways: readonly GatewayAnnotations[];
  /** Virtual servers that lead to no Gateway, or do not fit the others of theirs. */
  readonly notCarried: readonly NotCarried[];
  /** Names of the objects that are imported on at least one gateway. */
  readonly placed: ReadonlySet<string>;
  /**
   * Some servers of these gateways are not published by CIS. The entry then has `expose:
   * annotated`.
   */
  readonly others: boolean;
}

/** The ingress's own address and partition, which need no annotation. */
export interface IngressValues {
  /** An address, or `auto` with a pool. */
  readonly virtualAddress: string | undefined;
  /** Undefined: the usual one of the ingress. */
  readonly partition: string | undefined;
}

/** A virtual server at one of the Gateway servers that it leads to. */
interface Offer {
  readonly server: CisVirtualServer;
  readonly at: GatewayServer;
  readonly virtualPort: number;
}

/**
 * Distributes virtual servers over the Gateway servers that they lead to. A virtual server without
 * a matching Gateway server is reported as not carried.
 */
export function planGateways(
  virtualServers: readonly CisVirtualServer[],
  servers: readonly GatewayServer[],
  ingress: IngressValues,
  bundles: BundleNames,
): GatewayPlan {
  const offers = virtualServers.map((server) => ({ server, found: offersOf(server, servers) }));
  const nowhere = offers
    .filter(({ found }) => found.length === 0)
    .map(({ server }) => ({
      object: server.object,
      field: 'virtual server',
      reason:
        `no Gateway in these files opens port ${server.servicePort} of ` +
        `Service ${server.service}; once one does, import again`,
    }));
  const groups = Map.groupBy(
    offers.flatMap(({ found }) => found),
    ({ at }) => `${at.api} ${at.gateway}`,
  );
  const plans = [...groups.values()].map((group) => planGateway(group, ingress, bundles));
  const taken = new Set(plans.flatMap(({ accepted }) => accepted.map(({ at }) => at)));
  const rest = servers.filter((one) => !taken.has(one));
  return {
    gateways: plans
      .filter(({ accepted }) => accepted.length > 0)
      .map(({ accepted, annotations }) =>
        withExpose(accepted, annotations, rest.length > 0, servers),
      ),
    notCarried: [...nowhere, ...plans.flatMap(({ notCarried }) => notCarried)],
    placed: new Set(plans.flatMap((plan) => plan.placed)),
    others: rest.length > 0,
  };
}

/**
 * Without a Service port, the virtual server leads to all servers. The virtual port is the one it
 * has, else that of the Service.
 */
function offersOf(server: CisVirtualServer, servers: readonly GatewayServer[]): readonly Offer[] {
  const { servicePort, virtualPort } = server;
  return servers
    .filter(({ servicePorts }) => servicePort === undefined || servicePorts.includes(servicePort))
    .map((at) => ({
      server,
      at,
      virtualPort: virtualPort ?? servicePort ?? Math.min(...at.servicePorts),
    }));
}

/** What one Gateway can take over, and what not. */
interface Accepted {
  /** Those that share the annotations. */
  readonly accepted: readonly Offer[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Names of accepted objects, and of those that are the same virtual server again. */
  readonly placed: readonly string[];
  readonly notCarried: readonly NotCarried[];
}

/**
 * All ports of a gateway share one set of annotations. What does not fit is left out: younger
 * objects first, and among those the less specific ones.
 */
function planGateway(
  group: readonly Offer[],
  ingress: IngressValues,
  bundles: BundleNames,
): Accepted {
  const accepted: Offer[] = [];
  const placed = new Set<string>();
  const notCarried: NotCarried[] = [];
  for (const offer of group) {
    const { object } = offer.server;
    const reason = conflictOf(offer, accepted, ingress);
    if (reason === undefined) accepted.push(offer);
    if (reason === undefined || reason === 'same') placed.add(object);
    else if (!notCarried.some((one) => one.object === object))
      notCarried.push({ object, field: 'virtual server', reason });
  }
  const ports = accepted
    .filter(({ at, virtualPort }) => at.port !== virtualPort)
    .map(({ at, virtualPort }) => `${at.port}=${virtualPort}`);
  const wanted = Object.assign(
    {},
    ...accepted.map(({ server }) => settingsOf(server, ingress)),
  ) as WantedSettings;
  const said = annotationsWithBundle(
    wanted,
    accepted.map(({ server }) => server),
    bundles,
  );
  return {
    accepted,
    annotations: {
      ...(ports.length > 0 && { 'sluice.io/port': ports.toSorted().join(',') }),
      ...said,
    },
    placed: [...placed],
    notCarried,
  };
}

/** The annotations of the gateway, except the ports. */
function settingsOf(
  { wanted, partition }: CisVirtualServer,
  ingress: IngressValues,
): WantedSettings {
  const { virtualAddress, ...rest } = wanted;
  return {
    ...(virtualAddress !== undefined &&
      virtualAddress !== ingress.virtualAddress && { virtualAddress }),
    ...(partition !== undefined && partition !== ingress.partition && { partition }),
    ...rest,
  };
}

/** Why BIG-IP would send something else than the gateway expects, or could not read it. */
function whyUnfit(
  { mode, clientTls, serverTls }: WantedSettings,
  { port, gateway, expects }: GatewayServer,
): string | undefined {
  const at = `port ${port} of Gateway ${gateway}`;
  const isHttp = mode === 'http' || mode === 'https';
  if (serverTls !== undefined) return whyNotEncrypted(isHttp, at, expects);
  if (isHttp && expects !== 'http')
    return clientTls === undefined
      ? `reads HTTP, which ${at} does not carry in the clear`
      : `terminates TLS and sends plain HTTP, which ${at} does not take; ` +
          'let it have protocol HTTP, or use termination reencrypt with a server SSL profile';
  return clientTls !== undefined && (expects === 'https' || expects === 'tls')
    ? `terminates TLS and sends plain data, but ${at} expects TLS; ` +
        'let it have protocol TCP, or name a server SSL profile'
    : undefined;
}

/** The same for what is encrypted again. */
function whyNotEncrypted(
  isHttp: boolean,
  at: string,
  expects: GatewayServer['expects'],
): string | undefined {
  if (expects === 'https' || (!isHttp && expects !== 'http')) return undefined;
  return (
    `encrypts towards members, and ${at} does not ${isHttp ? 'terminate TLS as HTTPS' : 'take TLS'}; ` +
    'let it have protocol HTTPS with tls, or remove the server SSL profiles'
  );
}

/** Why it does not fit the accepted ones; `same` if it is the same virtual server again. */
function conflictOf(
  { server, at, virtualPort }: Offer,
  accepted: readonly Offer[],
  ingress: IngressValues,
): string | undefined {
  const mine = settingsOf(server, ingress);
  const unfit = whyUnfit(mine, at);
  if (unfit !== undefined) return unfit;
  for (const other of accepted) {
    const theirs = settingsOf(other.server, ingress);
    const different = SETTING_ROWS.find(([name, row]) => {
      const absent = 'default' in row ? row.default : undefined;
      return !sameValue(mine[name] ?? absent, theirs[name] ?? absent);
    });
    const port = other.at === at && other.virtualPort !== virtualPort;
    if (different !== undefined)
      return (
        `${other.server.object} is for the same Gateway ${at.gateway}, ` +
        `and wants ${different[0]} ${wordOf(theirs, different[0], ingress)} where this one ` +
        `wants ${wordOf(mine, different[0], ingress)}; ${remedyFor(server, at)}`
      );
    if (port)
      return (
        `${other.server.object} already exposes port ${at.port} of Gateway ${at.gateway}, ` +
        `at port ${other.virtualPort}; ` +
        'Sluice creates one virtual server for each gateway port'
      );
    if (other.at === at) return 'same';
  }
  return undefined;
}

/**
 * The value for messages, or `the default`. Only address and partition are inherited from the
 * ingress.
 */
function wordOf(
  wanted: WantedSettings,
  name: keyof WantedSettings,
  ingress: IngressValues,
): string {
  const inherited = name === 'virtualAddress' || name === 'partition' ? ingress[name] : undefined;
  const value = wanted[name] ?? inherited;
  return value === undefined ? 'the default' : showValue(value);
}

/** F5 ConfigMaps need no conversion, so they can also stay. */
function remedyFor({ stays }: CisVirtualServer, { port }: GatewayServer): string {
  const own = `give port ${port} a Gateway of its own`;
  return stays
    ? `${own}, or keep the ConfigMaps, which Sluice reads, instead of the annotations`
    : own;
}

/** Adds `sluice.io/expose` with the ports of the gateway, if the entry has `expose: annotated`. */
function withExpose(
  accepted: readonly Offer[],
  annotations: Readonly<Record<string, string>>,
  others: boolean,
  servers: readonly GatewayServer[],
): GatewayAnnotations {
  const [first] = accepted;
  const { api, gateway } = first!.at;
  const ports = [...new Set(accepted.map(({ at }) => at.port))].toSorted((a, b) => a - b);
  const own = servers.filter((one) => one.api === api && one.gateway === gateway);
  const whole = own.every(({ port }) => ports.includes(port));
  return {
    api,
    gateway,
    ports,
    objects: [...new Set(accepted.map(({ server }) => server.object))],
    annotations: {
      ...annotations,
      ...(others && { [EXPOSE_ANNOTATION]: whole ? 'true' : ports.join(',') }),
    },
  };
}
