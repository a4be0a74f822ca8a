/**
 * Reads Kubernetes objects from files: multi-document YAML, JSON, and Lists in both; `-` is
 * standard input.
 */
import type { Command } from 'commander';
import {
  collectManifests,
  type CollectedManifests,
} from '../../../shared/operations/manifests/collect.ts';
import { collectValues } from '../terminal/output.ts';
import { readFileText } from './file-text.ts';
import { sourcesOf } from './sources.ts';

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

/** The files may be parts of a kustomization. */
const TWICE =
  'render the files first (kubectl kustomize DIRECTORY), leave one of the two out, ' +
  'or let the last one count with --overlay';

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

/**
 * Throws for errors of the input as a whole: a missing file, duplicate objects, or nothing
 * readable. A single unreadable document is reported as a problem.
 */
export function readManifests(options: ManifestOptions): CollectedManifests {
  const { file, recursive, namespace, overlay = false } = options;
  const { sources, skipped } = sourcesOf(file, recursive);
  const texts = sources.map((source) => ({ ...source, read: () => readFileText(source) }));
  const same = overlay ? 'last' : { remedy: TWICE };
  const collected = collectManifests(texts, { namespace, same });
  return { ...collected, skipped: [...skipped, ...collected.skipped].toSorted() };
}
