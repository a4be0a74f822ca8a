/**
 * The stations of the newest events of a gateway with times, across retries and replays, as far as
 * devices and failure store know.
 */
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import { clusterOfFailure } from '../../failures/filter.ts';
import type { OwnerHistory } from '../../failures/history.ts';
import type { Failure, FailureHead, FailureStore } from '../../failures/port.ts';
import type { OperationContext } from '../context.ts';
import { unansweredOf } from '../devices/declared-partitions.ts';
import type { UnansweredPartition } from '../devices/declared-partitions.ts';
import { portRows } from '../ports/ports.ts';
import type { PortRow } from '../ports/ports.ts';
import { entryStations, sortStations, traceStations } from './stations.ts';
import type { TraceStation } from './stations.ts';

/** Maximum number of failures shown in full for one gateway. */
const MAX_TOLD_FAILURES = 50;

/** The data of `sluice trace`. */
export interface Trace {
  /** Past stations in order, then the current state. */
  readonly stations: readonly TraceStation[];
  /** Number of open or quarantined failures of the gateway. */
  readonly open: number;
  /** Partitions whose state is unknown. */
  readonly unanswered: number;
}

/** A Gateway in a cluster. */
export interface GatewayName {
  readonly cluster: string;
  /** `namespace/name` */
  readonly gateway: string;
}

/** Parses `CLUSTER/NAMESPACE/GATEWAY`; throws otherwise. */
export function parseGatewayName(name: string): GatewayName {
  const [cluster = '', namespace = '', gateway = '', ...rest] = name.split('/');
  if (gateway === '' || rest.length > 0)
    throw new Error(`${name}: write it as CLUSTER/NAMESPACE/GATEWAY`);
  return { cluster, gateway: `${namespace}/${gateway}` };
}

/** Collects the stations of the owners behind a Gateway from devices, histories and failures. */
export async function traceGateway(
  {
    store,
    history,
    runtime,
    readPartitions,
  }: Pick<OperationContext, 'store' | 'history' | 'runtime' | 'readPartitions'>,
  name: GatewayName,
): Promise<Trace> {
  const [declared, histories, heads] = await Promise.all([
    readPartitions(runtime.config.devices),
    history.all(),
    store.list(),
  ]);
  const rows = portRows(declared).filter(
    (row) => row.owner.startsWith(`${name.cluster}/`) && row.gateways.includes(name.gateway),
  );
  const own = failuresOf(heads, name, rows);
  const failures = await wholeFailures(store, own.slice(0, MAX_TOLD_FAILURES));
  const happened = [
    ...failures.flatMap(traceStations),
    ...historyStations(histories, name, new Set(rows.map(({ owner }) => owner))),
  ];
  const unanswered = unansweredOf(declared);
  return {
    stations: [
      ...sortStations(happened),
      ...rows.map(declaredStation),
      ...unanswered.map(unknownStation),
    ],
    open: own.filter(({ state }) => state === 'open' || state === 'quarantined').length,
    unanswered: unanswered.length,
  };
}

/** Failures that name the gateway, and those of its owner that name no gateway at all. */
function failuresOf(
  heads: readonly FailureHead[],
  { cluster, gateway }: GatewayName,
  rows: readonly PortRow[],
): readonly FailureHead[] {
  return heads.filter(
    (head) =>
      clusterOfFailure(head) === cluster &&
      (head.gateways.includes(gateway) ||
        rows.some((row) => row.owner === head.owner && head.gateways.length === 0)),
  );
}

/** A failure that was removed in the meantime is left out. */
async function wholeFailures(
  store: FailureStore,
  heads: readonly FailureHead[],
): Promise<readonly Failure[]> {
  const found = await Promise.all(heads.map(({ id }) => store.get(id)));
  return found.filter((failure) => failure !== undefined);
}

/**
 * The results of all owners of the cluster. For an owner of the gateway, unchanged results count as
 * well.
 */
function historyStations(
  histories: readonly OwnerHistory[],
  { cluster, gateway }: GatewayName,
  owning: ReadonlySet<string>,
): readonly TraceStation[] {
  return histories
    .filter(({ owner }) => parseOwner(owner).cluster === cluster)
    .flatMap(({ owner, chapters: entries }) =>
      entries.flatMap((entry) => entryStations(entry, gateway, owning.has(owner))),
    );
}

/** The current state, which has no time. */
function declaredStation(row: PortRow): TraceStation {
  return {
    what: 'declared',
    where: `${row.device}, partition ${row.partition}`,
    details: `${row.exposure} at revision ${row.revision} with ${row.members} members, since ${row.since}`,
  };
}

/** A partition that was not read may declare the gateway too. */
function unknownStation({ device, partition, problem, code }: UnansweredPartition): TraceStation {
  return {
    what: 'unknown',
    where: `${device}, partition ${partition}`,
    details: `${problem} (${code})`,
  };
}
