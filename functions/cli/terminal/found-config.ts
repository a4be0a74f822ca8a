/**
 * The configuration of commands that also work without one: `-c`, else `$SLUICE_CONFIG`, else
 * `./sluice.yaml` if it exists.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { chooseCluster } from '../../../shared/operations/clusters/clusters.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';

/** The options that `addFoundConfigOption` and `--cluster` produce. */
export interface FoundConfigOptions {
  /** False with `--no-config`. */
  readonly config?: string | false;
  readonly cluster?: string | undefined;
}

/** A configuration with the cluster that the objects come from. */
export interface FoundConfig {
  readonly config: SluiceConfig;
  /** The one with `--cluster`, or the only one. */
  readonly cluster: SluiceConfig['clusters'][number];
  /** As it was given or found, for messages. */
  readonly path: string;
  /** Named with `-c`; otherwise nothing beyond its content is used. */
  readonly isNamed: boolean;
}

/** `what`: the effect of a configuration on the command. */
export function addFoundConfigOption(command: Command, what: string): Command {
  return command
    .option('-c, --config <file>', `${what} (default: $SLUICE_CONFIG, ./sluice.yaml if it exists)`)
    .option('--no-config', 'use no configuration');
}

/**
 * Undefined if there is none, or if a file that the user did not name cannot be used; `note` then
 * says why. Throws for a named file that cannot be used. Other files are relative to `cwd`.
 */
export async function findConfig(
  { config: named, cluster }: FoundConfigOptions,
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<{ readonly found?: FoundConfig; readonly note?: string }> {
  if (named === false) return {};
  if (named !== undefined)
    return {
      found: { ...(await load(named, cluster, env)), path: named, isNamed: true },
    };
  const path = env['SLUICE_CONFIG'] || './sluice.yaml';
  if (path === './sluice.yaml' && !existsSync(resolve(cwd, path))) return {};
  try {
    const found = { ...(await load(resolve(cwd, path), cluster, env)), path, isNamed: false };
    return {
      found,
      note: `settings and policy of ${path} are applied; --no-config leaves them out`,
    };
  } catch (error) {
    const why = errorMessage(error)
      .replace(`${resolve(cwd, path)}: `, '')
      .replace(/\n */, ': ')
      .replaceAll(/\n */g, '; ');
    return { note: `${path} is not used: ${why}` };
  }
}

/** Throws if the file is invalid, or if the cluster is ambiguous or unknown. */
async function load(
  path: string,
  cluster: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Pick<FoundConfig, 'config' | 'cluster'>> {
  const config = await loadConfig(path, env);
  return { config, cluster: chooseCluster(config, cluster) };
}
