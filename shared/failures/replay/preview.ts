/**
 * Previews the effect of sending an event again: the event is parsed, mapped if it is a snapshot,
 * and planned against the current devices.
 */
import type { PartitionReading } from '../../device/reading.ts';
import type { Device } from '../../device/device.ts';
import { fleetsByCluster, sharedFleet } from '../../config/fleets.ts';
import type { DeviceConfig, SluiceConfig } from '../../config/schema.ts';
import type { Slice } from '../../domain/exposure/exposure.ts';
import type { AddressHolder } from '../../domain/plan/foreign.ts';
import { isOutage } from '../../queue/away.ts';
import { verdictOf } from '../../queue/batch.ts';
import { parseAttributes } from '../../queue/envelope-attributes.ts';
import { parseEvent } from '../../queue/envelope.ts';
import { createKeyring } from '../../queue/keyring.ts';
import type { Keyring } from '../../queue/keyring.ts';
import { checkSignature } from '../../queue/origin.ts';
import type { OriginRefusal } from '../../queue/origin.ts';
import { proofOfHandedOver } from '../../queue/proof.ts';
import { SLICE_EVENTS } from '../../queue/events.ts';
import { capabilitiesOf, openDevice } from '../../host/devices.ts';
import type { Runtime } from '../../host/runtime.ts';
import { errorCode, errorMessage } from '../../telemetry/errors.ts';
import { isImported } from '../evidence.ts';
import type { Evidence, Failure, FailureHead } from '../port.ts';
import type { Preview } from './job.ts';
import type { PreviewContext } from './preview-partition.ts';
import { combinePreviews, previewPartition } from './preview-partition.ts';

/** The refusal of a snapshot by map. */
export interface MapRefusal {
  /** See docs/reference/codes.md. */
  readonly code: string;
  /** The message of map for people, with object and remedy. */
  readonly reason: string;
}

/**
 * Maps a snapshot; the host provides the deployed function. `postponed`: why map would try it again
 * later, which says nothing about the event.
 */
export type MapEvent = (
  event: Evidence['event'],
) => Promise<
  | { readonly slices: readonly Slice[] }
  | { readonly refused: MapRefusal }
  | { readonly postponed: string }
>;

/**
 * The part of the configuration that the failure concerned; without a device, all devices of the
 * owner are previewed.
 */
export type PreviewTarget = Pick<FailureHead, 'device' | 'partition' | 'exposure'> &
  Partial<Pick<FailureHead, 'code'>>;

/** A failure with the event that would be sent. */
export type Previewed = Pick<Failure, 'evidence'> & { readonly details: Pick<Evidence, 'event'> };

/** Previews events against cached readings of the devices. */
export interface Previewer {
  /** Previews the event of a failure. */
  preview(failure: Previewed, aim: PreviewTarget): Promise<Preview>;
  /** Discards cached declarations older than this many milliseconds; default: all. */
  refresh(olderThan?: number): void;
  close(): Promise<void>;
}

/** How events are mapped and devices are read. */
export interface PreviewOptions {
  /** The secrets are those of devices, and the keys that verify events. */
  readonly runtime: Pick<Runtime, 'config' | 'secrets' | 'clock'>;
  /** Called for snapshots only; slices are planned as they are. */
  readonly map: MapEvent;
  /** For tests; default: over HTTPS. */
  readonly connect?: (config: DeviceConfig) => Promise<Device>;
}

type Reading =
  PartitionReading | { readonly kind: 'unknown'; readonly code?: string; readonly reason: string };

const invalid = ({ code, reason }: MapRefusal): Preview => ({
  verdict: 'invalid',
  code,
  reason,
  difference: [],
});

/** A job pauses at such an event. */
const unknown = ({
  code,
  reason,
}: {
  readonly code?: string;
  readonly reason: string;
}): Preview => ({
  verdict: 'unknown',
  ...(code === undefined ? {} : { code }),
  reason,
  difference: [],
});

/**
 * Reads each partition at most once in a short time, so that a job with many events asks a device
 * only a few times.
 */
