/** The lab's files: what a user of Sluice would write by hand, and the credentials it refers to. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { QueueConfig } from '../../shared/config/schema.ts';

export interface LabFiles {
  readonly dir: string;
  readonly kubeconfig: string;
  readonly config: string;
  readonly log: string;
}

export interface FileContents {
  readonly kubeconfig: string;
  readonly device: { readonly url: string; readonly ca: string; readonly username: string; readonly password: string };
  readonly cluster: string;
  readonly virtualAddress: string;
  readonly members: 'pods' | 'nodes';
  readonly queue: QueueConfig;
}

export const DEVICE_NAME = 'bigip';
export const PARTITION = 'k8s';

function configuration(contents: FileContents, dir: string): object {
  const { device, cluster, virtualAddress, members, queue } = contents;
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
    clusters: [{ id: cluster }],
    ingresses: [{ cluster, service: 'istio-system/istio-ingressgateway', devices: [DEVICE_NAME], virtualAddress, members }],
    queue,
    failures: { kind: 'fs', path: join(dir, 'failures') },
  };
}

export function labFiles(dir: string): LabFiles {
  return { dir, kubeconfig: join(dir, 'kubeconfig'), config: join(dir, 'sluice.yaml'), log: join(dir, 'sluice.log') };
}

export async function writeLabFiles(dir: string, contents: FileContents): Promise<LabFiles> {
  const files = labFiles(dir);
  const secret = { mode: 0o600 };
  await mkdir(dir, { recursive: true });
  await writeFile(files.kubeconfig, contents.kubeconfig, secret);
  await writeFile(join(dir, 'bigip.password'), contents.device.password, secret);
  await writeFile(join(dir, 'bigip.ca.pem'), contents.device.ca);
  await writeFile(files.config, stringify(configuration(contents, dir)));
  return files;
}
