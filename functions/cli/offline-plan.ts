/** Plans for files instead of events: as if a snapshot with exactly this content had just been seen. */
import { createDevice } from '../../shared/bigip/device.ts';
import type { DeviceConfig, SluiceConfig } from '../../shared/config/schema.ts';
import { createSecrets } from '../../shared/config/secrets.ts';
import type { Exposure, Slice } from '../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../shared/domain/exposure/exposure.ts';
import { ownerKey } from '../../shared/domain/ingress/snapshot.ts';
import type { Contribution, DeclaredState } from '../../shared/domain/plan/declared.ts';
import { EMPTY_STATE } from '../../shared/domain/plan/declared.ts';
import type { Plan } from '../../shared/domain/plan/plan.ts';
import { planPartition } from '../../shared/domain/plan/plan.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { fleetsByCluster, sharedFleet } from '../../shared/config/fleets.ts';
import type { OfflineIngress } from './exposures.ts';

export interface OfflineInput {
  readonly clusterId: string;
  readonly ingresses: readonly OfflineIngress[];
  /** Read what the devices declare; else plan as for an empty device. */
  readonly ask: boolean;
}

export interface DevicePlans {
  readonly device: DeviceConfig;
  readonly plans: readonly Plan[];
}

export async function offlinePlans(config: SluiceConfig, input: OfflineInput): Promise<readonly DevicePlans[]> {
  const results: DevicePlans[] = [];
  for (const device of config.devices) {
    const declared = input.ask ? await readDevice(device) : new Map<string, DeclaredState>();
    const plans = device.partitions.map((partition) => {
      const state = declared.get(partition) ?? EMPTY_STATE;
      return planPartition(partition, state, input.ingresses.map((i) => sliceOf(i, { device, input, state })), { sameFleet: sharedFleet(config), fleetOf: fleetsByCluster(config), shareNodes: device.partitions.length > 1, now: processClock.now() });
    });
    results.push({ device, plans });
  }
  return results;
}

async function readDevice(config: DeviceConfig): Promise<Map<string, DeclaredState>> {
  const secrets = createSecrets({ env: process.env });
  const ca = config.tls.ca === undefined ? undefined : await secrets.resolve(config.tls.ca);
  const device = createDevice(config, { ca, password: () => secrets.resolve(config.password) }, processClock);
  try {
    const states = new Map<string, DeclaredState>();
    for (const partition of config.partitions) {
      const reading = await device.read(partition);
      if (reading.kind === 'refused') throw new Error(`${reading.code}: ${reading.reason}`);
      states.set(partition, reading.declared.state);
    }
    return states;
  } finally {
    await device.close();
  }
}

/** Newer than everything, from the cluster that owns what is there, and with every removal seen: the files are the whole truth. */
function sliceOf(ingress: OfflineIngress, { device, input, state }: { readonly device: DeviceConfig; readonly input: OfflineInput; readonly state: DeclaredState }): Slice {
  const owner = ownerKey(input.clusterId, ingress.ref);
  const gateways = Object.values(state.exposures).flatMap((e) => e.contributions.filter((c) => c.owner === owner).flatMap((c) => c.gateways));
  return {
    owner,
    clusterUid: state.owners[owner]?.clusterUid ?? 'offline',
    device: device.name,
    devices: [...ingress.devices],
    version: { epoch: Number.MAX_SAFE_INTEGER, counter: 0, generation: 0 },
    exposures: ingress.devices.includes(device.name) ? ingress.built.exposures.map((exposure) => asDeclared(exposure, ingress, { owner, state })) : [],
    changes: gateways.map((gateway) => {
      const [namespace = '', name = ''] = gateway.split('/');
      return { what: 'deleted' as const, kind: 'Gateway', namespace, name, resourceVersion: '' };
    }),
    removed: false,
    servers: [...ingress.built.servers],
    sources: ingress.built.sources,
    notes: [...ingress.built.notes],
  };
}

/** What files from Git cannot know is taken from the device: when the Gateway was made, and without Pods or Nodes the members and the pace of their default monitors. */
function asDeclared(exposure: Exposure, { built, blind }: OfflineIngress, { owner, state }: { readonly owner: string; readonly state: DeclaredState }): Exposure {
  const key = exposureKey(exposure);
  const there = state.exposures[key];
  const mine = there?.contributions.find((c) => c.owner === owner);
  if (there === undefined || mine === undefined) return exposure;
  const dated = exposure.since === '' ? { ...exposure, ...undated(exposure, mine) } : exposure;
  if (!blind) return dated;
  const monitors = built.sources[key]?.['monitors'] === 'default' ? there.settings.monitors : exposure.settings.monitors;
  return { ...dated, members: [...mine.members], settings: { ...exposure.settings, monitors } };
}

/** Without dates, the age of the same gateways is what it was. */
function undated({ gateways }: Exposure, mine: Contribution): Pick<Exposure, 'since' | 'gateways'> {
  const same = gateways.length === mine.gateways.length && gateways.every((gateway) => mine.gateways.includes(gateway));
  return { since: mine.since, gateways: same ? [...mine.gateways] : gateways };
}
