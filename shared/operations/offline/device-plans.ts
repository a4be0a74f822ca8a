/** Plans for files instead of events, as if a snapshot with this content had just arrived. */
import type { DeviceConfig } from '../../config/schema.ts';
import { assignAddresses } from '../../domain/addresses/assign.ts';
import type { Exposure, Slice } from '../../domain/exposure/exposure.ts';
import { exposureKey } from '../../domain/exposure/exposure.ts';
import { pathFields } from '../../domain/exposure/member-paths.ts';
import { ownerKey } from '../../domain/snapshot/snapshot.ts';
import type { Contribution, DeclaredState } from '../../domain/declared/declared.ts';
import { EMPTY_STATE } from '../../domain/declared/declared.ts';
import type { Plan } from '../../domain/plan/plan.ts';
import { planDevice } from '../../domain/plan/device-plan.ts';
import { capabilitiesOf, openDevice } from '../../host/devices.ts';
import type { Runtime } from '../../host/runtime.ts';
import { fleetsByCluster, sharedFleet } from '../../config/fleets.ts';
import type { OfflineIngress } from './ingresses.ts';
import { type DeviceView, readDeviceView } from '../devices/device-view.ts';
import { rejectMissing } from '../plan/missing.ts';

/** The exposures to plan. */
export interface OfflineInput {
  readonly clusterId: string;
  readonly ingresses: readonly OfflineIngress[];
  /** Read the declarations of the devices; otherwise plan for an empty device. */
  readonly ask: boolean;
  /** Plan for what was last seen there, without asking the device. */
  readonly seen?: ((device: DeviceConfig) => Promise<DeviceView>) | undefined;
}

/** The plans of all partitions of one device. */
export interface DevicePlans {
  readonly device: DeviceConfig;
  readonly plans: readonly Plan[];
}

/** Plans device by device. Rejects if a device must be read and does not answer. */
export async function offlinePlans(
  runtime: Pick<Runtime, 'config' | 'secrets' | 'clock'>,
  input: OfflineInput,
): Promise<readonly DevicePlans[]> {
  const { config } = runtime;
  const results: DevicePlans[] = [];
  for (const device of config.devices) {
    const view = await viewOf(runtime, device, input);
    const plans = plansFor(runtime, device, input, view);
    results.push({ device, plans: input.ask ? await withLookups(runtime, device, plans) : plans });
  }
  return results;
}

/** The device itself if it is to be asked, else how it was last seen, else nothing. */
function viewOf(
  runtime: Pick<Runtime, 'config' | 'secrets' | 'clock'>,
  device: DeviceConfig,
  { ask, seen }: OfflineInput,
): DeviceView | Promise<DeviceView> {
  if (ask) return readDeviceView(runtime, device, true);
  return seen === undefined ? nothingKnown(device) : seen(device);
}

/** The plans as apply would carry them out, after it looked up what settings refer to. */
async function withLookups(
  runtime: Pick<Runtime, 'secrets' | 'clock'>,
  config: DeviceConfig,
  plans: readonly Plan[],
): Promise<readonly Plan[]> {
  const device = await openDevice(runtime, config);
  try {
    return await rejectMissing(device, plans);
  } finally {
    await device.close();
  }
}

/** An empty device on which no other client holds an address. */
function nothingKnown({ partitions }: DeviceConfig): DeviceView {
  return { states: new Map(partitions.map((partition) => [partition, EMPTY_STATE])), holders: [] };
}

