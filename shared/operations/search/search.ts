/** Finds ports by Gateway, port, address or host, and explains each. */
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { FailureHead } from '../../failures/port.ts';
import type { OwnerVerdicts, ServerVerdict } from '../../failures/verdicts.ts';
import type { OperationContext } from '../context.ts';
import { unansweredOf } from '../devices/declared-partitions.ts';
import { portRows } from '../ports/ports.ts';
import type { PortRow } from '../ports/ports.ts';
import { chainOf, chainOfRow } from './chain.ts';
import type { Chain } from './chain.ts';
import { parseQuery } from './query.ts';
import type { Query } from './query.ts';

/** Chains of one answer. */
const MAX_CHAINS = 50;

/** The answer, broken chains first. */
export interface SearchAnswer {
  readonly query: Query;
  /** Number of matches; `chains` has the first fifty. */
  readonly total: number;
  readonly chains: readonly Chain[];
}

type Reading = Pick<OperationContext, 'runtime' | 'store' | 'verdicts' | 'readPartitions'>;

/** Throws an explanation if the question has none of the known forms. */
export async function search(
  { runtime: { config }, store, verdicts, readPartitions }: Reading,
  text: string,
): Promise<SearchAnswer> {
  const query = parseQuery(text);
  const [all, heads, partitions] = await Promise.all([
    verdicts.all(),
    store.list(),
    readPartitions(config.devices),
  ]);
  const rows = portRows(partitions);
  const unknown = [...new Set(unansweredOf(partitions).map(({ device }) => device))];
  const open = heads.filter(({ state }) => state === 'open' || state === 'quarantined');
  const chains = all.flatMap((one) => chainsIn(one, query, { config, rows, unknown, open }));
  const explained = new Set(chains.map(({ cluster, gateway }) => `${cluster} ${gateway}`));
  const others = rows
    .filter((row) => isRow(query, row))
    .flatMap((row) => row.gateways.map((gateway) => chainOfRow(row, gateway)))
    .filter(
      ({ cluster, gateway }) =>
        !explained.has(`${cluster} ${gateway}`) && isGateway(query, cluster, gateway),
    );
  const found = [...chains, ...others].toSorted(
    (a, b) => Number(a.broken === undefined) - Number(b.broken === undefined),
  );
  return { query, total: found.length, chains: found.slice(0, MAX_CHAINS) };
}

/** What is known without asking a device or a cluster. */
interface Known {
  readonly config: OperationContext['runtime']['config'];
  /** All that is declared, as far as it was seen. */
  readonly rows: readonly PortRow[];
  /** Devices whose declaration was never seen. */
  readonly unknown: readonly string[];
  /** Open failures. */
  readonly open: readonly FailureHead[];
}

/** The chains of one ingress that match the query. */
function chainsIn(
  { owner, servers, at }: OwnerVerdicts,
  query: Query,
  { config, rows, unknown, open }: Known,
): readonly Chain[] {
  const { cluster, ingress } = parseOwner(owner);
  const service = `${ingress.namespace}/${ingress.service}`;
  const devices = config.ingresses
    .filter((one) => one.cluster === cluster && one.service === service)
    .flatMap((one) => one.devices);
  const own = rows.filter((row) => row.owner === owner);
  const failures = open.filter((head) => head.owner === owner);
  return servers
    .filter((server) => isServer(query, cluster, server))
    .map((server) => chainOf({ cluster, server, at, rows: own, devices, unknown, failures }));
}

/** Whether a server matches. A port matches as the Gateway, Envoy or the Service numbers it. */
function isServer(query: Query, cluster: string, server: ServerVerdict): boolean {
  switch (query.kind) {
    case 'gateway':
      return isGateway(query, cluster, server.gateway);
    case 'port':
      return (
        server.port === query.port ||
        server.envoyPorts.includes(query.port) ||
        server.servicePorts.some(({ port }) => port === query.port)
      );
    case 'address':
      return server.exposures.some((exposure) => isAddress(query, exposure));
    case 'host':
      return (server.hosts ?? []).some((host) => isHost(host.toLowerCase(), query.host));
  }
}

function isGateway(query: Query, cluster: string, gateway: string): boolean {
  if (query.kind !== 'gateway') return true;
  return query.gateway === gateway && (query.cluster === undefined || query.cluster === cluster);
}

/**
 * Whether a declared exposure matches, for exposures whose server is no longer known. Rows have no
 * hosts.
 */
function isRow(query: Query, { exposure, gateways }: PortRow): boolean {
  switch (query.kind) {
    case 'gateway':
      return gateways.includes(query.gateway);
    case 'port':
      return exposure.includes(`:${query.port}/`);
    case 'address':
      return isAddress(query, exposure);
    case 'host':
      return false;
  }
}

function isAddress({ address, port }: Extract<Query, { kind: 'address' }>, key: string): boolean {
  const bare = key.replace('[', '').replace(']', '');
  return bare.startsWith(`${address}:${port === undefined ? '' : `${port}/`}`);
}

/** A server with a wildcard serves all hosts below it. */
function isHost(host: string, wanted: string): boolean {
  if (host === wanted) return true;
  return host.startsWith('*') && wanted.endsWith(host.slice(1));
}