export function createPreviewer(options: PreviewOptions): Previewer {
  const { config } = options.runtime;
  const connect = options.connect ?? ((device) => openDevice(options.runtime, device));
  const devices = new Map<string, Promise<Device>>();
  const readings = new Map<string, { readonly at: number; readonly reading: Promise<Reading> }>();
  const foreign = new Map<
    string,
    { readonly at: number; readonly holders: Promise<readonly AddressHolder[] | undefined> }
  >();
  const { clock } = options.runtime;
  const keys = createKeyring(options.runtime.secrets, clock);
  const deviceOf = (device: DeviceConfig): Promise<Device> => {
    const opened = devices.get(device.name) ?? connect(device);
    devices.set(device.name, opened);
    return opened;
  };
  const read = (device: DeviceConfig, partition: string): Promise<Reading> => {
    const key = `${device.name} ${partition}`;
    const known = readings.get(key) ?? {
      at: clock.monotonic(),
      reading: readNow(deviceOf(device), partition),
    };
    readings.set(key, known);
    return known.reading;
  };
  const look = (device: DeviceConfig): Promise<readonly AddressHolder[] | undefined> => {
    const known = foreign.get(device.name) ?? {
      at: clock.monotonic(),
      holders: lookNow(deviceOf(device)),
    };
    foreign.set(device.name, known);
    return known.holders;
  };
  return {
    preview: async (failure, aim) => {
      try {
        return await previewFailure({ config, keys, map: options.map, read, look }, failure, aim);
      } catch (error) {
        // An event that cannot be processed must not stop the job.
        if (isOutage(error)) throw error;
        return invalid(verdictOf(error));
      }
    },
    refresh: (olderThan = 0) => {
      for (const table of [readings, foreign])
        for (const [key, { at }] of table)
          if (clock.monotonic() - at >= olderThan) table.delete(key);
    },
    close: async () => {
      for (const device of devices.values()) await (await device.catch(() => undefined))?.close();
    },
  };
}

/** Never rejects: a partition that cannot be read has an unknown preview, and others go on. */
async function readNow(device: Promise<Device>, partition: string): Promise<Reading> {
  try {
    return await (await device).read(partition);
  } catch (error) {
    const code = errorCode(error);
    return {
      kind: 'unknown',
      reason: errorMessage(error),
      ...(code === undefined ? {} : { code }),
    };
  }
}

/** Reads foreign holders; without an answer the preview uses what is known. */
async function lookNow(device: Promise<Device>): Promise<readonly AddressHolder[] | undefined> {
  return (await device).foreign().catch(() => undefined);
}

/** What all previews of a plan share. */
interface Scope {
  readonly config: SluiceConfig;
  readonly keys: Keyring;
  readonly map: MapEvent;
  readonly read: (device: DeviceConfig, partition: string) => Promise<Reading>;
  /** Reads the foreign address holders of the device. */
  readonly look: (device: DeviceConfig) => Promise<readonly AddressHolder[] | undefined>;
}

/**
 * The preview, except that imported events without proof of their origin are never sent (RPL715).
 */
async function previewFailure(
  scope: Scope,
  failure: Previewed,
  aim: PreviewTarget,
): Promise<Preview> {
  const { event } = failure.details;
  const preview = await previewEvent(scope, event, aim);
  if (preview.verdict !== 'would-apply' || !isImported(failure)) return preview;
  const proof = await proofOfHandedOver(event.queue, event.body, scope);
  if (proof.kind !== 'unproven') return preview;
  const reason =
    `it came in a bundle and is not sent, because ${proof.reason}; ` +
    'replay it in the store it was exported from, or in the lab. ' +
    `If sent, it would ${preview.reason}`;
  return { ...preview, verdict: 'invalid', code: 'RPL715', reason };
}

