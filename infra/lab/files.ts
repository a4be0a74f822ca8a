/**
 * The lab's files: the configuration that a user of Sluice would write, and the credentials it
 * refers to.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { QueueConfig } from '../../shared/config/queue.ts';
import type { SluiceConfig } from '../../shared/config/schema.ts';
import { newKeyPair } from '../../shared/queue/signature.ts';

/** Paths of the files of one lab. */
export interface LabFiles {
  readonly dir: string;
  /** Of the first cluster. */
  readonly kubeconfig: string;
  /** By cluster. */
  readonly kubeconfigs: Readonly<Record<string, string>>;
  readonly config: string;
  readonly log: string;
}

/** How to reach the device. `ca`: PEM. */
export interface DeviceAccess {
  readonly url: string;
  readonly ca: string;
  readonly username: string;
  readonly password: string;
}

/**
 * What the lab adopts from a user's own configuration, with a simulated device for each device
 * name.
 */
export interface Likeness {
  readonly config: SluiceConfig;
  /** By name. */
  readonly devices: ReadonlyMap<string, DeviceAccess>;
}

/** What the files say about a cluster. */
export interface ClusterContents {
  readonly id: string;
  readonly kubeconfig: string;
  /** Whether it may share virtual servers with other clusters of the fleet. */
  readonly fleet?: boolean;
  /** Whether it gets a signing key. */
  readonly signed?: boolean;
  /** More of its entry in `clusters`. */
  readonly settings?: object | undefined;
}

/** What the files say. */
export interface FileContents {
  readonly clusters: readonly ClusterContents[];
  readonly device: DeviceAccess;
  readonly virtualAddress: string;
  readonly members: 'pods' | 'nodes';
  readonly queue: QueueConfig;
  readonly like?: Likeness | undefined;
  readonly services?: LabServices | undefined;
  /** Of the lab's own device, by cluster. */
  readonly tunnels?: Readonly<Record<string, string>> | undefined;
  /** Whether others have the same members on the lab's own device. */
  readonly shareNodes?: boolean | undefined;
}

/** Services of BIG-IP that the configuration offers and requires; not together with `like`. */
export interface LabServices {
  readonly serviceBundles?: readonly object[];
  readonly requirements?: readonly object[];
}

/** `devices[].name` */
export const DEVICE_NAME = 'bigip';
/** The partition of all exposures. */
export const PARTITION = 'k8s';
/**
 * An iRule or profile with this prefix may be requested. The device refuses it until it is created
 * there.
 */
const REFERENCES = ['/Common/lab-*'];

const secretFile = (name: string): string => `${name}.password`;
/** Paths of the signing key of a cluster and of the key that verifies it. */
export function keyFiles(
  dir: string,
  cluster: string,
): { readonly sign: string; readonly verify: string } {
  return { sign: join(dir, `${cluster}.key`), verify: join(dir, `${cluster}.pub`) };
}

const caFile = (name: string): string => `${name}.ca.pem`;

function deviceEntry(
  name: string,
  { url, username }: DeviceAccess,
  dir: string,
  partitions: readonly string[],
): object {
  return {
    name,
    url,
    username,
    password: `file:${join(dir, secretFile(name))}`,
    tls: { ca: `file:${join(dir, caFile(name))}` },
    partitions,
  };
}

/**
 * Names, partitions, ingresses, policy and replay policies come from the user's configuration.
 * Addresses and secrets of devices, the queue and the failure store are the lab's own.
 */
function theirs(
  { config, devices }: Likeness,
  dir: string,
): {
  readonly devices: readonly object[];
  readonly clusters: readonly object[];
  readonly ingresses: readonly object[];
  readonly policy: object;
  readonly fleets: readonly object[];
  readonly addressPools: readonly object[];
  readonly generation: number;
} {
  const entries = config.devices.flatMap(({ name, partitions }) => {
    const access = devices.get(name);
    return access === undefined ? [] : [deviceEntry(name, access, dir, partitions)];
  });
  const clusters = config.clusters.map(({ id, mesh }) => ({ id, mesh }));
  const policy = { ...config.policy, references: [...config.policy.references, ...REFERENCES] };
  return {
    devices: entries,
    clusters,
    ingresses: config.ingresses,
    policy,
    fleets: config.fleets,
    addressPools: config.addressPools,
    generation: config.generation,
  };
}

/**
 * The user's settings of the device, if their configuration has a device with the name of the lab's
 * own.
 */
