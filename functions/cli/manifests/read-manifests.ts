/** Kubernetes objects from files: multi-document YAML, JSON, and Lists within either; `-` is standard input. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { parseAllDocuments } from 'yaml';
import { collectValues } from '../terminal/output.ts';

export interface ManifestOptions {
  readonly file: readonly string[];
  readonly recursive: boolean;
  readonly namespace: string;
}

export interface Manifests {
  readonly objects: readonly unknown[];
  /** What lies in a directory and is no Kubernetes object, such as the values of a chart. */
  readonly skipped: readonly string[];
}

/** The options that every command has that reads objects. */
export function withManifests(command: Command): Command {
  return command
    .requiredOption(
      '-f, --file <file...>',
      'Kubernetes objects: YAML, JSON, a directory, or - for standard input (repeatable)',
      collectValues,
    )
    .option('-R, --recursive', 'also read subdirectories', false)
    .option('-n, --namespace <name>', 'namespace of objects without one', 'default');
}

interface Source {
  readonly path: string;
  readonly name: string;
  /** Found in a directory, not named by the user. */
  readonly found: boolean;
}

export function readManifests({ file, recursive, namespace }: ManifestOptions): Manifests {
  const read = file
    .flatMap((path) => sourcesOf(path, recursive))
    .map((source) => readSource(source, namespace));
  return {
    objects: read.flatMap((one) => one.objects),
    skipped: read.flatMap((one) => one.skipped),
  };
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A link that leads to itself is nothing to read.
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return undefined;
    throw error;
  }
}

/** What is no file: a pipe would be waited for, and a device never ends. Undefined for what can be read, or is not there. */
function otherThanFile(stat: Stats | undefined): string | undefined {
  if (stat === undefined || stat.isFile()) return undefined;
  if (stat.isFIFO()) return 'a named pipe';
  return stat.isSocket() ? 'a socket' : 'a device';
}

function unreadable(path: string): string | undefined {
  const stat = statOf(path);
  if (stat === undefined) return 'leads nowhere';
  const other = otherThanFile(stat);
  return other === undefined ? undefined : `is ${other}, not a file`;
}

function sourcesOf(path: string, recursive: boolean): readonly Source[] {
  if (path === '-') return [{ path, name: 'standard input', found: false }];
  const stat = statOf(path);
  if (stat?.isDirectory() !== true) {
    const other = otherThanFile(stat);
    // The shell's <(command) is a pipe that somebody named.
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

/** A directory that is reached a second time, by a link, has been read. */
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

/** Bytes: the objects of a large cluster in one file are a tenth of it. */
const LARGEST = 256 * 1024 * 1024;

function textOf({ path, name }: Source): string {
  try {
    const input = path === '-' ? 0 : openSync(path, constants.O_RDONLY);
    try {
      return textIn(input, name).replace(/^\uFEFF/, '');
    } finally {
      if (path !== '-') closeSync(input);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`cannot read ${name}: ${code === 'ENOENT' ? 'no such file' : message}`, {
      cause: error,
    });
  }
}

/** Not in one go: a pipe has no size, and may have no end. */
function textIn(input: number, name: string): string {
  const { size } = fstatSync(input);
  const pieces: Buffer[] = [];
  for (let all = 0; ;) {
    const piece = Buffer.allocUnsafe(Math.min(Math.max(size - all + 1, 64 * 1024), LARGEST));
    const count = readSync(input, piece);
    if (count === 0) return Buffer.concat(pieces).toString('utf8');
    pieces.push(piece.subarray(0, count));
    all += count;
    if (all > LARGEST)
      throw new Error(`it is larger than ${LARGEST / 1024 / 1024} MiB; split ${name}`);
  }
}

function readSource(source: Source, namespace: string): Manifests {
  const nothing = source.found ? unreadable(source.path) : undefined;
  if (nothing !== undefined) return { objects: [], skipped: [`${source.name}: ${nothing}`] };
  const documents = documentsOf(textOf(source), source.name);
  const skipped: string[] = [];
  const objects = documents.flatMap((document, i) => {
    if (document === null || document === undefined) return [];
    const problem = problemOf(document);
    if (problem === undefined) return flatten(document, namespace, {});
    const place = `${source.name}${documents.length === 1 ? '' : `, document ${i + 1}`}`;
    if (!source.found) throw new Error(`${place}: ${problem}`);
    skipped.push(`${place}: ${problem}`);
    return [];
  });
  return { objects, skipped };
}

/** JSON first: a whole cluster as JSON is read many times faster than as YAML. */
function documentsOf(text: string, name: string): readonly unknown[] {
  if (/^\s*[[{]/.test(text)) {
    try {
      const value: unknown = JSON.parse(text);
      return Array.isArray(value) ? value : [value];
    } catch {
      // YAML may begin with a bracket too, and says better where it breaks.
    }
  }
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.map((document, i) => {
    const [problem] = document.errors;
    if (problem) throw new Error(`${name}, document ${i + 1}: ${problem.message.trimEnd()}`);
    return document.toJS() as unknown;
  });
}

interface Kinded {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
}

function problemOf(document: unknown): string | undefined {
  if (typeof document !== 'object') return `is a ${typeof document}, not a Kubernetes object`;
  const { apiVersion, kind } = document as Kinded;
  const missing = [
    apiVersion === undefined ? 'apiVersion' : [],
    kind === undefined ? 'kind' : [],
  ].flat();
  return missing.length === 0
    ? undefined
    : `is not a Kubernetes object: it has no ${missing.join(' and no ')}`;
}

interface Listed extends Kinded {
  readonly items?: unknown;
  readonly metadata?: { readonly namespace?: unknown } | null;
}

/** A List holds objects, of its own kind where they name none. */
function flatten(value: unknown, namespace: string, inherited: Kinded): unknown[] {
  if (value === null || typeof value !== 'object') return [value];
  const object: Listed = { ...inherited, ...value };
  const { items, apiVersion, kind } = object;
  if (!Array.isArray(items) || typeof kind !== 'string' || !kind.endsWith('List'))
    return [inNamespace(object, namespace)];
  const each = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.flatMap((item) => flatten(item, namespace, each));
}

const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  'Namespace',
  'Node',
  'GatewayClass',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
]);

/** What names no namespace gets the given one, as kubectl would do. */
function inNamespace(object: Listed, namespace: string): Listed {
  const { kind, metadata } = object;
  const settled =
    typeof metadata !== 'object' ||
    metadata === null ||
    metadata.namespace !== undefined ||
    CLUSTER_KINDS.has(String(kind));
  return settled ? object : { ...object, metadata: { ...metadata, namespace } };
}
