/**
 * Changes that apply cannot make now: retried in the queue for some minutes, then moved to the
 * failure store.
 */
import type { Device, Devices } from '../../shared/device/device.ts';
import { orderInWords } from '../../shared/failures/waiting/remaining-order.ts';
import { isAbandoned, markedAway } from '../../shared/failures/waiting/away.ts';
import type { OutageReason } from '../../shared/failures/waiting/away.ts';
import type { StoredChange, DeviceMark } from '../../shared/failures/waiting/entry.ts';
import { wantedOf } from '../../shared/failures/waiting/merge.ts';
import type { WaitingPlace } from '../../shared/failures/waiting/place.ts';
import { returnWaitingChanges } from '../../shared/failures/waiting/turn.ts';
import type { Probe, ReturnResult } from '../../shared/failures/waiting/turn.ts';
import { canonicalJson } from '../../shared/domain/declared/declared.ts';
import { orderSubject } from '../../shared/domain/steering/steering.ts';
import { formatRevision } from '../../shared/domain/revision.ts';
import type { Attempt } from '../../shared/queue/dead-letter.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import type { Audit } from '../../shared/queue/events.ts';
import { formatCount } from '../../shared/domain/text/counts.ts';
import type { Arrival } from './arrivals.ts';
import { knownOutage } from './outage.ts';

/** Moves messages for unavailable devices to the failure store, and returns them. */
export interface WaitingChanges {
  /**
   * The device's mark if it is unreachable as far as any process knows, so that all of them
   * together try it no more often than one would. The store is not asked about a device that this
   * process reached a moment ago.
   */
  away(device: string): Promise<DeviceMark | undefined>;
  /** This process worked with the device. */
  reached(device: string): void;
  /**
   * The reason why these messages should leave the queue; undefined if they stay. `since`: the
   * first failed try.
   */
  leave(
    device: string,
    messages: readonly QueueMessage[],
    why: OutageReason & { readonly since: number },
  ): Promise<DeviceMark | undefined>;
  /** Resolves when stored; if it rejects, the message must stay in the queue. */
  keep(device: string, arrival: Arrival, attempts: readonly Attempt[]): Promise<void>;
  /** Probes every device with waiting changes, and returns these to the queue. */
  turns(
    devices: Devices,
    options: { readonly functionVersion: string; readonly signal?: AbortSignal | undefined },
  ): Promise<readonly TurnReport[]>;
}

/** Result of one run for one device. */
export interface TurnReport {
  readonly device: string;
  /** What the run did; `failed`: it could not be checked, and the next run tries again. */
  readonly turn: ReturnResult | 'failed';
  /** Why, if it failed. */
  readonly error?: string;
}

/** Maximum time (milliseconds) and tries in the queue. */
const QUICK = { time: 3 * 60_000, tries: 4 } as const;
/** Milliseconds without access after the store failed to answer, because S3 timeouts are long. */
const REST_MS = 60_000;
/** Milliseconds for which a device counts as reachable after it was reached. */
const NEAR_MS = 60_000;

/** Opens the part of the failure store where changes wait for a device. */
export type OpenWaitingPlace = () => Promise<WaitingPlace>;

/**
 * If the failure store cannot be used, changes stay in the queue, and the store is not tried again
 * for a minute.
 */
export function createWaiting(runtime: Runtime, open: OpenWaitingPlace): WaitingChanges {
  const { clock, log } = runtime;
  /** By device: when this process last reached it, monotonic. */
  const near = new Map<string, number>();
  const access = restingAccess(runtime, open);
  return {
    away: async (device) => {
      if (clock.monotonic() - (near.get(device) ?? -Infinity) < NEAR_MS) return undefined;
      const mark = await access.quietly(device, (place) => place.mark(device));
      return mark?.state === 'away' && !isAbandoned(mark, clock.now()) ? mark : undefined;
    },
    reached: (device) => void near.set(device, clock.monotonic()),
    leave: async (device, messages, why) => {
      near.delete(device);
      return access.quietly(device, async (place) => {
        const before = await place.mark(device);
        if (
          (before === undefined || before.state === 'here') &&
          !messages.some((message) => isTriedEnough(message, clock.now()))
        )
          return undefined;
        return place.updateMark(device, (found) =>
          found?.state === 'away' ? found : markedAway(found, device, { ...why, now: clock.now() }),
        );
      });
    },
    keep: (device, arrival, attempts) =>
      access.guard(async (place) => {
        const overtaken = await place.keep(
          entryOf(device, arrival, { attempts, now: clock.now() }),
        );
        for (const { subject, version } of overtaken)
          if (version)
            log.info(
              { owner: subject, device, revision: formatRevision(version) },
              'superseded by a newer slice',
            );
      }),
    turns: (devices, options) =>
      access.guard((place) => takeTurns(runtime, { ...options, place, devices })),
  };
}

interface PlaceAccess {
  guard<T>(work: (place: WaitingPlace) => Promise<T>): Promise<T>;
  /** Logs instead of rejecting. */
  quietly<T>(device: string, work: (place: WaitingPlace) => Promise<T>): Promise<T | undefined>;
}

