/** The stations of one event, in order: where it was, and with which result. Pure. */
import { formatRevision } from '../../domain/revision.ts';
import type { HistoryEntry } from '../../failures/history.ts';
import type { Failure } from '../../failures/port.ts';
import { parseAttributes } from '../../queue/envelope-attributes.ts';
import type { Hop } from '../../queue/hops.ts';

/** One line of `sluice trace`. */
export interface TraceStation {
  /** RFC 3339; absent for the current state. */
  readonly at?: string;
  /** What happened, in a word or two. */
  readonly what: string;
  /** The function, queue or device. */
  readonly where: string;
  readonly details: string;
}

/** Removes duplicates, because history and failure contain the same hops. */
export function sortStations(stations: readonly TraceStation[]): readonly TraceStation[] {
  const known = new Map(
    stations.map((station) => [JSON.stringify([station.at, station.what, station.where]), station]),
  );
  return [...known.values()].sort((a, b) => ((a.at ?? '') < (b.at ?? '') ? -1 : 1));
}

/** What a hop means, by the function that recorded it. */
const PLACE: Readonly<Record<string, string>> = {
  watch: 'seen and queued',
  map: 'mapped',
  apply: 'planned',
};

/** The stations that an event passed before its result. */
const hopStations = (hops: readonly Hop[], name: string): readonly TraceStation[] =>
  hops.map((hop) => ({
    at: hop.at,
    what: PLACE[hop.where] ?? 'passed',
    where: hop.where,
    details: name,
  }));

/**
 * Pure: the stations of one result. `owned`: the gateway is declared for this owner, so unchanged
 * results also apply to it.
 */
export function entryStations(
  entry: HistoryEntry,
  gateway: string,
  owned: boolean,
): readonly TraceStation[] {
  const own = entry.lines.filter((line) => line.gateways.includes(gateway));
  const quiet = own.length === 0 && owned && entry.outcomes['unchanged'] !== undefined;
  if (own.length === 0 && !quiet) return [];
  const name = `revision ${formatRevision(entry.revision)}`;
  const how = [
    entry.job === undefined ? '' : `replay job ${entry.job}`,
    entry.attempt > 1 ? `try ${entry.attempt}` : '',
    entry.times > 1 ? `${entry.times} times since ${rfc(entry.at)}` : '',
  ]
    .filter(Boolean)
    .join(', ');
  const said = (text: string): string => [name, how, text].filter(Boolean).join(': ');
  const where = entry.device ?? 'map';
  const at = rfc(entry.last);
  const results = quiet
    ? [{ at, what: 'unchanged', where, details: said('already up to date') }]
    : own.map((line): TraceStation => ({
        at,
        what: line.outcome === 'retry' ? 'will be retried' : line.outcome,
        where: `${where}, ${line.key}`,
        details: said(line.code === 'OK' ? line.message : `${line.message} (${line.code})`),
      }));
  return [...hopStations(entry.hops, name), ...results];
}

/** Milliseconds since 1970 as text. */
const rfc = (at: number): string => new Date(at).toISOString();

/** Pure: the stations of one failed event. */
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
