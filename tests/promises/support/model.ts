/**
 * Checks the promises from outside while apply works: every declared state and every result, as it
 * appears.
 */
import type { Capabilities } from '../../../shared/device/capabilities.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Exposure, Settled, Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { Settings } from '../../../shared/domain/exposure/settings/settings.ts';
import { exposureKey } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredExposure, DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { isSameContent } from '../../../shared/domain/declared/declared.ts';
import { compareVersions, formatRevision } from '../../../shared/domain/revision.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import type { Gate } from './gate.ts';
import { killAt, pauseAt } from './gate.ts';
import type { World } from './world.ts';
import { CLUSTERS, createWorld, ownerOf } from './world.ts';

/** `bad` refers to an object that is missing on the device until it is added. */
export type Variant = 'plain' | 'other' | 'bad';
export interface Want {
  readonly port: number;
  readonly variant: Variant;
  readonly pod: number;
}
export type DeviceFault = 'busy' | 'login' | 'timeout' | 'lost reply' | 'away' | 'slow' | 'raced';

const MISSING = '/Common/missing';
const VARIANTS: Readonly<Record<Variant, Settings>> = {
  plain: SETTINGS,
  other: { ...SETTINGS, balance: 'least-connections-member' },
  bad: { ...SETTINGS, iRules: [MISSING] },
};

export interface Model {
  readonly world: World;
  /** Descriptions of broken promises; empty as long as all hold. */
  readonly violations: readonly string[];
  say(cluster: number, wants: readonly Want[]): Promise<void>;
  /** Sends an old event again, as a replay does. */
  again(index: number): Promise<void>;
  /** Runs one batch, with these faults for its first calls to the device. */
  work(faults: readonly DeviceFault[]): Promise<void>;
  crash(write: number, when: 'before' | 'after'): Promise<void>;
  /** A process that pauses during its work and continues after another one has taken over. */
  twin(write: number): Promise<void>;
  release(): Promise<void>;
  mend(mended: boolean): void;
  /** Whether a lookup before the declare shows which objects are missing on the device. */
  look(shows: boolean): void;
  /** Runs an audit, which may find that a virtual server was disabled by hand. */
  audit(port: number | undefined): Promise<void>;
  /** Another client of the device adds or removes a virtual server at a port. */
  foreign(port: number | undefined): void;
  /** All faults end, missing objects are added, and every watcher resyncs. */
  quiet(): Promise<void>;
  /** The exposures that must then be declared. */
  problemsAtRest(): readonly string[];
}

