/**
 * The way of a port from the Gateway to the members, as far as it is known, with the first link
 * that is broken. Pure.
 */
import { formatCount } from '../../domain/text/counts.ts';
import type { FailureHead } from '../../failures/port.ts';
import type { ServerVerdict } from '../../failures/verdicts.ts';
import type { PortRow } from '../ports/ports.ts';
import { isAt, remedyOf } from '../why/why.ts';

/** The links in their order. */
export const LINKS = ['gateway', 'envoy', 'service', 'exposure', 'bigip', 'members'] as const;

/** `after`: it depends on a link that is broken. */
export interface Link {
  readonly name: (typeof LINKS)[number];
  readonly state: 'ok' | 'broken' | 'unknown' | 'after';
  /** One sentence for people: what is there, or what is wrong. */
  readonly says: string;
  /** Of a broken link, if the fault has one; see docs/reference/codes.md. */
  readonly code?: string;
  /** What to do about a broken link. */
  readonly remedy?: string;
}

/** One server of a Gateway, or one exposure that no known Gateway explains. */
export interface Chain {
  readonly cluster: string;
  /** `namespace/name` */
  readonly gateway: string;
  /** Index of the server; absent if only the device knows of it. */
  readonly server?: number;
  /** Of the server; 0 if the row of a device does not show one. */
  readonly port: number;
  /** As the port mapping has it, such as `HTTPS`; TCP or UDP if only the device is known. */
  readonly protocol: string;
  /** Host names of the server; empty if only the device is known. */
  readonly hosts: readonly string[];
  /** One for each of {@link LINKS}, in their order. */
  readonly links: readonly Link[];
  /** The first broken link; absent if none is. */
  readonly broken?: Link['name'];
  /** RFC 3339: when the verdict last changed. */
  readonly at?: string;
  /** Open failures at its exposures. */
  readonly failures: readonly string[];
}

/** A server with everything that is known about it. */
export interface ChainInput {
  readonly cluster: string;
  /** What the port mapping says about the server. */
  readonly server: ServerVerdict;
  /** RFC 3339: when that verdict last changed. */
  readonly at: string;
  /** Declared on devices, for gateways of this cluster. */
  readonly rows: readonly PortRow[];
  /** Names of the devices on which the ingress is to be declared. */
  readonly devices: readonly string[];
  /** Devices whose declaration is not known. */
  readonly unknown: readonly string[];
  /** Open ones; those of other gateways and exposures are filtered out here. */
  readonly failures: readonly FailureHead[];
}

/** The links up to the first broken one are judged; the others come after it. */
export function chainOf(input: ChainInput): Chain {
  const { cluster, server, at } = input;
  const own = input.rows.filter(
    (row) =>
      row.gateways.includes(server.gateway) &&
      server.exposures.some((exposure) => isAt(exposure, row.exposure)),
  );
  const failures = input.failures.filter(
    ({ exposure, gateways }) =>
      gateways.includes(server.gateway) &&
      (exposure === undefined || server.exposures.some((one) => isAt(one, exposure))),
  );
  const links = afterBroken([
    gatewayLink(server),
    envoyLink(server),
    serviceLink(server),
    exposureLink(server),
    bigipLink(input, own, failures),
    membersLink(own),
  ]);
  const broken = links.find(({ state }) => state === 'broken')?.name;
  return {
    cluster,
    gateway: server.gateway,
    server: server.server,
    port: server.port,
    protocol: server.protocol,
    hosts: server.hosts ?? [],
    links,
    ...(broken !== undefined && { broken }),
    at,
    failures: failures.map(({ id }) => id),
  };
}

/** A row whose Gateway no snapshot explains: nothing is known about the cluster. */
export function chainOfRow(row: PortRow, gateway: string): Chain {
  const unknown = (name: Link['name']): Link => ({
    name,
    state: 'unknown',
    says: 'No snapshot of the cluster names it.',
  });
  const port = Number(/:(\d+)\/\w+$/.exec(row.exposure)?.[1] ?? 0);
  const links: readonly Link[] = [
    unknown('gateway'),
    unknown('envoy'),
    unknown('service'),
    unknown('exposure'),
    { name: 'bigip', state: 'ok', says: declaredWords([row]) },
    membersLink([row]),
  ];
  const broken = links.find(({ state }) => state === 'broken')?.name;
  return {
    cluster: row.owner.split('/')[0] ?? '',
    gateway,
    port,
    protocol: row.exposure.endsWith('/udp') ? 'UDP' : 'TCP',
    hosts: [],
    links,
    ...(broken !== undefined && { broken }),
    failures: [],
  };
}

/** Links behind a broken one are not judged, because their faults would only be consequences. */
function afterBroken(links: readonly Link[]): readonly Link[] {
  const first = links.findIndex(({ state }) => state === 'broken');
  return links.map((link, i) =>
    first < 0 || i <= first ? link : { name: link.name, state: 'after', says: AFTER },
  );
}

