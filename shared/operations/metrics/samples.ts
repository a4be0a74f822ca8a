/** The metrics that the failure store and the queues know. Pure. */
import type { SluiceConfig } from '../../config/schema.ts';
import { codeLabel } from '../../domain/codes/index.ts';
import type { FailureHead } from '../../failures/port.ts';
import type { ReplayJob } from '../../failures/replay/job.ts';
import { JobState } from '../../failures/replay/job.ts';
import type { AuditView } from '../../failures/views.ts';
import type { MetricLabels, MetricSample } from '../../telemetry/metric.ts';
import type { ReadName } from '../../telemetry/metrics.ts';
import type { ClusterRow } from '../clusters/rows.ts';
import { isDrift } from '../drift/drifted.ts';
import type { QueueRow } from '../status/status.ts';
import type { WaitingDevice } from '../waiting/waiting.ts';

/** What the failure store knows. */
export interface StoredFacts {
  readonly heads: readonly Pick<FailureHead, 'queue' | 'code' | 'state'>[];
  readonly jobs: readonly Pick<ReplayJob, 'state'>[];
  /** Devices for which changes wait. */
  readonly waiting: readonly WaitingDevice[];
  readonly audits: readonly AuditView[];
  readonly clusters: readonly ClusterRow[];
  /** By queue, in milliseconds since 1970, see {@link QueueSights}. */
  readonly since: ReadonlyMap<string, number>;
}

/** `now`: milliseconds since 1970. */
export interface Facts {
  readonly config: Pick<SluiceConfig, 'clusters' | 'devices'>;
  readonly queues: readonly QueueRow[];
  /** Absent if the failure store does not answer. */
  readonly stored?: StoredFacts | undefined;
  readonly now: number;
}

/** A gauge with its labels. */
function gauge(name: ReadName, labels: MetricLabels, value: number): MetricSample {
  return { name, labels, value };
}

/** What is not known has no value. */
export function samplesOf(facts: Facts): readonly MetricSample[] {
  const { stored, queues } = facts;
  return [
    gauge('sluice_store_reachable', {}, Number(stored !== undefined)),
    ...queues.flatMap((queue) => ofQueue(queue, facts)),
    ...ofSettled(facts),
    ...(stored === undefined
      ? []
      : [
          ...facts.config.devices.flatMap(({ name }) => ofDevice(name, stored)),
          ...ofFailures(stored.heads),
          ...ofJobs(stored.jobs),
          ...stored.clusters.flatMap((row) => ofCluster(row, facts)),
        ]),
  ];
}

function ofQueue(row: QueueRow, facts: Facts): readonly MetricSample[] {
  const { queue, waiting, inFlight, problem } = row;
  if (problem !== undefined) return [gauge('sluice_queue_reachable', { queue }, 0)];
  const oldest = oldestSeconds(row, facts);
  return [
    gauge('sluice_queue_reachable', { queue }, 1),
    gauge('sluice_queue_messages', { queue, state: 'waiting' }, waiting),
    gauge('sluice_queue_messages', { queue, state: 'in_flight' }, inFlight),
    ...(oldest === undefined ? [] : [gauge('sluice_queue_oldest_seconds', { queue }, oldest)]),
  ];
}

/** Undefined if it cannot be known without the failure store. */
function oldestSeconds(row: QueueRow, { stored, now }: Facts): number | undefined {
  const { queue, waiting, inFlight, oldest } = row;
  const seconds = (since: number): number => Math.max(0, now - since) / 1_000;
  if (oldest !== undefined) return seconds(oldest);
  if (waiting + inFlight === 0) return 0;
  if (stored === undefined) return undefined;
  const since = waiting === 0 ? undefined : stored.since.get(queue);
  return since === undefined ? 0 : seconds(since);
}

function ofSettled(facts: Facts): readonly MetricSample[] {
  const ages = facts.queues
    .filter(({ queue, problem }) => queue.startsWith('settled-') && problem === undefined)
    .flatMap((row) => oldestSeconds(row, facts) ?? []);
  return ages.length === 0 ? [] : [gauge('sluice_settled_oldest_seconds', {}, Math.max(...ages))];
}

function ofDevice(
  device: string,
  { waiting, audits }: Pick<StoredFacts, 'waiting' | 'audits'>,
): readonly MetricSample[] {
  const wait = waiting.find((one) => one.device === device);
  const audit = audits.find((one) => one.device === device);
  const changes = wait === undefined ? 0 : wait.ingresses + wait.orders;
  const waits = gauge('sluice_device_waiting_changes', { device }, changes);
  const isAway = wait?.state === 'away';
  if (audit === undefined)
    return isAway ? [gauge('sluice_device_reachable', { device }, 0), waits] : [waits];
  const { at, hostname, software, problem } = audit;
  return [
    gauge('sluice_device_reachable', { device }, Number(!isAway && problem === undefined)),
    gauge('sluice_device_audit_timestamp_seconds', { device }, Date.parse(at) / 1_000),
    waits,
    ...(software === undefined
      ? []
      : [gauge('sluice_device_info', { device, unit: hostname ?? '', software }, 1)]),
    ...(problem === undefined ? ofFindings(audit) : []),
  ];
}

/** With a zero for the device, so that an alert on it ends. */
function ofFindings({ device, findings }: AuditView): readonly MetricSample[] {
  const byCode = Map.groupBy(findings.filter(isDrift), ({ code }) => codeLabel(code));
  if (byCode.size === 0) return [gauge('sluice_drift_findings', { device, code: '' }, 0)];
  return [...byCode].map(([code, same]) =>
    gauge('sluice_drift_findings', { device, code }, same.length),
  );
}

const NEEDY = ['open', 'quarantined'] as const;

function ofFailures(heads: StoredFacts['heads']): readonly MetricSample[] {
  return NEEDY.flatMap((state) => {
    const own = heads.filter((head) => head.state === state);
    if (own.length === 0) return [gauge('sluice_failures', { queue: '', code: '', state }, 0)];
    const groups = Map.groupBy(own, ({ queue, code }) => `${queue} ${codeLabel(code)}`);
    return [...groups].map(([key, same]) => {
      const [queue = '', code = ''] = key.split(' ');
      return gauge('sluice_failures', { queue, code, state }, same.length);
    });
  });
}

const ENDED: ReadonlySet<JobState> = new Set(['cancelled', 'done']);

function ofJobs(jobs: StoredFacts['jobs']): readonly MetricSample[] {
  return JobState.options
    .filter((state) => !ENDED.has(state))
    .map((state) =>
      gauge('sluice_replay_jobs', { state }, jobs.filter((job) => job.state === state).length),
    );
}

/** Clusters that only occur on devices are left out: anybody could name them. */
function ofCluster(
  { cluster, device, seen, silent, silenceUnknown, held, waiting = 0 }: ClusterRow,
  { config, now }: Facts,
): readonly MetricSample[] {
  if (!config.clusters.some(({ id }) => id === cluster)) return [];
  const labels = { cluster, device };
  return [
    ...(seen === undefined || silenceUnknown === true
      ? []
      : [
          gauge(
            'sluice_cluster_silence_seconds',
            labels,
            Math.max(0, now - Date.parse(seen)) / 1_000,
          ),
        ]),
    ...(silenceUnknown === true ? [] : [gauge('sluice_cluster_silent', labels, Number(silent))]),
    gauge('sluice_cluster_held_removals', labels, held + waiting),
  ];
}
