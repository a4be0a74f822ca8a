/**
 * How the shipped manifests start the processes, and what they allow them; a test compares these
 * with `infra/kubernetes`.
 */
export const SHIPPED = {
  up: { nodeOptions: '--max-old-space-size=256', mebibytes: 384 },
  watch: { nodeOptions: '--max-old-space-size=112 --max-semi-space-size=2', mebibytes: 192 },
} as const;

/** Environment of both. */
export const ALLOCATOR = {
  NODE_ENV: 'production',
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
} as const;

/** Mebibytes that the manifests allow the process of this name. */
export function allowedMemory(process: string): number {
  return (process.startsWith('watch') ? SHIPPED.watch : SHIPPED.up).mebibytes;
}
