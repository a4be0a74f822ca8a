/** RFC 6902. */
import { badRequest, unprocessable } from '../errors.ts';
import { equal, isFields } from '../fields.ts';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

function readOperations(patch: unknown): readonly Operation[] {
  const fine =
    Array.isArray(patch) &&
    patch.every(
      (one) => isFields(one) && typeof one['op'] === 'string' && typeof one['path'] === 'string',
    );
  if (!fine)
    throw badRequest(
      'error decoding patch: a JSON patch is a list of operations with "op" and "path"',
    );
  return patch as readonly Operation[];
}

function segments(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function child(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value[Number(key)];
  return isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function read(document: unknown, pointer: string): unknown {
  return segments(pointer).reduce(child, document);
}

/** All operations work below one root, so that the document itself can be replaced. */
const ROOT = '/document';

interface Spot {
  readonly parent: unknown;
  readonly key: string;
}

function spotOf(document: unknown, pointer: string): Spot {
  const parts = segments(pointer);
  const parent = parts.slice(0, -1).reduce(child, document);
  if (!Array.isArray(parent) && !isFields(parent)) throw unprocessable();
  return { parent, key: parts.at(-1) ?? '' };
}

function add(document: unknown, pointer: string, value: unknown): void {
  const { parent, key } = spotOf(document, pointer);
  if (!Array.isArray(parent)) {
    (parent as Record<string, unknown>)[key] = value;
    return;
  }
  const index = key === '-' ? parent.length : Number(key);
  if (!Number.isInteger(index) || index < 0 || index > parent.length) throw unprocessable();
  parent.splice(index, 0, value);
}

function remove(document: unknown, pointer: string): unknown {
  const { parent, key } = spotOf(document, pointer);
  const found = child(parent, key);
  if (found === undefined) throw unprocessable();
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete (parent as Record<string, unknown>)[key];
  return found;
}

function replace(document: unknown, pointer: string, value: unknown): void {
  const { parent, key } = spotOf(document, pointer);
  if (child(parent, key) === undefined) throw unprocessable();
  (parent as Record<string, unknown>)[key] = value;
}

function run(document: unknown, { op, path, from = '', value }: Operation): void {
  switch (op) {
    case 'add':
      return add(document, path, structuredClone(value));
    case 'remove':
      return void remove(document, path);
    case 'replace':
      return replace(document, path, structuredClone(value));
    case 'move':
      return add(document, path, remove(document, from));
    case 'copy':
      return add(document, path, structuredClone(read(document, from)));
    case 'test':
      if (!equal(read(document, path) ?? null, value ?? null)) throw unprocessable();
      return;
    default:
      throw badRequest(`error decoding patch: unknown operation "${op}"`);
  }
}

/** Throws an ApiError for a patch that is malformed or does not fit. The document itself is not changed. */
export function jsonPatch<T>(document: T, patch: unknown): T {
  const root = { document: structuredClone(document) };
  for (const operation of readOperations(patch)) {
    const from = operation.from === undefined ? {} : { from: `${ROOT}${operation.from}` };
    run(root, { ...operation, path: `${ROOT}${operation.path}`, ...from });
  }
  return root.document;
}
