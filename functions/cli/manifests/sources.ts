/** Expands the arguments of the user to readable files: files, directories, pipes, `-`. */
import { readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** One file to read. */
export interface ManifestSource {
  /** `-` is standard input. */
  readonly path: string;
  readonly name: string;
  /** Found in a directory, not named by the user. */
  readonly found: boolean;
}

/** All files to read, in the order of the arguments. */
export interface ManifestSources {
  readonly sources: readonly ManifestSource[];
  /** Files skipped in directories, with the reason. */
  readonly skipped: readonly string[];
}

/** Each file once, in order of first mention; symbolic links are resolved. */
export function sourcesOf(paths: readonly string[], recursive: boolean): ManifestSources {
  const first = new Map<string, string>();
  const sources: ManifestSource[] = [];
  const skipped: string[] = [];
  for (const source of paths.flatMap((path) => namedBy(path, recursive))) {
    const problem = source.found ? unreadable(source.path) : undefined;
    const real = problem === undefined ? realPath(source) : source.name;
    const earlier = first.get(real);
    if (earlier !== undefined)
      skipped.push(
        `${source.name}: is ${earlier} again${earlier === source.name ? '' : ', by another path'}; read once`,
      );
    else if (problem !== undefined) skipped.push(`${source.name}: ${problem}`);
    else sources.push(source);
    if (earlier === undefined) first.set(real, source.name);
  }
  return { sources, skipped };
}

/** Pipes have no path, so each is read separately. */
function realPath({ path, name }: ManifestSource): string {
  if (path === '-') return name;
  return statOf(path)?.isFile() === true ? realpathSync(path) : path;
}

/** Follows links. Undefined for a missing file and for a link that leads nowhere. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // Skips links that lead to themselves, and paths below a file.
    if (['ELOOP', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}

/**
 * Describes special files: reading a pipe would block, and a device never ends. Undefined for
 * regular or missing files.
 */
function otherThanFile(stat: Stats | undefined): string | undefined {
  if (stat === undefined || stat.isFile()) return undefined;
  if (stat.isFIFO()) return 'a named pipe';
  return stat.isSocket() ? 'a socket' : 'a device';
}

/** Why a file of a directory is skipped; undefined for a regular file. */
function unreadable(path: string): string | undefined {
  const stat = statOf(path);
  if (stat === undefined) return 'leads nowhere';
  const other = otherThanFile(stat);
  return other === undefined ? undefined : `is ${other}, not a file`;
}

/**
 * The files behind one argument. Throws for special files and for directories without manifests.
 */
function namedBy(path: string, recursive: boolean): readonly ManifestSource[] {
  if (path === '-') return [{ path, name: 'standard input', found: false }];
  const stat = statOf(path);
  if (stat?.isDirectory() !== true) {
    const other = otherThanFile(stat);
    // The shell's <(command) is a named pipe, which is allowed.
    if (other !== undefined && other !== 'a named pipe')
      throw new Error(`cannot read ${path}: it is ${other}, not a file`);
    return [{ path, name: path, found: false }];
  }
  const files = filesIn(path, recursive, new Set()).toSorted();
  if (files.length === 0)
    throw new Error(
      `${path} contains no .yaml, .yml or .json file${recursive ? '' : ' (-R also reads its subdirectories)'}`,
    );
  return files.map((name) => ({ path: name, name, found: true }));
}

/** Skips a directory that was already read through a link. */
function filesIn(directory: string, recursive: boolean, seen: Set<string>): readonly string[] {
  const real = realpathSync(directory);
  if (seen.has(real)) return [];
  seen.add(real);
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    if (statOf(path)?.isDirectory() === true)
      return recursive ? filesIn(path, recursive, seen) : [];
    return /\.(ya?ml|json)$/.test(name) ? [path] : [];
  });
}
