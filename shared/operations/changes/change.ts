/**
 * A change that a person may make: described with what would happen now, and identified by a hash,
 * so that nothing else is done than what was shown.
 */
import { canonicalJson } from '../../domain/declared/declared.ts';
import { digest } from '../../failures/identity.ts';
import type { ClusterOrderRequest } from '../clusters/orders.ts';
import type { Author } from '../context.ts';

/** A change that needs no credentials. */
export type DirectChange =
  | {
      readonly kind: 'cluster';
      readonly action: ClusterOrderRequest['action'];
      readonly cluster: string;
      readonly device?: string | undefined;
      /** For `forget`: only this ingress. */
      readonly owner?: string | undefined;
      /** For `adopt`. */
      readonly uid?: string | undefined;
    }
  | {
      readonly kind: 'approve';
      readonly owner: string;
      readonly keys?: readonly string[] | undefined;
      readonly device?: string | undefined;
    }
  | { readonly kind: 'repair'; readonly device?: string | undefined }
  | {
      readonly kind: 'sync';
      readonly cluster: string;
      readonly gateway: string;
      readonly device?: string | undefined;
    }
  | { readonly kind: 'cancel-order'; readonly id: string }
  | { readonly kind: 'archive' | 'restore'; readonly words: readonly string[] }
  | { readonly kind: 'pause' | 'cancel'; readonly job: string };

/** A run of a replay job, which the function replay checks and makes. */
export interface RunChange {
  readonly kind: 'start' | 'resume';
  readonly job: string;
}

/** The wanted change. */
export type WantedChange = DirectChange | RunChange;

/** Changes of a replay job. */
export type JobChangeKind = RunChange['kind'] | 'pause' | 'cancel';

/** What would happen now. */
export interface ChangePreview {
  readonly kind: WantedChange['kind'];
  /** One sentence or question. */
  readonly what: string;
  /** The objects that it concerns. */
  readonly objects: { readonly total: number; readonly list: readonly string[] };
  /** Number of objects by what happens to them. */
  readonly counts: Readonly<Record<string, number>>;
  /** What else a person should know. */
  readonly effects: readonly string[];
  /** Set if it must be confirmed a second time (`force`), with the reason. */
  readonly risk?: string;
  /** The words of the button. */
  readonly deed: string;
  /** The same as a command; the reason is added by the person. */
  readonly command: string;
  /** How it can be undone; absent if it cannot. */
  readonly undo?: string;
  readonly hash: string;
}

/** What was done. */
export interface MadeChange {
  /** One sentence. */
  readonly says: string;
  /** The change that undoes it; absent if there is none. */
  readonly undo?: WantedChange;
}

/** Members whose connections end with a change. */
export interface Cuts {
  /** A cluster, or one of its ingresses. */
  readonly owner: string;
  readonly device?: string;
  /** Only these exposures. */
  readonly keys?: readonly string[];
}

/** A change that can be made. */
export interface PlannedChange {
  readonly preview: ChangePreview;
  /** Absent or empty if it cuts no connection. Only the devices know how many there are. */
  readonly cuts?: readonly Cuts[];
  /** Makes it, with an entry in the audit log. */
  readonly act: (author: Author) => Promise<MadeChange>;
}

/** Objects that a preview lists by name. */
const MAX_LISTED = 200;

/** `world`: everything that the effect depends on. Objects beyond the limit are only counted. */
export function changePreview(
  parts: Omit<ChangePreview, 'hash' | 'objects'> & { readonly objects: readonly string[] },
  world: unknown,
): ChangePreview {
  const { objects, ...rest } = parts;
  return {
    ...rest,
    objects: { total: objects.length, list: objects.slice(0, MAX_LISTED) },
    hash: digest(canonicalJson([parts.kind, objects, parts.risk !== undefined, world])).slice(
      0,
      32,
    ),
  };
}

/** `--device NAME`, if one is chosen. */
export function deviceWords(device: string | undefined): readonly string[] {
  return device === undefined ? [] : ['--device', device];
}
