import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { ApiObject } from './kubernetes-api.ts';

export const MANIFESTS = new URL('../manifests/', import.meta.url);

export function manifest(name: string): readonly ApiObject[] {
  return parseAllDocuments(readFileSync(new URL(`${name}.yaml`, MANIFESTS), 'utf8')).map(
    (document) => document.toJS() as ApiObject,
  );
}
