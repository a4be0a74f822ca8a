import type { Target } from './targets.ts';

/** Sent by the parent to a worker, once. */
export interface Order {
  readonly target: Target;
  readonly ids: readonly number[];
}

export type Fate = 'killed' | 'timeout' | 'survived' | 'unreached';

/** Sent by a worker. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'trying'; readonly id: number }
  /** Sent repeatedly: the process is not in an endless loop. */
  | { readonly kind: 'alive' }
  /** `by` is the test that noticed the mutant; undefined if none did. */
  | { readonly kind: 'tried'; readonly id: number; readonly fate: Fate; readonly by?: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'broken'; readonly why: string };
