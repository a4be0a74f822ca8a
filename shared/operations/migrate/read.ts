/** Reads the cluster and the device of a migration from F5 CIS. Writes nothing. */
import { chooseCluster, ingressNamespaces } from '../clusters/clusters.ts';
import type { DeviceConfig, SluiceConfig } from '../../config/schema.ts';
import type { Device } from '../../device/device.ts';
import { canonicalJson, type DeclaredState } from '../../domain/declared/declared.ts';
import type { CisImport } from '../../domain/exposure/sources/cis/import-cis.ts';
import { cniObjectsOf } from '../../domain/paths/network-config.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';
import { openDevice } from '../../host/devices.ts';
import type { Runtime } from '../../host/runtime.ts';
import type { KubernetesClient } from '../../kubernetes/index.ts';
import { chooseDevices } from '../devices/declared-partitions.ts';
import { ChoiceError } from '../choice.ts';
import { openCluster, readCluster } from '../objects/read-cluster.ts';
import { offlineIngresses } from '../offline/ingresses.ts';
import { migrationAdvice } from './advice.ts';
import { type AskedExposure, askedExposures } from './asked.ts';
import { controllersIn } from './controllers.ts';
import { readCisObjects } from './kinds.ts';
import { ownedByCis } from './owned.ts';
import type { MigrationFacts } from './facts.ts';

/** Which cluster and which device. */
export interface MigrationPlace {
  readonly cluster?: string | undefined;
  readonly device?: string | undefined;
  /** Absent: the usual places. */
  readonly kubeconfig?: string | undefined;
}

/** Open connections; `look` reads everything anew. */
export interface MigrationSite {
  readonly cluster: string;
  readonly device: Device;
  readonly client: KubernetesClient;
  look(): Promise<MigrationReading>;
  close(): Promise<void>;
}

/** What was read, with what the import makes of the objects. */
export interface MigrationReading {
  readonly facts: MigrationFacts;
  /** Entries and annotations for the partition of Sluice. */
  readonly advice: (addresses: ReadonlyMap<string, string>) => CisImport;
  readonly notes: readonly string[];
}

/** Reads nothing yet. Throws if it is not clear which cluster or device is meant. */
export async function openMigration(
  runtime: Pick<Runtime, 'config' | 'secrets' | 'clock'>,
  place: MigrationPlace,
): Promise<MigrationSite> {
  const { config } = runtime;
  const { id: cluster } = chooseCluster(config, place.cluster);
  const devices = chooseDevices(config, place.device);
  const [chosen, ...others] = devices;
  if (chosen === undefined || others.length > 0)
    throw new ChoiceError(
      ['device'],
      `F5 CIS writes to one device: name it, one of ${devices.map(({ name }) => name).join(', ')}`,
    );
  const client = openCluster(place.kubeconfig);
  const device = await openDevice(runtime, chosen);
  return {
    cluster,
    device,
    client,
    look: () => lookAt(runtime, { client, device, chosen, cluster, place }),
    close: async () => {
      await device.close();
      await client.close();
    },
  };
}

interface Looking {
  readonly client: KubernetesClient;
  readonly device: Device;
  readonly chosen: DeviceConfig;
  readonly cluster: string;
  readonly place: MigrationPlace;
}

async function lookAt(
  { config }: Pick<Runtime, 'config'>,
  { client, device, chosen, cluster, place }: Looking,
): Promise<MigrationReading> {
  const { mesh, network } = chooseCluster(config, cluster);
  const [{ objects, notes }, raw, foreign, declared] = await Promise.all([
    readCluster(place.kubeconfig, {
      mesh,
      fallback: ingressNamespaces(config, cluster),
      network: cniObjectsOf(network),
    }),
    readCisObjects(client),
    device.foreignServers(),
    readDeclared(device, chosen.partitions),
  ]);
  const controllers = controllersIn(raw);
  const owned = ownedByCis(raw, objects, controllers);
  const ask = (of: KubernetesObjects): readonly AskedExposure[] => {
    const { ingresses } = offlineIngresses(of, { config, clusterId: cluster, mesh });
    return askedExposures(
      cluster,
      ingresses.filter(({ devices }) => devices.includes(chosen.name)),
    );
  };
  const asked = ask(objects);
  const facts: MigrationFacts = {
    device: chosen.name,
    controllers,
    owned,
    foreign,
    declared,
    asked,
    leaning: leaningKeys(asked, ask({ ...objects, configMaps: [] })),
  };
  const members = controllers.some((one) => one.members === 'cluster') ? 'pods' : 'nodes';
  return {
    facts,
    notes: [...notes, ...partitionNotes(chosen, facts)],
    advice: (addresses) =>
      migrationAdvice(raw, objects, owned, {
        cluster,
        device: chosen.name,
        partition: chosen.partitions[0] ?? '',
        members,
        addresses,
        entries: addressesIn(config, cluster),
      }),
  };
}

/** `virtualAddress` of the entries of a cluster, by Service. */
function addressesIn({ ingresses }: SluiceConfig, cluster: string): ReadonlyMap<string, string> {
  const own = ingresses.filter((one) => one.cluster === cluster);
  return new Map(
    own.flatMap(({ service, virtualAddress }) =>
      virtualAddress === undefined ? [] : [[service, virtualAddress]],
    ),
  );
}

async function readDeclared(
  device: Pick<Device, 'read' | 'name'>,
  partitions: readonly string[],
): Promise<ReadonlyMap<string, DeclaredState>> {
  const read = await Promise.all(
    partitions.map(async (partition) => {
      const reading = await device.read(partition);
      if (reading.kind === 'refused')
        throw new Error(
          `${device.name}, partition ${partition}: ${reading.code}: ${reading.reason}`,
        );
      return [partition, reading.declared.state] as const;
    }),
  );
  return new Map(read);
}

/** Keys that would have another content, or would not be there, without the F5 ConfigMaps. */
function leaningKeys(
  asked: readonly AskedExposure[],
  without: readonly AskedExposure[],
): ReadonlySet<string> {
  const contents = new Map(without.map((one) => [one.key, contentOf(one)]));
  return new Set(
    asked.filter((one) => contents.get(one.key) !== contentOf(one)).map(({ key }) => key),
  );
}

function contentOf({ owner, exposure: { settings, partition } }: AskedExposure): string {
  return canonicalJson([owner, partition, settings]);
}

/** A partition with two writers loses what one of them wrote. */
function partitionNotes(
  { name, partitions }: Pick<DeviceConfig, 'name' | 'partitions'>,
  { controllers }: MigrationFacts,
): readonly string[] {
  return controllers.flatMap((one) =>
    one.partitions
      .filter((partition) => partitions.includes(partition))
      .map(
        (partition) =>
          `partition ${partition} of ${name} belongs to F5 CIS (${one.name}): ` +
          'give Sluice another one in devices[].partitions',
      ),
  );
}
