/** Collects the Kubernetes objects of texts, whoever read them: a command, or the page. */
import { documentsOf, type FileDocument, type ReadDocument } from './documents.ts';
import { flatten, inNamespace, problemOf, type Listed } from './kubernetes-shape.ts';
import { lastOfSame, refuseSame, type PlacedObject } from './same-object.ts';

/** The bytes of a file are no text. `line` counts from 1. */
export class TextProblem extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** One file, or what was pasted. */
export interface ManifestText {
  /** For messages. */
  readonly name: string;
  /** Found in a folder, and not named by the user. */
  readonly found: boolean;
  /** Throws {@link TextProblem}, or an error that names the file. */
  read(): string;
}

/** How objects are collected. */
export interface CollectSettings {
  /** Of objects that name none. */
  readonly namespace: string;
  /** For duplicates, use the last definition; or refuse them, and say what to do. */
  readonly same: 'last' | { readonly remedy: string };
}

/** The objects of the texts, and everything to report about the texts. */
export interface CollectedManifests {
  readonly objects: readonly unknown[];
  /** Files that are skipped without harm, such as chart values in a directory, with the reason. */
  readonly skipped: readonly string[];
  /** Notes about the texts. */
  readonly notes: readonly string[];
  /** Documents that could not be read: `file:line: message`. */
  readonly problems: readonly string[];
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
export function collectManifests(
  texts: readonly ManifestText[],
  { namespace, same }: CollectSettings,
): CollectedManifests {
  const reading: Reading = { objects: [], skipped: [], notes: [], problems: [] };
  for (const text of texts) readText(text, namespace, reading);
  const { objects, skipped, notes, problems } = reading;
  if (objects.length === 0 && problems.length > 0) throw new Error(problems.join('\n'));
  const last = same === 'last' ? lastOfSame(objects) : undefined;
  if (same !== 'last') refuseSame(objects, same.remedy);
  return {
    objects: (last?.objects ?? objects).map(({ object }) => object),
    skipped,
    notes: [...notes, ...(last?.replaced ?? [])],
    problems,
  };
}

/**
 * Reads one file into `reading`. Problems of files found in a directory are collected; for a file
 * that the user named, some throw.
 */
function readText(source: ManifestText, namespace: string, reading: Reading): void {
  const { name, found } = source;
  let documents: readonly FileDocument[];
  try {
    documents = documentsOf(source.read());
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
  { name, found }: ManifestText,
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
