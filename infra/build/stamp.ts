/** A stamp next to the bundles records what they and the archives were made from. */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeWhole, type Made } from './esbuild.ts';
import { packedConfig, zipPath } from './pack.ts';
import type { BuildTarget } from './targets.ts';

/** Changes in these files change the bundles. */
const BUILDERS = [
  'bundle.ts',
  'cuts.ts',
  'esbuild.ts',
  'launcher.mjs',
  'page.ts',
  'stamp.ts',
  'targets.ts',
];
/** Changes in these files change the archives. */
const PACKERS = ['esbuild.ts', 'pack.ts', 'stamp.ts'];

/** One build: its sources, its output folder, and its functions. */
export interface Build {
  /** Absolute path of the repository. */
  readonly root: string;
  /** Absolute path, such as `dist` of the root. */
  readonly out: string;
  /** All functions of the build; another list makes the stamp stale. */
  readonly targets: readonly BuildTarget[];
}

/** What an archive was packed from. */
interface Packed {
  readonly code: string;
  readonly config: string;
}

/** Paths are relative, to the root for inputs, else to the folder of the build. */
interface Stamp {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly files: Readonly<Record<string, readonly string[]>>;
  readonly hash: string;
  readonly packed: Readonly<Record<string, Packed>>;
}

const stampPath = (out: string): string => join(out, 'stamp.json');

/** The path as well, so that two files whose contents were exchanged do not look the same. */
function add(hash: Hash, path: string): void {
  hash.update(path);
  hash.update(existsSync(path) ? readFileSync(path) : 'absent');
}

/** The installed packages, which change with any package; the lock file if npm left no record. */
function installed(root: string): string {
  const note = join(root, 'node_modules', '.package-lock.json');
  return existsSync(note) ? note : join(root, 'package-lock.json');
}

/**
 * Hash of everything that a build depends on: inputs, the build itself, installed packages, and the
 * list of targets.
 */
function hashOf({ root, out, targets }: Build, inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) add(hash, join(root, input));
  for (const file of BUILDERS) add(hash, join(import.meta.dirname, file));
  add(hash, installed(root));
  hash.update(JSON.stringify(targets.map(({ outfile }) => relative(out, outfile))));
  return hash.digest('hex');
}

/** Empty if there is no stamp, or it cannot be parsed: then everything is built. */
function read(out: string): Partial<Stamp> {
  try {
    return JSON.parse(readFileSync(stampPath(out), 'utf8')) as Stamp;
  } catch {
    return {};
  }
}

/** Whether the bundles are there and were made from the present sources. */
export function isFresh(build: Build): boolean {
  const { inputs, outputs, files, hash } = read(build.out);
  return (
    inputs !== undefined &&
    outputs !== undefined &&
    files !== undefined &&
    outputs.every((path) => existsSync(join(build.out, path))) &&
    hash === hashOf(build, inputs)
  );
}

/** Records the sources and files of the bundles that were just made. */
export function writeStamp(build: Build, { inputs, outputs, files }: Made): void {
  const { out } = build;
  const own = inputs.filter((path) => !path.includes('node_modules/'));
  const inside = (paths: readonly string[]): readonly string[] =>
    paths.map((path) => relative(out, path));
  writeWhole(
    stampPath(out),
    JSON.stringify({
      inputs: own,
      outputs: inside(outputs),
      files: Object.fromEntries(
        Object.entries(files).map(([name, paths]) => [name, inside(paths)]),
      ),
      hash: hashOf(build, own),
      packed: read(out).packed ?? {},
    } satisfies Stamp),
  );
}

/** The files of the build that a function needs, with those of the functions packed with it. */
function filesOf({ name, beside = [] }: BuildTarget, out: string): readonly string[] {
  const { files = {} } = read(out);
  const all = new Set([name, ...beside].flatMap((each) => files[each] ?? []));
  return [...all].sort().map((path) => join(out, path));
}

/** Of the files that the archive contains, and of the code that packs them. */
function codeHash(target: BuildTarget, out: string): string {
  const hash = createHash('sha256');
  for (const path of filesOf(target, out)) {
    hash.update(relative(out, path));
    hash.update(readFileSync(path));
  }
  for (const file of PACKERS) add(hash, join(import.meta.dirname, file));
  return hash.digest('hex');
}

/** Of what is packed of sluice.yaml; the same for archives without one. */
function configHash(config: string | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify(config === undefined ? null : packedConfig(config)))
    .digest('hex');
}

/** Whether the archive of a function, if there is one, has the code of the present bundles. */
export function hasPresentCode(target: BuildTarget, out: string): boolean {
  return read(out).packed?.[target.name]?.code === codeHash(target, out);
}

/** Whether there is an archive of the present bundles and this configuration. */
export function isPacked(target: BuildTarget, out: string, config: string | undefined): boolean {
  return (
    existsSync(zipPath(target, out)) &&
    hasPresentCode(target, out) &&
    read(out).packed?.[target.name]?.config === configHash(config)
  );
}

/** Adds to the stamp what the archive was packed from. */
export function writePacked(target: BuildTarget, out: string, config: string | undefined): void {
  const stamp = read(out);
  const packed: Packed = { code: codeHash(target, out), config: configHash(config) };
  writeWhole(
    stampPath(out),
    JSON.stringify({ ...stamp, packed: { ...stamp.packed, [target.name]: packed } }),
  );
}
