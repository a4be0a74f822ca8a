/** Kubernetes objects from files: multi-document YAML, JSON, and Lists within either; `-` is standard input. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

export function readManifests(paths: readonly string[], namespace: string): readonly unknown[] {
  return paths.flatMap(filesOf).flatMap((file) => readManifest(file, namespace));
}

function filesOf(path: string): string[] {
  if (path === '-' || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

function readManifest(file: string, namespace: string): unknown[] {
  const name = file === '-' ? 'standard input' : file;
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${name}: ${(error as Error).message}`, { cause: error });
  }
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, i) => {
    const [problem] = document.errors;
    if (problem) throw new Error(`${name}, document ${i + 1}: ${problem.message}`);
    return flatten(document.toJS(), namespace);
  });
}

/** A List holds objects; what names no namespace gets the given one, as kubectl would do. */
function flatten(value: unknown, namespace: string): unknown[] {
  if (value === null || value === undefined) return [];
  const { items, kind, metadata } = value as { items?: unknown; kind?: unknown; metadata?: { namespace?: unknown } };
  if (Array.isArray(items) && typeof kind === 'string' && kind.endsWith('List')) return items.flatMap((item) => flatten(item, namespace));
  if (typeof value !== 'object' || metadata === null || typeof metadata !== 'object' || metadata.namespace !== undefined) return [value];
  return [CLUSTER_KINDS.has(String(kind)) ? value : { ...value, metadata: { ...metadata, namespace } }];
}

const CLUSTER_KINDS: ReadonlySet<string> = new Set(['Namespace', 'Node', 'GatewayClass', 'CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding']);
