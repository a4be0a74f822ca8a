/** `sluice trace CLUSTER/NAMESPACE/GATEWAY`: where its newest events were, and when, as far as device and failure store know. */
import type { Command } from 'commander';
import { formatRevision } from '../../../shared/domain/revision.ts';
import { clusterOf } from '../../../shared/failures/filter.ts';
import type { Failure } from '../../../shared/failures/port.ts';
import { readAttributes } from '../../../shared/queue/envelope-attributes.ts';
import { atDesk, withConfig } from '../failures/context.ts';
import type { CommonOptions } from '../failures/context.ts';
import { readDeclared } from '../failures/declared.ts';
import { portRows } from './ports.ts';
import type { Format } from '../output.ts';
import { columns, formatOption, print } from '../output.ts';

export interface Station {
  /** RFC 3339; absent for what is so now. */
  readonly at?: string;
  readonly what: string;
  readonly where: string;
  readonly details: string;
}

export function registerTrace(program: Command): void {
  withConfig(program.command('trace <gateway>'))
    .description('CLUSTER/NAMESPACE/GATEWAY: seen, queued, mapped, tried, parked, replayed, and what is declared now')
    .addOption(formatOption())
    .addHelpText('after', '\nExit code: 0 declared and nothing open, 1 error, 2 something is open or nothing is known.\n\nExample:\n  sluice trace -c sluice.yaml east/team/web')
    .action(trace);
}

async function trace(name: string, options: CommonOptions & { readonly output: Format }): Promise<void> {
  const [cluster = '', namespace = '', gateway = '', ...rest] = name.split('/');
  if (gateway === '' || rest.length > 0) throw new Error(`${name}: write it as CLUSTER/NAMESPACE/GATEWAY`);
  await atDesk(options, async ({ store, runtime }) => {
    const key = `${namespace}/${gateway}`;
    const declared = await readDeclared(runtime);
    const rows = portRows(declared).filter((row) => row.owner.startsWith(`${cluster}/`) && row.gateways.includes(key));
    const heads = (await store.list()).filter((head) => clusterOf(head) === cluster && (head.gateways.includes(key) || rows.some((row) => row.owner === head.owner && head.gateways.length === 0)));
    const failures = (await Promise.all(heads.slice(0, 50).map(({ id }) => store.get(id)))).filter((failure) => failure !== undefined);
    const now = rows.map((row): Station => ({ what: 'declared', where: `${row.device}, partition ${row.partition}`, details: `${row.exposure} at revision ${row.revision} with ${row.members} members` }));
    const away = declared.flatMap((d): Station[] => ('state' in d ? [] : [{ what: 'unknown', where: `${d.device}, partition ${d.partition}`, details: `${d.code}: ${d.problem}` }]));
    const stations = [...failures.flatMap(stationsOf).sort(byTime), ...now, ...away];
    print(options.output, stations, () => (stations.length === 0 ? `Nothing is known of ${name}: no device declares it and nothing of it failed. "sluice why ${key}" asks the cluster.` : columns(['AT', 'WHAT', 'WHERE', ''], stations.map((s) => [s.at ?? 'now', s.what, s.where, s.details]))));
    if (stations.length === 0 || away.length > 0 || heads.some((head) => head.state === 'open' || head.state === 'quarantined')) process.exitCode = 2;
  });
}

function byTime(a: Station, b: Station): number {
  return (a.at ?? '') < (b.at ?? '') ? -1 : 1;
}

const PLACE: Readonly<Record<string, string>> = { watch: 'seen and queued', map: 'mapped', apply: 'planned' };

/** Pure: the way of one failed event. */
export function stationsOf(failure: Failure): readonly Station[] {
  const { details, revision, id, exposure, device, state, note, changed } = failure;
  const name = revision === undefined ? 'an event' : `revision ${formatRevision(revision)}`;
  const read = readAttributes(details.event.body);
  const made: readonly Station[] = 'ok' in read ? [{ at: read.ok.time, what: 'sent', where: details.event.queue, details: name }, ...read.ok.hops.map((hop) => ({ at: hop.at, what: PLACE[hop.where] ?? 'passed', where: hop.where, details: name }))] : [];
  const tried = details.attempts.map((a): Station => ({ at: a.at, what: 'tried', where: device ?? details.event.queue, details: `${a.code}: ${a.reason}` }));
  const parked: Station = { at: new Date(failure.last).toISOString(), what: 'parked', where: `failure ${id}`, details: [exposure, failure.sentence].filter(Boolean).join(': ') };
  const after: readonly Station[] = state === 'open' ? [] : [{ at: new Date(changed).toISOString(), what: state, where: `failure ${id}`, details: note ?? '' }];
  return [...made, ...tried, parked, ...after];
}
