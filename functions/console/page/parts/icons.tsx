/** Drawings beside words; none of them says anything alone. */
import type { VNode } from 'preact';

const PATHS = {
  now: 'M4 12h4l2-6 4 12 2-6h4',
  failures: 'M12 4l9 16H3L12 4zM12 10v4M12 17v.500',
  replay: 'M4 12a8 8 0 1 1 2.500 5.800M4 20v-5h5',
  ports: 'M5 4v16M19 4v16M5 9h14M5 15h14',
  fleet: 'M4 5h16v5H4zM4 14h16v5H4zM8 7.500h.01M8 16.500h.01',
  audit: 'M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l5 5',
  calm: 'M5 12.500l4.500 4.500L19 7',
  bad: 'M6 6l12 12M18 6L6 18',
  look: 'M3 12s3.500-6 9-6 9 6 9 6-3.500 6-9 6-9-6-9-6zM12 9.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5z',
  help: 'M12 2.500a9.500 9.500 0 1 1 0 19 9.500 9.500 0 0 1 0-19zM9 9a3 3 0 1 1 4.500 2.600c-1 .600-1.500 1.200-1.500 2.400M12 17.500v.500',
  next: 'M9 5l7 7-7 7',
} as const;
/** One of the drawings. */
export type IconName = keyof typeof PATHS;

/** Hidden from screen readers. */
export function Icon({ name }: { readonly name: IconName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
