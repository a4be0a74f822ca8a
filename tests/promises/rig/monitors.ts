/**
 * The promises as they are watched while everything runs: at each write of the device, at each write
 * to Kubernetes and at each message. What they find is a sentence with the number of the promise.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Settled, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { exposureKey, exposureWithKey } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredExposure, DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { isSameContent } from '../../../shared/domain/declared/declared.ts';
import { compareVersions, formatRevision } from '../../../shared/domain/revision.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { SETTLED_EVENTS, SLICE_EVENTS } from '../../../shared/queue/events.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import type { RigCluster } from './clusters.ts';
import type { RigDevice } from './device.ts';
import { watchEnds } from './ends.ts';
import type { ApiWrite } from './kubernetes-core.ts';
import type { Rival } from './rival.ts';

/** What is watched. */
export interface Monitors {
  /** Descriptions of broken promises; empty as long as all hold. */
  readonly violations: readonly string[];
  /** Called with each message that a queue accepts. */
  message(queue: string, body: string): void;
  written(cluster: string, write: ApiWrite): void;
  /** A client asks the API server of a cluster without end. */
  storm(cluster: string, what: string): void;
  /** How many writes of the device were watched. */
  readonly declares: number;
}

/** What the monitors look at, and compare it with. */
export interface Watched {
  readonly device: MemoryDevice;
  readonly faults: RigDevice;
  readonly rival: Rival;
  readonly clusters: readonly RigCluster[];
  readonly dryRun: boolean;
}

export function watchPromises({ device, faults, rival, clusters, dryRun }: Watched): Monitors {
  const violations: string[] = [];
  const slices = new Map<string, string>();
  const contradictions = watchEnds();
  let declares = 0;
  const say = (text: string): void => void violations.push(text);
  const sliceOf = (owner: string, version: Slice['version']): Slice | undefined => {
    const body = slices.get(`${owner} ${formatRevision(version)}`);
    const opened = body === undefined ? undefined : parseEvent(body, SLICE_EVENTS);
    return opened !== undefined && 'ok' in opened ? opened.ok.data : undefined;
  };
  const lookAtOthers = (): void => {
    if (dryRun) say('8: a dry run wrote to the device');
    if (!rival.isIntact()) say('7: what others have on the device changed');
  };
  faults.onWrite = lookAtOthers;
  device.after = (before, next) => {
    declares += 1;
    for (const text of rollbacks(before, next)) say(text);
    for (const text of sharing(next)) say(text);
    for (const part of lostParts(before, next)) {
      const version = next.owners[part.owner]?.version;
      const slice = version && sliceOf(part.owner, version);
      const cluster = clusters.find((one) => one.owner === part.owner);
      for (const text of unproven(part, slice, cluster)) say(text);
    }
    lookAtOthers();
  };
  return {
    violations,
    get declares() {
      return declares;
    },
    message: (queue, body) => {
      if (queue === 'slices') {
        const { type, data } = outsideOf(body);
        if (type in SLICE_EVENTS && data !== undefined)
          slices.set(`${data.owner} ${formatRevision(data.version)}`, body);
      }
      if (!queue.startsWith('settled-')) return;
      const opened = parseEvent(body, SETTLED_EVENTS);
      if (!('ok' in opened)) return;
      const { data } = opened.ok;
      const broken = [
        ...contradictions(data, faults.unit()),
        ...untrue(device.state(), data, sliceOf),
      ];
      for (const text of broken) say(text);
    },
    storm: (cluster, what) => say(`10: in ${cluster}: ${what} again and again`),
    written: (cluster, write) => {
      if (dryRun) say(`8: a dry run wrote to ${cluster}`);
      for (const text of overwritten(write)) say(`7: in ${cluster}: ${text}`);
    },
  };
}

/** Enough of a slice to find it again, without the cost of validating it. */
function outsideOf(body: string): {
  readonly type: string;
  readonly data?: Pick<Slice, 'owner' | 'version'> | undefined;
} {
  const { type, data } = JSON.parse(body) as {
    type: string;
    data?: Pick<Slice, 'owner' | 'version'>;
  };
  return { type, data };
}

function rollbacks(before: DeclaredState, next: DeclaredState): readonly string[] {
  return Object.entries(before.owners).flatMap(([owner, { version }]) => {
    const now = next.owners[owner]?.version;
    return now !== undefined && compareVersions(now, version) >= 0
      ? []
      : [
          `3: ${owner} was rolled back from ${formatRevision(version)} to ` +
            (now ? formatRevision(now) : 'nothing'),
        ];
  });
}

