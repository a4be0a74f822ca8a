/** What became of one owner's slice or exposure. One place maps it to the queue (`functions/apply`), one to Kubernetes (`functions/watch`). */
export type Outcome =
  | { readonly kind: 'applied' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'superseded'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly code: string; readonly reason: string }
  | { readonly kind: 'conflict'; readonly code: string; readonly reason: string }
  | { readonly kind: 'held'; readonly code: string; readonly reason: string }
  /** Come back later; `after` in milliseconds is the device's own wish, where it told one. */
  | { readonly kind: 'retry'; readonly code: string; readonly reason: string; readonly after?: number };
