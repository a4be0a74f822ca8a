/** `sluice status`: clusters, queues, devices, failures and jobs on one screen. */
import type { Command } from 'commander';
import { parseOwner } from '../../../shared/domain/ingress/snapshot.ts';
import { compareRevisions, formatRevision } from '../../../shared/domain/revision.ts';
import { clusterOf } from '../../../shared/failures/filter.ts';
import type { Head } from '../../../shared/failures/port.ts';
import type { QueueName } from '../../../shared/queue/port.ts';
import { errorCode, errorMessage } from '../../../shared/telemetry/errors.ts';
import { atDesk, withConfig } from '../failures/context.ts';
import type { CommonOptions, Desk } from '../failures/context.ts';
import { readDeclared } from '../failures/declared.ts';
import type { Declared } from '../failures/declared.ts';
import { ago, jobTable } from '../failures/say.ts';
import type { Format } from '../output.ts';
import { columns, formatOption, print } from '../output.ts';

interface StatusOptions extends CommonOptions {
  readonly watch: boolean;
  readonly interval: string;
  readonly output: Format;
}

interface QueueRow {
  readonly queue: string;
  readonly waiting?: number;
  readonly inFlight?: number;
  readonly problem?: string;
}

interface ClusterRow {
  readonly cluster: string;
  readonly ingresses: number;
  readonly exposures: number;
  /** The newest that any device declares. */
  readonly revision: string;
  readonly openFailures: number;
  readonly lastFailure?: number;
}

export function registerStatus(program: Command): void {
  withConfig(program.command('status'))
    .description('clusters, queues, devices, failures and replay jobs')
    .option('-w, --watch', 'again and again, until Ctrl-C', false)
    .option('--interval <seconds>', 'with --watch: how often', '2')
    .addOption(formatOption())
    .addHelpText('after', '\nExit code: 0 all is well, 1 error, 2 a device or queue gives no answer, or failures are open.\n\nExample:\n  sluice status -c sluice.yaml --watch')
    .action(status);
}

async function status(options: StatusOptions): Promise<void> {
  const seconds = Number(options.interval);
  if (!(seconds > 0)) throw new Error(`--interval ${options.interval}: write a number of seconds above 0`);
  await atDesk(options, async (desk) => {
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    do {
      const view = await look(desk);
      if (options.watch && options.output === 'table' && process.stdout.isTTY) process.stdout.write('\u001B[2J\u001B[H');
      print(options.output, view, () => tables(view, desk.runtime.clock.now()));
      process.exitCode = isWell(view) ? 0 : 2;
      if (options.watch) await desk.runtime.clock.sleep(seconds * 1_000, stop.signal);
    } while (options.watch && !stop.signal.aborted);
  });
}

type View = Awaited<ReturnType<typeof look>>;

async function look(desk: Desk): Promise<{ readonly clusters: readonly ClusterRow[]; readonly queues: readonly QueueRow[]; readonly devices: readonly object[]; readonly declared: readonly Declared[]; readonly failures: Readonly<Record<string, number>>; readonly jobs: Awaited<ReturnType<Desk['jobs']['list']>> }> {
  const { config, queues } = desk.runtime;
  const names: readonly QueueName[] = ['snapshots', 'slices', 'snapshots-dead', 'slices-dead', ...config.clusters.map(({ id }) => `settled-${id}` as const)];
  const [rows, declared, heads, jobs] = await Promise.all([Promise.all(names.map((name) => depth(queues, name))), readDeclared(desk.runtime), desk.store.list(), desk.jobs.list()]);
  return {
    clusters: config.clusters.map(({ id }) => clusterRow(id, declared, heads)),
    queues: rows,
    devices: declared.map(({ device, partition, ...rest }) => ('state' in rest ? { device, partition, exposures: Object.keys(rest.state.exposures).length, milliseconds: rest.milliseconds } : { device, partition, ...rest })),
    declared,
    failures: Object.fromEntries([...Map.groupBy(heads, (head) => head.state)].map(([state, list]) => [state, list.length])),
    jobs: jobs.filter((job) => job.state !== 'done' && job.state !== 'cancelled'),
  };
}

async function depth(queues: Desk['runtime']['queues'], name: QueueName): Promise<QueueRow> {
  try {
    return { queue: name, ...(await queues.queue(name).depth()) };
  } catch (error) {
    return { queue: name, problem: `${errorCode(error) ?? 'Q601'}: ${errorMessage(error)}` };
  }
}

function clusterRow(cluster: string, declared: readonly Declared[], heads: readonly Head[]): ClusterRow {
  const states = declared.flatMap((d) => ('state' in d ? [d.state] : []));
  const owners = states.flatMap((state) => Object.entries(state.owners).filter(([owner]) => parseOwner(owner).cluster === cluster));
  const newest = owners.map(([, record]) => record.version).sort(compareRevisions).at(-1);
  const open = heads.filter((head) => head.state === 'open' && clusterOf(head) === cluster);
  const exposures = states.flatMap((state) => Object.values(state.exposures)).filter((e) => e.contributions.some((c) => parseOwner(c.owner).cluster === cluster));
  return {
    cluster,
    ingresses: new Set(owners.map(([owner]) => owner)).size,
    exposures: exposures.length,
    revision: newest === undefined ? '-' : formatRevision(newest),
    openFailures: open.length,
    ...(open.length === 0 ? {} : { lastFailure: Math.max(...open.map((head) => head.last)) }),
  };
}

function isWell(view: View): boolean {
  return view.queues.every((q) => q.problem === undefined) && view.declared.every((d) => 'state' in d) && (view.failures['open'] ?? 0) === 0;
}

function tables(view: View, now: number): string {
  const clusters = view.clusters.map((c) => [c.cluster, String(c.ingresses), String(c.exposures), c.revision, String(c.openFailures), c.lastFailure === undefined ? '-' : `${ago(c.lastFailure, now)} ago`]);
  const queues = view.queues.map((q) => [q.queue, q.problem === undefined ? String(q.waiting) : '?', q.problem === undefined ? String(q.inFlight) : '?', q.problem ?? '']);
  const devices = view.declared.map((d) => ('state' in d ? [d.device, d.partition, 'reachable', `${Object.keys(d.state.exposures).length} exposures, read in ${d.milliseconds} ms`] : [d.device, d.partition, d.code, d.problem]));
  const failures = Object.entries(view.failures).map(([state, count]) => `${count} ${state}`).join(', ') || 'none';
  return [
    columns(['CLUSTER', 'INGRESSES', 'EXPOSURES', 'REVISION', 'OPEN FAILURES', 'LAST FAILURE'], clusters),
    columns(['QUEUE', 'WAITING', 'IN FLIGHT', ''], queues),
    columns(['DEVICE', 'PARTITION', 'STATE', ''], devices),
    `Failures: ${failures}`,
    ...(view.jobs.length === 0 ? [] : [jobTable(view.jobs, now)]),
  ].join('\n\n');
}
