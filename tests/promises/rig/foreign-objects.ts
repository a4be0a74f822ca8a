/** What Sluice may write in a cluster. */
import { isDeepStrictEqual } from 'node:util';
import type { ApiWrite } from './kubernetes-core.ts';

/** Of a Service, only ports, status and the note of the leader are written; nothing else at all. */
export function overwritten({ before, after }: ApiWrite): readonly string[] {
  if (before === undefined || before.kind !== 'Service') return [];
  const isSame = isDeepStrictEqual(plain(foreignPart(before)), plain(foreignPart(after)));
  return isSame ? [] : [`${before.kind} ${before.metadata.name} lost what others wrote`];
}

/** Copies have other prototypes where tests have globals of their own. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}

function foreignPart(object: ApiWrite['after']): object | undefined {
  if (object === undefined) return undefined;
  const {
    managedFields: _fields,
    resourceVersion: _version,
    generation: _g,
    ...metadata
  } = object.metadata;
  const { status: _status, ...rest } = object;
  const { ports = [], ...spec } = (object['spec'] ?? {}) as {
    readonly ports?: readonly { readonly name?: string }[];
  };
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name]) => !/^(leader|watcher)\.sluice\.io\//.test(name),
  );
  const others = ports.filter(({ name = '' }) => !name.startsWith('tcp-'));
  return { ...rest, metadata: { ...metadata, annotations }, spec: { ...spec, ports: others } };
}
