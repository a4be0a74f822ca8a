/** `sluice trace CLUSTER/NAMESPACE/GATEWAY`: where its newest events were, and when, across retries and replays, as far as device and failure store know. */
import type { Command } from 'commander';
import { parseOwner } from '../../../shared/domain/snapshot/snapshot.ts';
import { formatRevision } from '../../../shared/domain/revision.ts';
import { clusterOfFailure } from '../../../shared/failures/filter.ts';
import type { HistoryEntry } from '../../../shared/failures/history.ts';
import type { Failure } from '../../../shared/failures/port.ts';
import { parseAttributes } from '../../../shared/queue/envelope-attributes.ts';
import type { Hop } from '../../../shared/queue/hops.ts';
import { withContext, addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import { readDeclaredPartitions } from '../../../shared/operations/devices/declared-partitions.ts';
import { portRows } from './ports.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatTable, formatOption, printData } from '../terminal/output.ts';

export interface TraceStation {
  /** RFC 3339; absent for what is so now. */
  readonly at?: string;
  readonly what: string;
  readonly where: string;
  readonly details: string;
}

export function registerTrace(program: Command): void {
  addConfigOption(program.command('trace <gateway>'))
    .description(
      'CLUSTER/NAMESPACE/GATEWAY: seen, queued, mapped, tried, parked, replayed, and what is declared now',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 declared and nothing open, 1 error, 2 something is open or nothing is known.\n\nExample:\n  sluice trace -c sluice.yaml east/team/web',
    )
    .action(trace);
}

async function trace(
  name: string,
  options: CommonOptions & { readonly output: OutputFormat },
): Promise<void> {
  const [cluster = '', namespace = '', gateway = '', ...rest] = name.split('/');
  if (gateway === '' || rest.length > 0)
    throw new Error(`${name}: write it as CLUSTER/NAMESPACE/GATEWAY`);
  await withContext(options, async ({ store, history, runtime }) => {
    const key = `${namespace}/${gateway}`;
    const [declared, all, heads] = await Promise.all([
      readDeclaredPartitions(runtime),
      history.all(),
      store.list(),
    ]);
    const rows = portRows(declared).filter(
      (row) => row.owner.startsWith(`${cluster}/`) && row.gateways.includes(key),
    );
    const mine = heads.filter(
      (head) =>
        clusterOfFailure(head) === cluster &&
        (head.gateways.includes(key) ||
          rows.some((row) => row.owner === head.owner && head.gateways.length === 0)),
    );
    const failures = (await Promise.all(mine.slice(0, 50).map(({ id }) => store.get(id)))).filter(
      (failure) => failure !== undefined,
    );
    const told = all
      .filter(({ owner }) => parseOwner(owner).cluster === cluster)
      .flatMap((story) =>
        story.chapters.flatMap((chapter) =>
          chapterStations(
            chapter,
            key,
            rows.some((row) => row.owner === story.owner),
          ),
        ),
      );
    const now = rows.map((row): TraceStation => ({
      what: 'declared',
      where: `${row.device}, partition ${row.partition}`,
      details: `${row.exposure} at revision ${row.revision} with ${row.members} members, there since ${row.since}`,
    }));
    const away = declared.flatMap((d): TraceStation[] =>
      'state' in d
        ? []
        : [
            {
              what: 'unknown',
              where: `${d.device}, partition ${d.partition}`,
              details: `${d.problem} (${d.code})`,
            },
          ],
    );
    const stations = [...inOrder([...failures.flatMap(traceStations), ...told]), ...now, ...away];
    printData(options.output, stations, () =>
      stations.length === 0
        ? visible(
            `Nothing is known of ${name}: no device declares it and nothing of it failed. "sluice why ${key}" asks the cluster.`,
          )
        : formatTable(
            ['AT', 'WHAT', 'WHERE', ''],
            stations.map((s) => [s.at ?? 'now', s.what, s.where, s.details]),
          ),
    );
    if (
      stations.length === 0 ||
      away.length > 0 ||
      mine.some((head) => head.state === 'open' || head.state === 'quarantined')
    )
      process.exitCode = 2;
  });
}

/** Story and failure tell of the same hops; each is shown once. */
function inOrder(stations: readonly TraceStation[]): readonly TraceStation[] {
  const known = new Map(
    stations.map((station) => [JSON.stringify([station.at, station.what, station.where]), station]),
  );
  return [...known.values()].sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? -1 : 1));
}

const PLACE: Readonly<Record<string, string>> = {
  watch: 'seen and queued',
  map: 'mapped',
  apply: 'planned',
};

const hopStations = (hops: readonly Hop[], name: string): readonly TraceStation[] =>
  hops.map((hop) => ({
    at: hop.at,
    what: PLACE[hop.where] ?? 'passed',
    where: hop.where,
    details: name,
  }));

/** Pure: the way of one result. `owned`: the gateway is declared for this owner, so results that changed nothing are about it too. */
export function chapterStations(
  chapter: HistoryEntry,
  gateway: string,
  owned: boolean,
): readonly TraceStation[] {
  const own = chapter.lines.filter((line) => line.gateways.includes(gateway));
  const quiet = own.length === 0 && owned && chapter.outcomes['unchanged'] !== undefined;
  if (own.length === 0 && !quiet) return [];
  const name = `revision ${formatRevision(chapter.revision)}`;
  const how = [
    chapter.job === undefined ? '' : `replay job ${chapter.job}`,
    chapter.attempt > 1 ? `try ${chapter.attempt}` : '',
    chapter.times > 1 ? `${chapter.times} times since ${rfc(chapter.at)}` : '',
  ]
    .filter(Boolean)
    .join(', ');
  const said = (text: string): string => [name, how, text].filter(Boolean).join(': ');
  const where = chapter.device ?? 'map';
  const at = rfc(chapter.last);
  const results = quiet
    ? [{ at, what: 'unchanged', where, details: said('as wanted already') }]
    : own.map((line): TraceStation => ({
        at,
        what: line.outcome === 'retry' ? 'comes again' : line.outcome,
        where: `${where}, ${line.key}`,
        details: said(line.code === 'OK' ? line.message : `${line.message} (${line.code})`),
      }));
  return [...hopStations(chapter.hops, name), ...results];
}

const rfc = (at: number): string => new Date(at).toISOString();

/** Pure: the way of one failed event. */
export function traceStations(failure: Failure): readonly TraceStation[] {
  const { details, revision, id, exposure, device, state, note, changed } = failure;
  const name = revision === undefined ? 'an event' : `revision ${formatRevision(revision)}`;
  const read = parseAttributes(details.event.body);
  const made: readonly TraceStation[] = 'ok' in read ? hopStations(read.ok.hops, name) : [];
  const tried = details.attempts.map((a): TraceStation => ({
    at: a.at,
    what: 'tried',
    where: device ?? details.event.queue,
    details: `${a.reason} (${a.code})`,
  }));
  const parked: TraceStation = {
    at: rfc(failure.last),
    what: 'parked',
    where: `failure ${id}`,
    details: [exposure, failure.sentence].filter(Boolean).join(': '),
  };
  const after: readonly TraceStation[] =
    state === 'open'
      ? []
      : [{ at: rfc(changed), what: state, where: `failure ${id}`, details: note ?? '' }];
  return [...made, ...tried, parked, ...after];
}
