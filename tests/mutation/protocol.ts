import type { Target } from './targets.ts';

/** What the parent sends to a worker, once. */
export interface Order {
  readonly target: Target;
  readonly ids: readonly number[];
}

export type Fate = 'killed' | 'timeout' | 'survived' | 'unreached';

/** What a worker tells. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'trying'; readonly id: number }
  /** Time and again: the process is not lost in a loop. */
  | { readonly kind: 'alive' }
  /** `by` is the test that noticed; absent when none did. */
  | { readonly kind: 'tried'; readonly id: number; readonly fate: Fate; readonly by?: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'broken'; readonly why: string };