function sharing({ exposures }: DeclaredState): readonly string[] {
  return Object.entries(exposures).flatMap(([key, { contributions }]) =>
    new Set(contributions.map(({ owner }) => owner)).size === 1
      ? []
      : [`7: ${key} has several owners`],
  );
}

/** What an owner had and has no more: an exposure, or a member of one. */
interface LostPart {
  readonly owner: string;
  readonly key: string;
  readonly member?: string;
}

/** Its slice has it still, or nobody ever took it away in Kubernetes. */
function unproven(
  { owner, key, member }: LostPart,
  slice: Slice | undefined,
  cluster: RigCluster | undefined,
): readonly string[] {
  const port = key.split(':')[1]?.split('/')[0] ?? '';
  const isTaken = member === undefined && slice !== undefined && exposureWithKey(slice, key);
  const wasAlways =
    member === undefined ? cluster?.wasAlways('port', port) : cluster?.wasAlways('pod', member);
  return [
    ...(isTaken ? [`7: ${key} was taken from ${owner}, whose slice has it`] : []),
    ...(wasAlways === true
      ? [`6: ${member ?? key} of ${owner} was removed, and nobody ever took it away`]
      : []),
  ];
}

function lostParts(before: DeclaredState, next: DeclaredState): readonly LostPart[] {
  return Object.entries(before.exposures).flatMap(([key, { contributions }]) =>
    contributions.flatMap(({ owner, members }) => {
      const now = next.exposures[key]?.contributions.find((one) => one.owner === owner);
      if (now === undefined) return [{ owner, key }];
      const left = new Set(now.members.map(({ address }) => address));
      return members
        .filter(({ address }) => !left.has(address))
        .map(({ address }) => ({ owner, key, member: address }));
    }),
  );
}

/** A result says what is on the device at that moment. */
function untrue(
  state: DeclaredState,
  settled: Settled,
  sliceOf: (owner: string, version: Slice['version']) => Slice | undefined,
): readonly string[] {
  const { owner, version, exposures } = settled;
  const asked = sliceOf(owner, version);
  const current = state.owners[owner]?.version;
  if (asked === undefined || current === undefined || compareVersions(current, version) !== 0)
    return [];
  return exposures.flatMap((result) => {
    const key = exposureKey(result);
    const wanted = exposureWithKey(asked, key);
    if (result.outcome === 'retry' || wanted === undefined) return [];
    const isThere = isDeclared(state.exposures[key], owner, wanted);
    const saysSo = result.outcome === 'applied' || result.outcome === 'unchanged';
    return saysSo === isThere
      ? []
      : [
          `9: ${key} of ${owner} at ${formatRevision(version)} is said to be ${result.outcome} ` +
            `and ${isThere ? 'is' : 'is not'} declared so`,
        ];
  });
}

function isDeclared(
  declared: DeclaredExposure | undefined,
  owner: string,
  wanted: NonNullable<ReturnType<typeof exposureWithKey>>,
): boolean {
  const mine = declared?.contributions.find((one) => one.owner === owner);
  if (mine === undefined || !isSameContent(declared?.settings, wanted.settings)) return false;
  const has = new Set(mine.members.map(({ address }) => address));
  // A pod that is not ready becomes no member, and a member that is not ready any more stays one.
  return (
    wanted.members.every((one) => one.availability !== 'ready' || has.has(one.address)) &&
    mine.members.every(({ address }) => wanted.members.some((one) => one.address === address))
  );
}

/** Of a Service, only ports, status and the note of the leader are written; nothing else at all. */
function overwritten({ before, after }: ApiWrite): readonly string[] {
  if (before === undefined || before.kind !== 'Service') return [];
  const isSame = isDeepStrictEqual(plain(foreignPart(before)), plain(foreignPart(after)));
  return isSame ? [] : [`${before.kind} ${before.metadata.name} lost what others wrote`];
}

/** Copies have other prototypes where tests have globals of their own. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

function foreignPart(object: ApiWrite['after']): object | undefined {
  if (object === undefined) return undefined;
  const {
    managedFields: _fields,
    resourceVersion: _version,
    generation: _g,
    ...metadata
  } = object.metadata;
  const { status: _status, ...rest } = object;
  const { ports = [], ...spec } = (object['spec'] ?? {}) as {
    readonly ports?: readonly { readonly name?: string }[];
  };
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name]) => !/^(leader|watcher)\.sluice\.io\//.test(name),
  );
  const others = ports.filter(({ name = '' }) => !name.startsWith('tcp-'));
  return { ...rest, metadata: { ...metadata, annotations }, spec: { ...spec, ports: others } };
}
