/** The lab's API server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKubernetes, type LabKubernetesOptions } from '../../../infra/lab/kubernetes/index.ts';
import { openSubject, type Subject } from './subject.ts';

export async function startLab(
  options: LabKubernetesOptions,
  signal?: AbortSignal,
): Promise<Subject> {
  const lab = await startKubernetes(options);
  const folder = await mkdtemp(join(tmpdir(), 'sluice-oracle-'));
  const kubeconfig = join(folder, 'lab');
  await writeFile(kubeconfig, lab.kubeconfig(), { mode: 0o600 });
  const subject = await openSubject(kubeconfig, signal);
  return {
    ...subject,
    close: async () => {
      await subject.close();
      await lab.close();
      await rm(folder, { recursive: true });
    },
  };
}