export function createModel(capabilities?: Capabilities): Model {
  const world = createWorld({ capabilities });
  const sent: Slice[] = [];
  const violations: string[] = [];
  const latest = new Map<string, readonly Want[]>();
  const twins: { gate: Gate & { release(): void }; done: Promise<unknown> }[] = [];
  let counter = 0;
  let shows = false;
  let faults: DeviceFault[] = [];
  /**
   * A delayed result reports what was true when it was made; the next resync corrects it.
   */
  let late = false;

  const wantedAt = (
    owner: string,
    version: Slice['version'] | undefined,
  ): readonly Exposure[] | undefined =>
    sent.find(
      (s) =>
        s.owner === owner && version !== undefined && compareVersions(s.version, version) === 0,
    )?.exposures;
  watchDeclares(world, wantedAt, violations);
  watchResults(world, sent, (violation) => late || violations.push(violation));
  const { device } = world;
  const fail = (commit?: () => void): void => {
    const fault = faults.shift();
    if (fault === 'lost reply' && commit) commit();
    if (fault !== undefined) throw errorOf(fault);
  };
  device.absent.add(MISSING);
  device.reach = () => {
    if (faults[0] === 'away' || faults[0] === 'login') fail();
  };
  device.before = (_partition, _next, commit) => fail(commit);
  const lookUp = device.missing.bind(device);
  device.missing = async (references) => (shows ? lookUp(references) : []);

  const send = async (owner: string, wants: readonly Want[]): Promise<void> => {
    const one = slice(
      ++counter,
      wants.map((want) => exposureOf(owner, want)),
      { owner, clusterUid: `uid-${owner}` },
    );
    latest.set(owner, wants);
    sent.push(one);
    await world.send(one);
  };
  const release = async (): Promise<void> => {
    for (const { gate, done } of twins.splice(0)) {
      late = true;
      gate.release();
      await done;
      late = false;
    }
  };
  return {
    world,
    violations,
    say: (cluster, wants) => send(ownerOf(CLUSTERS[cluster]!), wants),
    again: async (index) => {
      const one = sent[index % Math.max(1, sent.length)];
      if (one) await world.send(one);
    },
    work: async (list) => {
      faults = [...list];
      await world.step();
      faults = [];
      world.clock.advance(1_000);
    },
    crash: async (write, when) => void (await world.step(killAt(write, when))),
    twin: async (write) => {
      const gate = pauseAt(write);
      const done = world.step(gate);
      await Promise.race([gate.paused, done]);
      twins.push({ gate, done });
      world.clock.advance(200_000);
    },
    release,
    mend: (is) => {
      if (is) device.absent.delete(MISSING);
      else device.absent.add(MISSING);
    },
    look: (is) => {
      shows = is;
    },
    audit: async (port) => {
      const key = `172.16.100.195:${port}/tcp`;
      await world.audit(
        ['k8s'],
        port === undefined
          ? {}
          : {
              adopt: [
                { partition: 'k8s', key, values: { enabled: false }, instead: { enabled: true } },
              ],
            },
      );
    },
    foreign: (port) => {
      const isFree = !Object.values(device.state().exposures).some((e) => e.port === port);
      device.holders.length = 0;
      if (port !== undefined && isFree)
        device.holders.push({
          path: `/Common/theirs-${port}`,
          partition: 'Common',
          address: '172.16.100.195',
          port,
        });
    },
    quiet: async () => {
      await release();
      device.absent.clear();
      device.holders.length = 0;
      await world.drain();
      // Conflicts and quarantines end with the following resyncs; the promise allows three.
      for (let round = 0; round < 3; round++) {
        world.clock.advance(2 * 60 * 60_000);
        for (const [owner, wants] of latest) await send(owner, wants);
        await world.drain();
      }
    },
    problemsAtRest: () => [
      ...violations,
      ...restProblems(world.device.state(), latest),
      ...lostEvents(world, sent),
    ],
  };
}

function exposureOf(owner: string, { port, variant, pod }: Want): Exposure {
  return exposure({
    port,
    settings: VARIANTS[variant],
    members: [
      {
        address: `10.${CLUSTERS.findIndex((c) => ownerOf(c) === owner)}.0.${pod}`,
        port: 8080,
        availability: 'ready',
      },
    ],
    gateways: [`ns/gw-${port}`],
    since: `2026-01-0${1 + CLUSTERS.findIndex((c) => ownerOf(c) === owner)}T00:00:00Z`,
  });
}

function errorOf(fault: DeviceFault): DeviceError {
  const errors: Readonly<Record<DeviceFault, () => DeviceError>> = {
    busy: () => new DeviceError('BIP503', 'transient', 'busy'),
    login: () => new DeviceError('BIP401', 'device', 'the login is refused'),
    timeout: () => new DeviceError('BIP502', 'ambiguous', 'no answer'),
    'lost reply': () => new DeviceError('BIP505', 'ambiguous', 'HTML 500'),
    away: () => new DeviceError('BIP501', 'transient', 'not reachable'),
    slow: () =>
      new DeviceError('BIP505', 'ambiguous', 'the script takes too long', { hint: 'slow' }),
    raced: () => new DeviceError('BIP421', 'content', 'it exists already', { hint: 'raced' }),
  };
  return errors[fault]();
}

type WantedAt = (
  owner: string,
  version: Slice['version'] | undefined,
) => readonly Exposure[] | undefined;

