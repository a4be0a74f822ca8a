import { isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { Refused } from './answers.ts';

type Container = Record<string, unknown> | unknown[];

/** RFC 6902 without `test`, as in AS3. */
export function applyJsonPatch(document: Json, operations: unknown): Json {
  if (!Array.isArray(operations)) throw invalid('the body of a patch should be array');
  const root = structuredClone(document) as Record<string, unknown>;
  for (const operation of operations) apply(root, operation);
  return root;
}

function invalid(problem: string): Refused {
  return new Refused(422, 'Invalid patch', [problem]);
}

function apply(root: Record<string, unknown>, operation: unknown): void {
  const { op, path, from, value } = isObject(operation) ? operation : {};
  if (typeof path !== 'string') throw invalid('/path: should be string');
  switch (op) {
    case 'add':
    case 'replace':
      if (op === 'replace') take(root, path, false);
      put(root, path, { value, insert: op === 'add' });
      return;
    case 'remove':
      take(root, path, true);
      return;
    case 'move':
    case 'copy':
      if (typeof from !== 'string') throw invalid('/from: should be string');
      put(root, path, { value: structuredClone(take(root, from, op === 'move')), insert: true });
      return;
    default:
      throw invalid(`/op: ${String(op)} is not one of add, replace, remove, move, copy`);
  }
}

function locate(
  root: Record<string, unknown>,
  path: string,
): { readonly parent: Container; readonly key: string } {
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop();
  if (last === undefined) throw invalid(`${path}: should point into the declaration`);
  let parent: unknown = root;
  for (const key of keys)
    parent = isContainer(parent) ? (parent as Record<string, unknown>)[key] : undefined;
  if (!isContainer(parent)) throw invalid(`${path}: no such path`);
  return { parent, key: last };
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function take(root: Record<string, unknown>, path: string, remove: boolean): unknown {
  const { parent, key } = locate(root, path);
  if (!(key in parent)) throw invalid(`${path}: no such path`);
  const value = (parent as Record<string, unknown>)[key];
  if (remove && Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (remove) delete (parent as Record<string, unknown>)[key];
  return value;
}

function put(
  root: Record<string, unknown>,
  path: string,
  { value, insert }: { readonly value: unknown; readonly insert: boolean },
): void {
  const { parent, key } = locate(root, path);
  if (!Array.isArray(parent)) {
    parent[key] = value;
    return;
  }
  const index = key === '-' ? parent.length : Number(key);
  if (!Number.isInteger(index) || index < 0 || index > parent.length)
    throw invalid(`${path}: no such place in the list`);
  parent.splice(index, insert ? 0 : 1, value);
}
