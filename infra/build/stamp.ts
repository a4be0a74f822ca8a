/** A stamp next to bundles records what they and an archive were made from. */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeWhole, type Made } from './esbuild.ts';
import { besides, packedConfig, zipPath } from './pack.ts';
import type { StandaloneTarget } from './targets.ts';

/** Changes in these files change the bundles. */
const BUILDERS = ['bundle.ts', 'esbuild.ts', 'launcher.mjs', 'stamp.ts', 'targets.ts'];
/** Changes in these files change the archives. */
const PACKERS = ['pack.ts', 'stamp.ts'];

export interface Stamped {
  readonly root: string;
  /** Where the stamp is. */
  readonly folder: string;
  /** What is made; another list is another build. */
  readonly made: readonly string[];
}

interface Stamp {
  readonly inputs: readonly string[];
  /** Relative to the folder of the stamp. */
  readonly outputs: readonly string[];
  readonly hash: string;
  /** Of what the archive was packed from; absent before it was packed. */
  readonly packed?: string;
}

const stampPath = ({ folder }: Stamped): string => join(folder, 'stamp.json');

function add(hash: Hash, path: string): void {
  hash.update(path);
  hash.update(existsSync(path) ? readFileSync(path) : 'absent');
}

/** The installed packages, which change with any package; the lock file if npm left no record. */
function installed(root: string): string {
  const note = join(root, 'node_modules', '.package-lock.json');
  return existsSync(note) ? note : join(root, 'package-lock.json');
}

function hashOf({ root, made }: Stamped, inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) add(hash, join(root, input));
  for (const file of BUILDERS) add(hash, join(import.meta.dirname, file));
  add(hash, installed(root));
  hash.update(JSON.stringify(made));
  return hash.digest('hex');
}

function packedHashOf(target: StandaloneTarget, out: string, config: string | undefined): string {
  const hash = createHash('sha256');
  add(hash, target.standalone);
  for (const [, path] of besides(target, out)) add(hash, path);
  for (const file of PACKERS) add(hash, join(import.meta.dirname, file));
  hash.update(JSON.stringify(config === undefined ? null : packedConfig(config)));
  return hash.digest('hex');
}

function read(path: string): Stamp | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Stamp;
  } catch {
    return undefined;
  }
}

export function isFresh(stamped: Stamped): boolean {
  const stamp = read(stampPath(stamped));
  return (
    stamp?.outputs !== undefined &&
    stamp.outputs.every((path) => existsSync(join(stamped.folder, path))) &&
    stamp.hash === hashOf(stamped, stamp.inputs)
  );
}

export function writeStamp(stamped: Stamped, { inputs, outputs }: Made): void {
  const own = inputs.filter((path) => !path.includes('node_modules/'));
  writeWhole(
    stampPath(stamped),
    JSON.stringify({
      inputs: own,
      outputs: outputs.map((path) => relative(stamped.folder, path)),
      hash: hashOf(stamped, own),
    } satisfies Stamp),
  );
}

/** Whether the archive was packed from this bundle and this configuration. */
export function isPacked(
  stamped: Stamped,
  target: StandaloneTarget,
  out: string,
  config: string | undefined,
): boolean {
  return (
    existsSync(zipPath(target, out)) &&
    read(stampPath(stamped))?.packed === packedHashOf(target, out, config)
  );
}

/** Adds to the stamp what the archive was packed from. */
export function writePacked(
  stamped: Stamped,
  target: StandaloneTarget,
  out: string,
  config: string | undefined,
): void {
  const stamp = read(stampPath(stamped));
  if (stamp === undefined) return;
  writeWhole(
    stampPath(stamped),
    JSON.stringify({ ...stamp, packed: packedHashOf(target, out, config) } satisfies Stamp),
  );
}