/** Promises 3, 6 and 7 at every single write. */
function watchDeclares(world: World, wantedAt: WantedAt, violations: string[]): void {
  world.device.after = (before, next) => {
    for (const [owner, record] of Object.entries(before.owners)) {
      const now = next.owners[owner];
      if (!now || compareVersions(now.version, record.version) < 0)
        violations.push(
          `3: ${owner} was rolled back from ${formatRevision(record.version)} to ` +
            (now ? formatRevision(now.version) : 'nothing'),
        );
    }
    for (const [key, e] of Object.entries(before.exposures)) {
      const gone = e.contributions.filter(
        (c) => !next.exposures[key]?.contributions.some((n) => n.owner === c.owner),
      );
      for (const { owner } of gone) {
        const wanted = wantedAt(owner, next.owners[owner]?.version)?.some(
          (w) => exposureKey(w) === key,
        );
        if (wanted !== false) violations.push(`7: ${key} was taken from ${owner}, who wants it`);
      }
    }
    for (const [key, e] of Object.entries(next.exposures)) {
      if (new Set(e.contributions.map((c) => c.owner)).size !== 1)
        violations.push(`7: ${key} has several owners`);
    }
  };
}

/** Promise 9: a result reports what is on the device at that moment. */
function watchResults(
  world: World,
  sent: readonly Slice[],
  report: (violation: string) => void,
): void {
  world.onSettled = (settled: Settled) => {
    const asked = sent.find(
      (s) => s.owner === settled.owner && compareVersions(s.version, settled.version) === 0,
    );
    const state = world.device.state();
    const current = state.owners[settled.owner]?.version;
    if (!asked || !current || compareVersions(current, settled.version) !== 0) return;
    for (const result of settled.exposures) {
      const wanted = asked.exposures.find((e) => exposureKey(e) === exposureKey(result));
      const there =
        wanted !== undefined &&
        isDeclared(state.exposures[exposureKey(result)], settled.owner, wanted);
      const says = result.outcome === 'applied' || result.outcome === 'unchanged';
      if (result.outcome !== 'retry' && wanted && says !== there)
        report(
          `9: ${exposureKey(result)} of ${settled.owner} at ` +
            `${formatRevision(settled.version)} is said to be ${result.outcome} and ` +
            `${there ? 'is' : 'is not'} declared so`,
        );
    }
  };
}

function isDeclared(
  declared: DeclaredExposure | undefined,
  owner: string,
  wanted: Exposure,
): boolean {
  const mine = declared?.contributions.find((c) => c.owner === owner);
  return (
    mine !== undefined &&
    isSameContent(declared?.settings, wanted.settings) &&
    isSameContent(mine.members, wanted.members)
  );
}

/**
 * Promise 2: the final declared state follows from the last events, whatever happened before.
 */
function restProblems(
  state: DeclaredState,
  latest: ReadonlyMap<string, readonly Want[]>,
): readonly string[] {
  const keys = new Set([
    ...Object.keys(state.exposures),
    ...[...latest].flatMap(([owner, wants]) => wants.map((w) => exposureKey(exposureOf(owner, w)))),
  ]);
  return [...keys].flatMap((key) => {
    const wishes = [...latest]
      .flatMap(([owner, wants]) => wants.map((w) => ({ owner, wanted: exposureOf(owner, w) })))
      .filter(({ wanted }) => exposureKey(wanted) === key);
    const declared = state.exposures[key];
    if (wishes.length === 0) return declared ? [`2: ${key} is declared and not wanted`] : [];
    const holder = wishes.find(({ owner, wanted }) => isDeclared(declared, owner, wanted));
    return holder
      ? []
      : [`2: ${key} is not declared as any of ${wishes.map((w) => w.owner).join(', ')} wants it`];
  });
}

/** Promise 1: every event has a visible result, and the queue is empty. */
function lostEvents(world: World, sent: readonly Slice[]): readonly string[] {
  const ends = new Set([
    ...world
      .settled()
      .filter((s) => s.exposures.every((e) => e.outcome !== 'retry'))
      .map((s) => `${s.owner} ${formatRevision(s.version)}`),
    ...world.log
      .filter((l) => l.message === 'superseded by a newer slice')
      .map((l) => `${String(l['owner'])} ${String(l['revision'])}`),
  ]);
  const lost = sent.filter((s) => !ends.has(`${s.owner} ${formatRevision(s.version)}`));
  const waiting = world.queues.messages('slices').length;
  return [
    ...lost.map((s) => `1: ${s.owner} at ${formatRevision(s.version)} has no end`),
    ...(waiting > 0 ? [`1: ${waiting} messages are stuck`] : []),
  ];
}