/** Rests after each failure of the store. */
function restingAccess(
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
  open: OpenWaitingPlace,
): PlaceAccess {
  let rest = Number.NEGATIVE_INFINITY;
  const guard: PlaceAccess['guard'] = async (work) => {
    if (clock.monotonic() < rest) throw new Error('the failure store did not answer a moment ago');
    try {
      return await work(await open());
    } catch (error) {
      rest = clock.monotonic() + REST_MS;
      throw error;
    }
  };
  const quietly: PlaceAccess['quietly'] = (device, work) =>
    guard(work).catch((error: unknown) => {
      log.warn(
        { device, error: errorMessage(error) },
        'the failure store cannot keep the waiting changes; they stay in the queue',
      );
      return undefined;
    });
  return { guard, quietly };
}

/** Both have to be reached: a queue that redelivers quickly must not end the patience at once. */
function isTriedEnough({ receiveCount, sentAt }: QueueMessage, now: number): boolean {
  return receiveCount >= QUICK.tries && now - sentAt >= QUICK.time;
}

/** The entry of the waiting place for a message. */
function entryOf(
  device: string,
  arrival: Arrival,
  { attempts, now }: { readonly attempts: readonly Attempt[]; readonly now: number },
): Omit<StoredChange, 'format' | 'id'> {
  const { message, meta } = arrival;
  const { body, deduplicationId } = message;
  // It may wait for a second time.
  const sentAt = meta.waited?.sentAt ?? message.sentAt;
  return {
    device,
    since: now,
    sentAt,
    body,
    deduplicationId,
    attempts: [...attempts],
    ...aboutOf(arrival, sentAt),
  };
}

type About = Pick<StoredChange, 'kind' | 'subject' | 'what' | 'group' | 'version' | 'wanted'>;

/** Two clusters with one id are kept apart, because neither supersedes the other. */
function aboutOf(arrival: Arrival, sentAt: number): About {
  const { kind, data, meta } = arrival;
  switch (kind) {
    case 'slice':
      return {
        kind,
        subject: data.owner,
        what: `${data.exposures.length} exposures at revision ${formatRevision(data.version)}`,
        group: `${data.owner} ${data.clusterUid}`,
        version: data.version,
        wanted: wantedOf(data, sentAt),
      };
    case 'absence':
      return {
        kind,
        subject: data.cluster,
        what: `${data.absent.join(', ')} absent at revision ${formatRevision(data.version)}`,
        group: `${data.cluster} ${data.clusterUid}`,
        version: data.version,
      };
    case 'order':
      return {
        kind,
        subject: orderSubject(data),
        what: orderInWords(data),
        group: meta.id,
      };
    case 'audit':
      return {
        kind,
        subject: data.device,
        what: `${auditInWords(data)}: ${data.reason}`,
        group: canonicalJson(data),
      };
  }
}

/** What an audit request asks for, for lists of waiting changes. */
function auditInWords({ partitions, takeOver = [] }: Audit): string {
  if (takeOver.length > 0)
    return `take over ${formatCount(takeOver.length, 'entry', 'entries')} of F5 CIS`;
  return partitions.length === 0
    ? 'restore the paths to pods'
    : `redeclare ${partitions.join(', ')}`;
}

/** One look for devices that work again. */
interface Round {
  /** The part of the failure store where changes wait. */
  readonly place: WaitingPlace;
  readonly devices: Devices;
  /** Of the running function, for what it records. */
  readonly functionVersion: string;
  /** Ends the round early. */
  readonly signal?: AbortSignal | undefined;
}

/** Devices in parallel, so that one that hangs does not delay the others. */
async function takeTurns(
  runtime: Runtime,
  { place, devices, functionVersion, signal }: Round,
): Promise<readonly TurnReport[]> {
  const { config, queues, clock, id, log } = runtime;
  const probe = (name: string): Promise<Probe> => probeDevice(runtime, devices, name);
  return Promise.all(
    config.devices.map(async ({ name: device }): Promise<TurnReport> => {
      try {
        return {
          device,
          turn: await returnWaitingChanges(
            { place, probe, queues, clock, id, log, functionVersion },
            device,
            signal,
          ),
        };
      } catch (error) {
        log.error(
          { device, error: errorMessage(error) },
          'waiting changes for this device could not be checked; the next run tries again',
        );
        return { device, turn: 'failed', error: errorMessage(error) };
      }
    }),
  );
}

/**
 * The first request of apply, and the cheapest: it checks name, certificate, login, permissions and
 * AS3 at once.
 */
async function probeDevice({ config }: Runtime, devices: Devices, name: string): Promise<Probe> {
  const wanted = config.devices.find((device) => device.name === name)!;
  try {
    const device = await devices.get(wanted);
    return { states: await statesOf(device, wanted.partitions) };
  } catch (error) {
    const trouble = knownOutage(error);
    if (trouble === undefined) throw error;
    // The trusted CA may be corrected in the meantime; it is read again with the next connection.
    if (trouble.code === 'BIP402') await devices.forget?.(wanted);
    return { away: { code: trouble.code, reason: trouble.message } };
  }
}

/**
 * Only partitions with a declaration of Sluice; others have no state to compare waiting changes
 * with.
 */
async function statesOf(
  device: Device,
  partitions: readonly string[],
): Promise<Extract<Probe, { states: unknown }>['states']> {
  const readings = [];
  for (const partition of partitions) readings.push(await device.read(partition));
  return readings.flatMap((reading) => (reading.kind === 'ours' ? [reading.declared.state] : []));
}
