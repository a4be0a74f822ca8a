/**
 * Bundles every function, packs those for Lambda, and skips what is unchanged. There are two sets
 * of bundles: those of one host share their code, and standalone ones are single files, for Lambda
 * and for images ([decision 67](../../docs/decisions/0067-bundles-of-one-host-share-their-code.md)).
 */
import { dirname, join, resolve } from 'node:path';
import { bundleShared, bundleStandalone } from './esbuild.ts';
import { findConfig, pack, removePacked } from './pack.ts';
import { isFresh, isPacked, writePacked, writeStamp, type Stamped } from './stamp.ts';
import { findTargets, type StandaloneTarget, type Target } from './targets.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

export interface BuildOptions {
  readonly root: string;
  readonly out: string;
  /** `SLUICE_CONFIG` */
  readonly config?: string | undefined;
  /** Names of the functions whose standalone bundles are built; default: all. */
  readonly only?: readonly string[];
  /** Whether to build only what a host needs: no standalone bundles and no archives for Lambda. */
  readonly hostOnly?: boolean;
  readonly say: (line: string) => void;
}

const HOST_ONLY = '--host-only';

/** The functions to build standalone, those that are packed beside them included. */
function selectStandalone(
  targets: readonly Target[],
  only: readonly string[],
): readonly StandaloneTarget[] {
  const stranger = only.find((name) => !targets.some((target) => target.name === name));
  if (stranger !== undefined)
    throw new Error(
      `There is no function ${stranger}; there are ${targets.map((target) => target.name).join(', ')}.`,
    );
  const wanted = targets.filter(({ name }) => only.length === 0 || only.includes(name));
  const names = new Set(wanted.flatMap(({ name, beside = [] }) => [name, ...beside]));
  return targets.filter(
    (target): target is StandaloneTarget =>
      names.has(target.name) && target.standalone !== undefined,
  );
}

const standaloneStamp = ({ name, standalone }: StandaloneTarget, root: string): Stamped => ({
  root,
  folder: dirname(standalone),
  made: [name],
});

/** All bundles of a host at once, because any change may move code from one file to another. */
async function buildShared(targets: readonly Target[], options: BuildOptions): Promise<void> {
  const { root, out, say } = options;
  const stamped = {
    root,
    folder: out,
    made: targets.map(({ outfile }) => outfile.slice(out.length)),
  };
  if (isFresh(stamped)) return;
  const made = await bundleShared(targets, root, out);
  writeStamp(stamped, made);
  say(`built ${targets.map(({ name }) => name).join(', ')}: ${made.kilobytes} KB`);
}

async function buildStandalone(
  targets: readonly StandaloneTarget[],
  { root, out, say }: BuildOptions,
): Promise<void> {
  const stale = targets.filter((target) => !isFresh(standaloneStamp(target, root)));
  if (stale.length === 0) return;
  for (const { target, ...made } of await bundleStandalone(stale, root, out)) {
    writeStamp(standaloneStamp(target, root), made);
    say(`built ${target.name} standalone: ${made.kilobytes} KB`);
  }
}

function packStale(
  targets: readonly StandaloneTarget[],
  { root, out, config, say }: BuildOptions,
): void {
  const file = findConfig(root, config);
  for (const target of targets.filter(({ lambda }) => lambda)) {
    const stamped = standaloneStamp(target, root);
    if (isPacked(stamped, target, out, file)) continue;
    const { kilobytes } = pack(target, out, file);
    writePacked(stamped, target, out, file);
    say(`packed ${target.name}.zip: ${kilobytes} KB`);
  }
}

export async function build(options: BuildOptions): Promise<void> {
  const { root, out, only = [], hostOnly = false } = options;
  const targets = findTargets(root, out);
  const standalone = selectStandalone(targets, only);
  // No archive of older code may be deployed or run, whether or not a new one is made.
  for (const target of standalone)
    if (!isFresh(standaloneStamp(target, root))) removePacked(target, out);
  await buildShared(targets, options);
  if (hostOnly) return;
  await buildStandalone(standalone, options);
  packStale(standalone, options);
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