/** By partition of one device, as last read. */
export function plansFor(
  { config, clock }: Pick<Runtime, 'config' | 'clock'>,
  device: DeviceConfig,
  input: OfflineInput,
  { states, holders }: DeviceView,
): readonly Plan[] {
  const sameFleet = sharedFleet(config);
  const asked = input.ingresses.map((ingress) => sliceOf(ingress, { device, input, states }));
  const { slices, held } = assignAddresses({ slices: asked, states, holders, sameFleet });
  const ingressOf = new Map(
    input.ingresses.map((ingress) => [ownerKey(input.clusterId, ingress.ref), ingress]),
  );
  const seenIn = (slice: Slice, state: DeclaredState): Slice => {
    const ingress = ingressOf.get(slice.owner);
    return ingress === undefined ? slice : asDeclaredIn(slice, ingress, state);
  };
  const plans = planDevice(slices, {
    states,
    shareNodes: device.shareNodes,
    holders,
    sameFleet,
    fleetOf: fleetsByCluster(config),
    now: clock.now(),
    asked: seenIn,
    pathOf: capabilitiesOf(device).pathOf,
  });
  return [...plans].map(([partition, plan]) => ({
    ...plan,
    entries: [
      ...plan.entries,
      ...held.filter((one) => one.partition === partition).map(({ entry }) => entry),
    ],
  }));
}

/**
 * The slice is newer than any declaration, comes from the owning cluster, and all removals count as
 * observed, because the files are complete.
 */
function sliceOf(
  ingress: OfflineIngress,
  {
    device,
    input,
    states,
  }: {
    readonly device: DeviceConfig;
    readonly input: OfflineInput;
    readonly states: DeviceView['states'];
  },
): Slice {
  const { built, devices } = ingress;
  const owner = ownerKey(input.clusterId, ingress.ref);
  const gateways = [...states.values()]
    .flatMap(({ exposures }) => Object.values(exposures))
    .flatMap((e) => e.contributions.filter((c) => c.owner === owner).flatMap((c) => c.gateways));
  return {
    owner,
    clusterUid:
      [...states.values()]
        .map((state) => state.owners[owner]?.clusterUid)
        .find((uid) => uid !== undefined) ?? 'offline',
    device: device.name,
    devices: [...devices],
    version: { epoch: Number.MAX_SAFE_INTEGER, counter: 0, generation: 0 },
    exposures: devices.includes(device.name) ? [...built.exposures] : [],
    changes: [...new Set(gateways)].map((gateway) => {
      const [namespace = '', name = ''] = gateway.split('/');
      return { what: 'deleted' as const, kind: 'Gateway', namespace, name, resourceVersion: '' };
    }),
    removed: false,
    servers: [...built.servers],
    sources: built.sources,
    notes: [...built.notes],
    ...(built.auto && { auto: built.auto }),
    ...(built.excludedNodes && { excludedNodes: [...built.excludedNodes] }),
    ...(devices.includes(device.name) && pathFields(built)),
  };
}

/**
 * The slice as if the owner of this partition had sent it. The partitions of a device may know
 * different UIDs, if an adoption reached only some of them.
 */
function asDeclaredIn(slice: Slice, ingress: OfflineIngress, state: DeclaredState): Slice {
  const clusterUid = state.owners[slice.owner]?.clusterUid ?? slice.clusterUid;
  return {
    ...slice,
    clusterUid,
    exposures: slice.exposures.map((exposure) => asDeclared(exposure, ingress, { slice, state })),
  };
}

/**
 * Takes information that files in Git lack from the device: the age of Gateways, and without Pods
 * or Nodes the members and the intervals of their default monitors.
 */
function asDeclared(
  exposure: Exposure,
  { blind }: OfflineIngress,
  { slice, state }: { readonly slice: Slice; readonly state: DeclaredState },
): Exposure {
  const key = exposureKey(exposure);
  const there = state.exposures[key];
  const mine = there?.contributions.find((c) => c.owner === slice.owner);
  if (there === undefined || mine === undefined) return exposure;
  const dated = exposure.since === '' ? { ...exposure, ...undated(exposure, mine) } : exposure;
  if (!blind) return dated;
  const monitors =
    slice.sources[key]?.['monitors'] === 'default'
      ? there.settings.monitors
      : exposure.settings.monitors;
  return { ...dated, members: [...mine.members], settings: { ...exposure.settings, monitors } };
}

/** Gateways without a timestamp keep their declared age. */
function undated({ gateways }: Exposure, mine: Contribution): Pick<Exposure, 'since' | 'gateways'> {
  const same =
    gateways.length === mine.gateways.length &&
    gateways.every((gateway) => mine.gateways.includes(gateway));
  return { since: mine.since, gateways: same ? [...mine.gateways] : gateways };
}
