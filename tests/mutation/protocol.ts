/** What the parent sends to a worker, once. */
export interface Order {
  readonly folder: string;
  readonly tests: readonly string[];
  readonly ids: readonly number[];
}

/** What a worker tells. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'trying'; readonly id: number }
  /** `by` is the test that noticed; absent when none did. */
  | { readonly kind: 'tried'; readonly id: number; readonly reached: boolean; readonly by?: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'broken'; readonly why: string };

export type Fate = 'killed' | 'timeout' | 'survived' | 'unreached';
