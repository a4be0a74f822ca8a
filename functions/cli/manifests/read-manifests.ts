/**
 * Reads Kubernetes objects from files: multi-document YAML, JSON, and Lists in both; `-` is
 * standard input.
 */
import type { Command } from 'commander';
import {
  flatten,
  inNamespace,
  problemOf,
  type Listed,
} from '../../../shared/operations/manifests/kubernetes-shape.ts';
import {
  lastOfSame,
  refuseSame,
  type PlacedObject,
} from '../../../shared/operations/manifests/same-object.ts';
import { collectValues } from '../terminal/output.ts';
import { documentsOf, type FileDocument, type ReadDocument } from './documents.ts';
import { TextProblem, readFileText } from './file-text.ts';
import { sourcesOf, type ManifestSource } from './sources.ts';

/** Options of all commands that read files. */
export interface ManifestOptions {
  /** Files and folders; `-` is standard input. */
  readonly file: readonly string[];
  /** Also the folders in a folder. */
  readonly recursive: boolean;
  /** Of objects that name none. */
  readonly namespace: string;
  /** For duplicates, use the last definition instead of refusing them. */
  readonly overlay?: boolean;
}

/** The objects in the files, and everything to report about the files. */
export interface Manifests {
  readonly objects: readonly unknown[];
  /** Files that are skipped without harm, such as chart values in a directory, with the reason. */
  readonly skipped: readonly string[];
  /** Notes about the files. */
  readonly notes: readonly string[];
  /** Documents that could not be read: `file:line: message`. */
  readonly problems: readonly string[];
}

/** Adds the options of all commands that read objects. */
export function withManifests(command: Command): Command {
  return command
    .requiredOption(
      '-f, --file <file...>',
      'Kubernetes objects: YAML, JSON, a directory, or - for standard input (repeatable)',
      collectValues,
    )
    .option('-R, --recursive', 'also read subdirectories', false)
    .option('-n, --namespace <name>', 'namespace of objects without one', 'default')
    .option('--overlay', 'of the same object twice take the last one, instead of refusing', false);
}

/** What is collected while one file after the other is read. */
interface Reading {
  readonly objects: PlacedObject[];
  /** What was left out, with the reason. */
  readonly skipped: string[];
  readonly notes: string[];
  readonly problems: string[];
}

/**
 * Throws for errors of the input as a whole: a missing file, duplicate objects, or nothing
 * readable. A single unreadable document is reported as a problem.
 */
export function readManifests(options: ManifestOptions): Manifests {
  const { file, recursive, namespace, overlay = false } = options;
  const { sources, skipped } = sourcesOf(file, recursive);
  const reading: Reading = { objects: [], skipped: [...skipped], notes: [], problems: [] };
  for (const source of sources) readSource(source, namespace, reading);
  const { objects, problems } = reading;
  if (objects.length === 0 && problems.length > 0) throw new Error(problems.join('\n'));
  const last = overlay ? lastOfSame(objects) : undefined;
  if (last === undefined) refuseSame(objects);
  return {
    objects: (last?.objects ?? objects).map(({ object }) => object),
    skipped: reading.skipped.toSorted(),
    notes: [...reading.notes, ...(last?.replaced ?? [])],
    problems,
  };
}

/**
 * Reads one file into `reading`. Problems of files found in a directory are collected; for a file
 * that the user named, some throw.
 */
function readSource(source: ManifestSource, namespace: string, reading: Reading): void {
  const { name, found } = source;
  let documents: readonly FileDocument[];
  try {
    documents = documentsOf(readFileText(source));
  } catch (error) {
    if (error instanceof TextProblem)
      reading.problems.push(`${name}:${error.line}: ${error.message}`);
    else if (found) reading.problems.push((error as Error).message);
    else throw error;
    return;
  }
  if (documents.length === 0 && !found)
    reading.problems.push(`${name}: contains no Kubernetes object`);
  const templates: number[] = [];
  for (const document of documents) {
    if ('template' in document) templates.push(document.line);
    else if ('problem' in document)
      reading.problems.push(`${name}:${document.line}: ${document.problem}`);
    else readObjects(document, source, namespace, reading);
  }
  const [first, ...more] = templates;
  if (first !== undefined)
    reading.problems.push(`${name}:${first}: ${templateProblem(more.length)}`);
}

/** `more` is the number of other templates in the same file, which are not reported one by one. */
function templateProblem(more: number): string {
  const others = more === 0 ? '' : ` (and ${more} more of the file)`;
  return `is an unrendered template${others}; render it first, for instance with helm template`;
}

/**
 * Reads one document. Directories may contain files that are not Kubernetes objects; a file that
 * the user names should be one.
 */
function readObjects(
  document: ReadDocument,
  { name, found }: ManifestSource,
  namespace: string,
  reading: Reading,
): void {
  const at = (path: readonly (string | number)[]): string => `${name}:${document.lineOf(path)}`;
  for (const { key, line } of document.twice)
    reading.notes.push(
      `${name}:${line}: "${key}" is given twice in one map; the last one counts, as for kubectl`,
    );
  for (const { object, path } of flatten(document.value)) {
    const problem = problemOf(object);
    if (problem !== undefined && problem.path.length > 0)
      reading.problems.push(`${at([...path, ...problem.path])}: ${problem.message}`);
    else if (problem === undefined)
      reading.objects.push({
        object: inNamespace(object as Listed, namespace),
        place: () => at(path),
      });
    else (found ? reading.skipped : reading.problems).push(`${at(path)}: ${problem.message}`);
  }
}
