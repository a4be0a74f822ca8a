import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { ApiObject } from './kubernetes-api.ts';

/** The folder of the manifests that the README and the demo name. */
export const MANIFESTS = new URL('../manifests/', import.meta.url);

/** All objects of a file, by its name without `.yaml`. */
export function manifest(name: string): readonly ApiObject[] {
  return parseAllDocuments(readFileSync(new URL(`${name}.yaml`, MANIFESTS), 'utf8')).map(
    (document) => document.toJS() as ApiObject,
  );
}