/** Refuses events that are cut, deadly or from a refused sender before they are parsed. */
async function previewEvent(
  scope: Scope,
  event: Evidence['event'],
  aim: PreviewTarget,
): Promise<Preview> {
  if (event.cut !== undefined)
    return invalid({
      code: 'RPL706',
      reason:
        `only the first ${event.body.length} characters of ${event.cut.bytes} bytes were ` +
        'kept, so it cannot be sent again',
    });
  if (aim.code === 'Q617')
    return invalid({
      code: 'RPL706',
      reason:
        'every process that handled it died, so it is not parsed again; ' +
        'the next resync of the watcher sends the ingress again',
    });
  if (event.verification === 'refused')
    return invalid({
      code: 'RPL706',
      reason: `its sender ${event.sender ?? ''} may not speak for the cluster, so it is not sent again`,
    });
  // 0.1.0 refused epochs that lie ahead. Such an event is outdated, but would pass for the newest.
  if (aim.code === 'GW105')
    return invalid({
      code: 'RPL706',
      reason:
        'a clock that was ahead set its epoch, ' +
        'so it may be older than later snapshots of its watcher; ' +
        'archive it, because newer snapshots have the current state',
    });
  const away = await unreadableKey(scope, event);
  if (away !== undefined) return unknown(away);
  const found = await slicesOf(scope, event);
  if ('refused' in found) return invalid(found.refused);
  if ('postponed' in found) return unknown({ reason: found.postponed });
  const slices = found.slices.filter(
    (slice) => aim.device === undefined || slice.device === aim.device,
  );
  return combinePreviews(
    await Promise.all(slices.flatMap((slice) => previewSlice(scope, slice, aim))),
  );
}

/** Why the signature of a snapshot can neither be accepted nor refused now, if that is so. */
async function unreadableKey(
  { config, keys }: Scope,
  { queue, body }: Evidence['event'],
): Promise<OriginRefusal | undefined> {
  const claimed = queue === 'snapshots' ? parseAttributes(body) : undefined;
  if (claimed === undefined || 'refused' in claimed) return undefined;
  const cluster = config.clusters.find(({ id }) => id === claimed.ok.cluster);
  const origin = cluster && (await checkSignature({ claimed: claimed.ok, keys }, cluster));
  return origin?.kind === 'away' ? origin : undefined;
}

/** A snapshot is mapped again, because the configuration may have changed since it failed. */
function slicesOf({ map }: Scope, event: Evidence['event']): ReturnType<MapEvent> {
  if (event.queue === 'snapshots') return map(event);
  const opened = parseEvent(event.body, SLICE_EVENTS);
  return Promise.resolve('refused' in opened ? opened : { slices: [opened.ok.data] });
}

/** One preview per partition that the failure may concern. */
function previewSlice(
  { config, read, look }: Scope,
  slice: Slice,
  aim: PreviewTarget,
): Promise<Preview>[] {
  const device = config.devices.find((d) => d.name === slice.device);
  if (!device)
    return [
      Promise.resolve(
        invalid({
          code: 'GW106',
          reason: `devices: ${slice.device} is not in sluice.yaml; add it`,
        }),
      ),
    ];
  const stray = aim.partition !== undefined && !device.partitions.includes(aim.partition);
  if (stray)
    return [
      Promise.resolve(
        invalid({
          code: 'OWN303',
          reason: `partition ${aim.partition} is not in devices[].partitions of ${device.name}`,
        }),
      ),
    ];
  const partitions = aim.partition === undefined ? device.partitions : [aim.partition];
  return partitions.map(async (partition): Promise<Preview> => {
    const reading = await read(device, partition);
    if (reading.kind === 'unknown') return unknown(reading);
    const surroundings = await surroundingsOf(device, read, look);
    return previewPartition(reading, {
      slice,
      partition,
      exposure: aim.exposure,
      sameFleet: sharedFleet(config),
      fleetOf: fleetsByCluster(config),
      pathOf: capabilitiesOf(device).pathOf,
      shareNodes: device.shareNodes,
      surroundings,
    });
  });
}

/** Reads are cached, so nothing is read twice. */
async function surroundingsOf(
  device: DeviceConfig,
  read: Scope['read'],
  look: Scope['look'],
): Promise<PreviewContext> {
  const all = await Promise.all(
    device.partitions.map(async (partition) => [partition, await read(device, partition)] as const),
  );
  const holders = await look(device);
  return {
    partitions: device.partitions,
    readings: new Map(
      all.flatMap(([partition, reading]) =>
        reading.kind === 'unknown' ? [] : [[partition, reading] as const],
      ),
    ),
    ...(holders && { holders }),
  };
}
