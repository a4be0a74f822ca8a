/** The lab's files: what a user of Sluice would write by hand, and the credentials it refers to. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { QueueConfig } from '../../shared/config/schema.ts';

export interface LabFiles {
  readonly dir: string;
  /** Of the first cluster. */
  readonly kubeconfig: string;
  /** By cluster. */
  readonly kubeconfigs: Readonly<Record<string, string>>;
  readonly config: string;
  readonly log: string;
}

export interface ClusterContents {
  readonly id: string;
  readonly kubeconfig: string;
  /** Whether it may share virtual servers with the others that may. */
  readonly fleet?: boolean;
}

export interface FileContents {
  readonly clusters: readonly ClusterContents[];
  readonly device: { readonly url: string; readonly ca: string; readonly username: string; readonly password: string };
  readonly virtualAddress: string;
  readonly members: 'pods' | 'nodes';
  readonly queue: QueueConfig;
}

export const DEVICE_NAME = 'bigip';
export const PARTITION = 'k8s';

function configuration(contents: FileContents, dir: string): object {
  const { device, clusters, virtualAddress, members, queue } = contents;
  const fleet = clusters.filter((cluster) => cluster.fleet === true).map(({ id }) => id);
  return {
    generation: 1,
    devices: [
      {
        name: DEVICE_NAME,
        url: device.url,
        username: device.username,
        password: `file:${join(dir, 'bigip.password')}`,
        tls: { ca: `file:${join(dir, 'bigip.ca.pem')}` },
        partitions: [PARTITION],
      },
    ],
    clusters: clusters.map(({ id }) => ({ id })),
    ...(fleet.length > 1 ? { fleets: [{ name: 'production', clusters: fleet }] } : {}),
    ingresses: clusters.map(({ id }) => ({ cluster: id, service: 'istio-system/istio-ingressgateway', devices: [DEVICE_NAME], virtualAddress, members })),
    queue,
    failures: { kind: 'fs', path: join(dir, 'failures') },
  };
}

export function labFiles(dir: string, clusters: readonly Pick<ClusterContents, 'id'>[]): LabFiles {
  const kubeconfig = join(dir, 'kubeconfig');
  const kubeconfigs = Object.fromEntries(clusters.map(({ id }, index) => [id, index === 0 ? kubeconfig : `${kubeconfig}-${id}`]));
  return { dir, kubeconfig, kubeconfigs, config: join(dir, 'sluice.yaml'), log: join(dir, 'sluice.log') };
}

export function kubeconfigOf({ kubeconfigs }: LabFiles, cluster: string): string {
  const file = kubeconfigs[cluster];
  if (file === undefined) throw new Error(`the lab has no cluster ${cluster}, only ${Object.keys(kubeconfigs).join(', ')}`);
  return file;
}

export async function writeLabFiles(dir: string, contents: FileContents): Promise<LabFiles> {
  const files = labFiles(dir, contents.clusters);
  const secret = { mode: 0o600 };
  await mkdir(dir, { recursive: true });
  for (const { id, kubeconfig } of contents.clusters) await writeFile(kubeconfigOf(files, id), kubeconfig, secret);
  await writeFile(join(dir, 'bigip.password'), contents.device.password, secret);
  await writeFile(join(dir, 'bigip.ca.pem'), contents.device.ca);
  await writeFile(files.config, stringify(configuration(contents, dir)));
  return files;
}