const AFTER = 'It depends on the link before it.';

/** At which link a verdict breaks the chain. */
const BREAKS: Readonly<Record<ServerVerdict['verdict'], Link['name'] | undefined>> = {
  listening: undefined,
  'not-selected': 'gateway',
  rejected: 'gateway',
  'no-route': 'envoy',
  'privileged-port': 'envoy',
  'unreachable-bind': 'envoy',
  'no-service-port': 'service',
};

/** The broken link, if the verdict breaks the chain here. */
function brokenAt(name: Link['name'], server: ServerVerdict): Link | undefined {
  if (BREAKS[server.verdict] !== name) return undefined;
  const { code, reason } = server;
  return { name, state: 'broken', says: reason, code, remedy: remedyOf(server) };
}

function gatewayLink(server: ServerVerdict): Link {
  const says = `Server ${server.server} of ${server.gateway}: port ${server.port}, ${server.protocol}.`;
  return brokenAt('gateway', server) ?? { name: 'gateway', state: 'ok', says };
}

function envoyLink(server: ServerVerdict): Link {
  const ports = server.envoyPorts.join(', ');
  const says = ports === '' ? 'Envoy does not listen for it.' : `Envoy listens on port ${ports}.`;
  return brokenAt('envoy', server) ?? { name: 'envoy', state: 'ok', says };
}

/**
 * The link from the Gateway to the Service port: broken, still to be added by the watcher, or
 * there.
 */
function serviceLink(server: ServerVerdict): Link {
  const broken = brokenAt('service', server);
  if (broken !== undefined) return broken;
  const ports = server.servicePorts.map(({ service, port }) => `port ${port} of ${service}`);
  const says = server.missingInService
    ? 'The Service does not have the port yet; the watcher adds it, unless servicePorts is observe.'
    : ports.length === 0
      ? 'No Service port leads to it.'
      : `${ports.join(', ')} leads to it.`;
  return { name: 'service', state: 'ok', says };
}

/** Broken without a code: what keeps a server from an exposure is in the notes of the ingress. */
function exposureLink({ exposures }: ServerVerdict): Link {
  if (exposures.length > 0)
    return { name: 'exposure', state: 'ok', says: `It is requested at ${exposures.join(', ')}.` };
  return {
    name: 'exposure',
    state: 'broken',
    says: 'No exposure is requested for it.',
    remedy: 'Check ingresses[] and policy in sluice.yaml, and the notes of the ingress.',
  };
}

/**
 * A failure counts only if something is missing, or if it concerns this very exposure; a device
 * that was not seen makes the link unknown, not broken.
 */
function bigipLink(
  { devices, unknown }: ChainInput,
  own: readonly PortRow[],
  failures: readonly FailureHead[],
): Link {
  const [failure] = failures;
  const missing = devices.filter((device) => !own.some((row) => row.device === device));
  if (failure !== undefined && (missing.length > 0 || failure.exposure !== undefined))
    return {
      name: 'bigip',
      state: 'broken',
      says: failure.sentence,
      code: failure.code,
      remedy: `Failure ${failure.id} has the details; replay it after the cause is corrected.`,
    };
  if (own.length === 0 && devices.some((device) => unknown.includes(device)))
    return { name: 'bigip', state: 'unknown', says: `${unknown.join(', ')} was not seen.` };
  if (own.length === 0)
    return {
      name: 'bigip',
      state: 'broken',
      says: `It is not declared on ${missing.join(', ') || 'any device'}.`,
      remedy:
        'It may be on its way: look again. Otherwise see the changes that wait and the failures.',
    };
  return { name: 'bigip', state: 'ok', says: declaredWords(own) };
}

function declaredWords(rows: readonly PortRow[]): string {
  const places = rows.map(
    ({ device, exposure, revision }) => `${exposure} on ${device} at revision ${revision}`,
  );
  return `Declared: ${places.join('; ')}.`;
}

/** Draining members take no new connections, so they do not count. */
function membersLink(rows: readonly PortRow[]): Link {
  const up = rows.map(({ members, draining }) => members - draining);
  const total = rows.reduce((sum, { members }) => sum + members, 0);
  const ready = up.reduce((sum, n) => sum + n, 0);
  if (rows.length > 0 && ready > 0) {
    const says = `${ready} of ${formatCount(total, 'member')} take new connections.`;
    return { name: 'members', state: 'ok', says };
  }
  const drained = rows.find(({ drained: mode }) => mode !== undefined);
  return {
    name: 'members',
    state: rows.length === 0 ? 'unknown' : 'broken',
    says:
      rows.length === 0
        ? 'Nothing is declared.'
        : `None of ${formatCount(total, 'member')} takes new connections.`,
    ...(rows.length > 0 && {
      remedy:
        drained === undefined
          ? 'Check that the pods of the ingress are ready.'
          : 'Its cluster is drained: enable it when it serves again.',
    }),
  };
}
