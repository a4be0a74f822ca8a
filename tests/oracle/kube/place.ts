/** The cluster that kubectl would use. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig, type Cluster } from '@kubernetes/client-node';
import { hasDefaultKubeconfig } from '../../../shared/kubernetes/index.ts';

/** A kubeconfig of one file whose current context is the chosen one. */
export interface Place {
  readonly context: string;
  readonly server: string;
  readonly kubeconfig: string;
  /** The same cluster with the account of this token; the path of another kubeconfig. */
  asAccount(token: string): Promise<string>;
  /** Removes the files. */
  close(): Promise<void>;
}

/** Undefined if there is no kubeconfig. Throws if there is no such context. */
export async function openPlace(asked: string | undefined): Promise<Place | undefined> {
  if (!hasDefaultKubeconfig()) return undefined;
  const config = new KubeConfig();
  config.loadFromDefault();
  const context = asked ?? config.getCurrentContext();
  config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const names = config.getContexts().map(({ name }) => name);
    throw new Error(
      `the kubeconfig has no context ${JSON.stringify(context)} with a cluster; ` +
        `choose one with --context: ${names.join(', ')}`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'sluice-oracle-'));
  const save = async (name: string, saved: KubeConfig): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, saved.exportConfig(), { mode: 0o600 });
    return path;
  };
  const kubeconfig = await save('config', config);
  return {
    context,
    server: cluster.server,
    kubeconfig,
    asAccount: (token) => save('account', accountOf(cluster, token)),
    close: () => rm(folder, { recursive: true }),
  };
}

function accountOf(cluster: Cluster, token: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(cluster, { name: 'watcher', token });
  return config;
}
