/** The declarations for these objects, and the changes on the devices. Writes nothing. */
import type { DeviceConfig, SluiceConfig } from '../../config/schema.ts';
import type { MeshOptions } from '../../domain/istio/mesh.ts';
import { mergePaths, type Path } from '../../domain/paths/path.ts';
import type { PlanEntry } from '../../domain/plan/plan.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';
import { capabilitiesOf } from '../../host/devices.ts';
import type { Runtime } from '../../host/runtime.ts';
import type { DeviceView } from '../devices/device-view.ts';
import { offlineIngresses } from '../offline/ingresses.ts';
import type { OfflineIngress } from '../offline/ingresses.ts';
import { offlinePlans } from '../offline/device-plans.ts';
import type { DevicePlans } from '../offline/device-plans.ts';
import { type PathChanges, pathChanges } from './path-changes.ts';

/** Objects from files, from a cluster, or from both. */
export interface PlanQuestion {
  readonly objects: KubernetesObjects;
  readonly clusterId: string;
  readonly mesh: MeshOptions;
  /** Read the declarations of the devices; otherwise plan for empty devices. */
  readonly ask: boolean;
  /** What was last seen of a device, instead of asking it. */
  readonly seen?: (device: DeviceConfig) => Promise<DeviceView>;
}

/** One change with its place. */
export type DevicePlanEntry = PlanEntry & { readonly device: string; readonly partition: string };

/** The paths to the members on one device, with the tunnel that paths of the kind vxlan use. */
export interface DevicePaths {
  readonly device: string;
  readonly paths: readonly Path[];
  readonly tunnel: string | undefined;
}

/** The data of `sluice plan`. */
export interface ObjectPlan {
  readonly ingresses: readonly OfflineIngress[];
  /**
   * Ingress Services (`namespace/name`) that are not among the objects; their exposures stay
   * unchanged.
   */
  readonly absent: readonly string[];
  readonly changes: readonly DevicePlanEntry[];
  /** How the members are reached; empty without `clusters[].network`. */
  readonly paths: readonly DevicePaths[];
  /** What changes in the paths of each device that has some; empty if none was asked. */
  readonly pathChanges: readonly PathChanges[];
  /** The request body for a single device, or one per device name. */
  readonly declarations: object;
}

/**
 * Throws if no ingress Service is among the objects: a deleted Service cannot be distinguished from
 * one installed elsewhere.
 */
export async function planObjects(
  runtime: Pick<Runtime, 'config' | 'secrets' | 'clock'>,
  { objects, clusterId, mesh, ask, seen }: PlanQuestion,
): Promise<ObjectPlan> {
  const { config } = runtime;
  const { ingresses, absent } = offlineIngresses(objects, { config, clusterId, mesh });
  if (ingresses.length === 0)
    throw new Error(
      absent.length === 0
        ? `ingresses: sluice.yaml has no entry for cluster ${clusterId}`
        : `these files contain no ingress Service of cluster ${clusterId}: add ${absent.join(', ')}`,
    );
  const plans = await offlinePlans(runtime, { clusterId, ingresses, ask, seen });
  const changes = plans.flatMap(({ device, plans: each }) =>
    each.flatMap(({ partition, entries }) =>
      entries.map((entry) => ({ device: device.name, partition, ...entry })),
    ),
  );
  return {
    ingresses,
    absent,
    changes,
    paths: pathsByDevice(config, clusterId, ingresses),
    pathChanges: ask ? await pathChanges(runtime, { clusterId, ingresses }, plans) : [],
    declarations: declarations(config, plans),
  };
}

/** Devices without paths are left out. */
function pathsByDevice(
  { devices }: SluiceConfig,
  clusterId: string,
  ingresses: readonly OfflineIngress[],
): readonly DevicePaths[] {
  return devices
    .map(({ name, networks }) => ({
      device: name,
      paths: mergePaths(
        ingresses
          .filter((ingress) => ingress.devices.includes(name))
          .flatMap(({ built }) => built.reach?.paths ?? []),
      ),
      tunnel: networks.tunnels[clusterId],
    }))
    .filter(({ paths }) => paths.length > 0);
}

/** The number of changes by kind. */
export interface PlanSummary {
  /** New exposures. */
  readonly add: number;
  /** Exposures with another content. */
  readonly change: number;
  /** Exposures that go. */
  readonly delete: number;
  readonly unchanged: number;
  /** Held, refused, or in conflict: wanted, and not done. */
  readonly notDone: number;
}

/** Pure. */
export function summarise(changes: readonly Pick<DevicePlanEntry, 'kind'>[]): PlanSummary {
  const count = (...kinds: readonly DevicePlanEntry['kind'][]): number =>
    changes.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    add: count('create'),
    change: count('update'),
    delete: count('delete'),
    unchanged: count('unchanged', 'superseded'),
    notDone: count('conflict', 'held', 'rejected'),
  };
}

/** Kinds of entries that change nothing on the device. */
const SAME: ReadonlySet<string> = new Set(['unchanged', 'superseded']);

/** Whether the plan changes something, or cannot tell. */
export function differs({ changes, pathChanges: paths }: ObjectPlan): boolean {
  return (
    changes.some(({ kind }) => !SAME.has(kind)) ||
    paths.some((one) => one.changes.length > 0 || one.problem !== undefined)
  );
}

/** The bodies that apply would post. Partitions without exposures are left out. */
function declarations(config: SluiceConfig, plans: readonly DevicePlans[]): object {
  const bodies = plans.map(({ device, plans: each }) => {
    const states = each
      .filter((p) => Object.keys(p.next.exposures).length > 0)
      .map((p) => [p.partition, p.next] as const);
    return [device.name, capabilitiesOf(device).bodyOf(new Map(states), device)] as const;
  });
  const [only] = bodies;
  return config.devices.length === 1 && only ? only[1] : Object.fromEntries(bodies);
}
