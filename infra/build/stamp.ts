/** A stamp next to each bundle records what it and its archive were made from. */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './bundle.ts';
import { writeWhole } from './esbuild.ts';
import { packedConfig, zipPath } from './pack.ts';

/** Changes in these files change the bundles. */
const BUILDERS = ['bundle.ts', 'esbuild.ts', 'launcher.mjs', 'stamp.ts'];
/** Changes in these files change the archives. */
const PACKERS = ['pack.ts', 'stamp.ts'];

export interface Stamped {
  readonly root: string;
  readonly out: string;
  readonly target: Target;
}

interface Stamp {
  readonly inputs: readonly string[];
  readonly hash: string;
  /** Of what the archive was packed from; absent before it was packed. */
  readonly packed?: string;
}

const stampPath = ({ out, target }: Stamped): string => join(out, target.name, 'stamp.json');

function add(hash: Hash, path: string): void {
  hash.update(path);
  hash.update(existsSync(path) ? readFileSync(path) : 'absent');
}

/** The installed packages, which change with any package; the lock file if npm left no record. */
function installed(root: string): string {
  const note = join(root, 'node_modules', '.package-lock.json');
  return existsSync(note) ? note : join(root, 'package-lock.json');
}

function hashOf({ root, target }: Stamped, inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs.filter((path) => !path.includes('node_modules/')))
    add(hash, join(root, input));
  for (const file of BUILDERS) add(hash, join(import.meta.dirname, file));
  add(hash, installed(root));
  hash.update(JSON.stringify({ launcher: target.launcher !== undefined }));
  return hash.digest('hex');
}

function packedHashOf({ out, target }: Stamped, config: string | undefined): string {
  const hash = createHash('sha256');
  add(hash, target.outfile);
  for (const other of target.beside ?? []) add(hash, join(out, other, 'handler.mjs'));
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
  const { target } = stamped;
  const stamp = read(stampPath(stamped));
  return (
    stamp !== undefined &&
    existsSync(target.outfile) &&
    existsSync(`${target.outfile}.map`) &&
    stamp.hash === hashOf(stamped, stamp.inputs)
  );
}

/** Whether the archive was packed from this bundle and this configuration. */
export function isPacked(stamped: Stamped, config: string | undefined): boolean {
  const packed = read(stampPath(stamped))?.packed;
  return (
    packed !== undefined &&
    existsSync(zipPath(stamped.target, stamped.out)) &&
    packed === packedHashOf(stamped, config)
  );
}

export function writeStamp(stamped: Stamped, inputs: readonly string[]): void {
  const own = inputs.filter((path) => !path.includes('node_modules/'));
  writeWhole(
    stampPath(stamped),
    JSON.stringify({ inputs: own, hash: hashOf(stamped, own) } satisfies Stamp),
  );
}

/** Adds to the stamp what the archive was packed from. */
export function writePacked(stamped: Stamped, config: string | undefined): void {
  const stamp = read(stampPath(stamped));
  if (stamp === undefined) return;
  writeWhole(
    stampPath(stamped),
    JSON.stringify({ ...stamp, packed: packedHashOf(stamped, config) } satisfies Stamp),
  );
}
