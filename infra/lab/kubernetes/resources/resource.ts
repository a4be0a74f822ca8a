import type { KubernetesObject } from '../types.ts';

/**
 * How lists and maps of a kind merge: `keys` for server-side apply, `mergeKey` for the older
 * strategic merge.
 */
export interface FieldSchema {
  readonly list?: 'map' | 'set';
  readonly keys?: readonly string[];
  /** Values that replace a missing key, for example protocol TCP. */
  readonly keyDefaults?: Readonly<Record<string, string>>;
  readonly mergeKey?: string;
  /** The map is written as a whole. */
  readonly atomic?: boolean;
  readonly fields?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
}

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type?: 'string' | 'integer' | 'date';
  readonly format?: string;
  /** Shown only in wide output. */
  readonly wide?: boolean;
  readonly cell: (object: KubernetesObject, now: number) => string | number;
}

/** A kind that the server has, and how it is stored and merged. */
export interface Resource {
  readonly group: string;
  /** Served versions, the preferred one first. Objects are stored in the first one. */
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly status: boolean;
  /** Built-in kinds accept strategic merge patches. */
  readonly builtIn: boolean;
  /** May be replaced without a resourceVersion. */
  readonly unconditional: boolean;
  /** A PUT creates a missing object. */
  readonly createOnUpdate: boolean;
  /** A review: a POST is answered, and nothing is stored. */
  readonly review: boolean;
  /** `metadata.generation` counts the changes of the content. */
  readonly generation: boolean;
  /** Two resources with the same key show the same objects. */
  readonly storage: string;
  /** Paths that a fieldSelector may use besides metadata.name and metadata.namespace. */
  readonly selectable: readonly string[];
  readonly schema: FieldSchema;
  readonly columns: readonly Column[];
}
