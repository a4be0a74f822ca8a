/** `as=Table`: what kubectl prints. */
import type { Resource } from '../resources/resource.ts';
import type { Fields, KubernetesObject } from '../types.ts';

/** What the client asked for. `now` decides the ages: milliseconds since 1970. */
export interface TableOptions {
  /** v1 or v1beta1 of meta.k8s.io. */
  readonly version: string;
  readonly include: string;
  readonly now: number;
  /** Left out after the first event of a watch. */
  readonly columns: boolean;
}

function included(object: KubernetesObject, { include, version }: TableOptions): unknown {
  if (include === 'None') return undefined;
  if (include === 'Object') return object;
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata,
  };
}

/** One row for each object, with its columns. */
export function tableOf(
  resource: Resource,
  items: readonly KubernetesObject[],
  metadata: Fields,
  options: TableOptions,
): Fields {
  const columnDefinitions = resource.columns.map(({ name, type, format, wide }) => ({
    name,
    type: type ?? 'string',
    format: format ?? '',
    description: `${name} of the ${resource.kind}`,
    priority: wide ? 1 : 0,
  }));
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    ...(options.columns && { columnDefinitions }),
    rows: items.map((object) => ({
      cells: resource.columns.map(({ cell, type }) => typed(cell(object, options.now), type)),
      object: included(object, options),
    })),
  };
}

function typed(value: string | number, type: string | undefined): string | number {
  return type === 'integer' ? Number(value) : String(value);
}