function ownPartitions(like: Likeness | undefined): readonly string[] {
  return [
    ...new Set([
      PARTITION,
      ...(like?.config.devices.find(({ name }) => name === DEVICE_NAME)?.partitions ?? []),
    ]),
  ];
}

function clusterEntry({ id, signed = false, settings }: ClusterContents, dir: string): object {
  const { sign, verify } = keyFiles(dir, id);
  const keys = { verifyKeys: [`file:${verify}`], signKey: `file:${sign}` };
  return { id, ...(signed && keys), ...settings };
}

/** What the lab's own configuration says about services; `like` replaces the policy. */
function servicesOf({ services }: FileContents): object {
  if (services === undefined) return { policy: { references: REFERENCES } };
  const { requirements = [], serviceBundles = [] } = services;
  return { policy: { references: REFERENCES, requirements }, serviceBundles };
}

function configuration(contents: FileContents, dir: string): object {
  const {
    device,
    clusters: own,
    virtualAddress,
    members,
    queue,
    like,
    tunnels,
    shareNodes,
  } = contents;
  const fleet = own.filter((cluster) => cluster.fleet === true).map(({ id }) => id);
  const {
    devices = [],
    clusters = [],
    ingresses = [],
    fleets = [],
    ...rest
  } = like === undefined ? {} : theirs(like, dir);
  return {
    generation: 1,
    ...servicesOf(contents),
    ...rest,
    devices: [
      {
        ...deviceEntry(DEVICE_NAME, device, dir, ownPartitions(like)),
        ...(tunnels && { networks: { tunnels } }),
        ...(shareNodes === true && { shareNodes }),
      },
      ...devices,
    ],
    clusters: [...own.map((cluster) => clusterEntry(cluster, dir)), ...clusters],
    fleets: [...(fleet.length > 1 ? [{ name: 'production', clusters: fleet }] : []), ...fleets],
    ingresses: [
      ...own.map(({ id }) => ({
        cluster: id,
        service: 'istio-system/istio-ingressgateway',
        devices: [DEVICE_NAME],
        virtualAddress,
        members,
      })),
      ...ingresses,
    ],
    queue,
    failures: {
      kind: 'fs',
      path: join(dir, 'failures'),
      replay: like?.config.failures.replay ?? [],
    },
  };
}

/** The paths below a folder; writes nothing. */
export function labFiles(dir: string, clusters: readonly Pick<ClusterContents, 'id'>[]): LabFiles {
  const kubeconfig = join(dir, 'kubeconfig');
  const kubeconfigs = Object.fromEntries(
    clusters.map(({ id }, index) => [id, index === 0 ? kubeconfig : `${kubeconfig}-${id}`]),
  );
  return {
    dir,
    kubeconfig,
    kubeconfigs,
    config: join(dir, 'sluice.yaml'),
    log: join(dir, 'sluice.log'),
  };
}

/** Throws for a cluster that the lab does not have. */
export function kubeconfigOf({ kubeconfigs }: LabFiles, cluster: string): string {
  const file = kubeconfigs[cluster];
  if (file === undefined)
    throw new Error(
      `the lab has no cluster ${cluster}, only ${Object.keys(kubeconfigs).join(', ')}`,
    );
  return file;
}

async function writeKeys(dir: string, cluster: string): Promise<void> {
  const { sign, verify } = keyFiles(dir, cluster);
  const { privatePem, publicPem } = newKeyPair();
  await writeFile(sign, privatePem, { mode: 0o600 });
  await writeFile(verify, publicPem, { mode: 0o600 });
}

/** Secrets are readable by their owner only. */
export async function writeLabFiles(dir: string, contents: FileContents): Promise<LabFiles> {
  const files = labFiles(dir, contents.clusters);
  const secret = { mode: 0o600 };
  await mkdir(dir, { recursive: true });
  for (const { id, kubeconfig, signed = false } of contents.clusters) {
    await writeFile(kubeconfigOf(files, id), kubeconfig, secret);
    if (signed) await writeKeys(dir, id);
  }
  for (const [name, { password, ca }] of [
    [DEVICE_NAME, contents.device] as const,
    ...(contents.like?.devices ?? []),
  ]) {
    await writeFile(join(dir, secretFile(name)), password, secret);
    await writeFile(join(dir, caFile(name)), ca);
  }
  await writeFile(files.config, stringify(configuration(contents, dir)));
  return files;
}
