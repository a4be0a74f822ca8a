/** Bundles the functions, packs those for Lambda, and skips what is unchanged. See decision 67. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from './esbuild.ts';
import { findConfig, pack, removePacked, zipPath } from './pack.ts';
import { hasPresentCode, isFresh, isPacked, writePacked, writeStamp, type Build } from './stamp.ts';
import { findTargets, type BuildTarget } from './targets.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

/** What to build, and where to. */
export interface BuildOptions {
  /** Absolute path of the repository. */
  readonly root: string;
  /** Absolute path of the folder for bundles and archives. */
  readonly out: string;
  /** `SLUICE_CONFIG` */
  readonly config?: string | undefined;
  /** Names of the functions to pack; default: all. */
  readonly only?: readonly string[];
  /** Whether to build only what a host needs: no archives for Lambda. */
  readonly hostOnly?: boolean;
  /** Gets one line for each thing that was made or skipped. */
  readonly say: (line: string) => void;
}

const HOST_ONLY = '--host-only';

/**
 * The targets to pack for Lambda: all, or those named. Throws an error that lists the known ones.
 */
function selectPacked(
  targets: readonly BuildTarget[],
  only: readonly string[],
): readonly BuildTarget[] {
  const stranger = only.find((name) => !targets.some((target) => target.name === name));
  if (stranger !== undefined)
    throw new Error(
      `There is no function ${stranger}; there are ${targets.map((target) => target.name).join(', ')}.`,
    );
  return targets.filter(({ name, lambda }) => lambda && (only.length === 0 || only.includes(name)));
}

/** All bundles at once, because any change may move code from one file to another. */
async function bundleStale(wanted: Build, say: BuildOptions['say']): Promise<void> {
  const { root, out, targets } = wanted;
  if (isFresh(wanted)) return;
  const made = await bundle(targets, root, out);
  writeStamp(wanted, made);
  say(`built ${targets.map(({ name }) => name).join(', ')}: ${made.kilobytes} KB`);
}

/**
 * Builds stale bundles, and packs stale archives unless `hostOnly`. Throws if a name in `only` is
 * no function, or if esbuild fails.
 */
export async function build(options: BuildOptions): Promise<void> {
  const { root, out, only = [], hostOnly = false, say } = options;
  const targets = findTargets(root, out);
  const packed = selectPacked(targets, only);
  await bundleStale({ root, out, targets }, say);
  // No archive of older code may be deployed or run, whether or not a new one is made.
  for (const target of targets)
    if (existsSync(zipPath(target, out)) && !hasPresentCode(target, out)) removePacked(target, out);
  if (hostOnly) return;
  const config = findConfig(root, options.config);
  for (const target of packed) {
    if (isPacked(target, out, config)) continue;
    const { kilobytes } = await pack(target, out, config);
    writePacked(target, out, config);
    say(`packed ${target.name}.zip: ${kilobytes} KB`);
  }
}

/** `npm run build`, `npm run build -- map apply`, or `npm run bundle` for a host. */
async function fromCommandLine(): Promise<void> {
  const root = resolve(import.meta.dirname, '../..');
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  const given = process.argv.slice(2);
  try {
    await build({
      root,
      out: join(root, 'dist'),
      config: process.env['SLUICE_CONFIG'],
      only: given.filter((word) => word !== HOST_ONLY),
      hostOnly: given.includes(HOST_ONLY),
      say,
    });
  } catch (error) {
    // esbuild has already printed the position.
    process.stderr.write(`build: ${errorMessage(error)}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await fromCommandLine();
