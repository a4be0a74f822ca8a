/** Shortcuts of the keyboard. Pure. */
import type { RoomName } from './place.ts';

/** What a key does. */
export type KeyDeed =
  | { readonly kind: 'search' }
  | { readonly kind: 'help' }
  | { readonly kind: 'look' }
  | { readonly kind: 'go'; readonly room: RoomName }
  /** Waits for the second key. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'none' };

/** The second key after `g`. */
export const GOES: Readonly<Record<string, RoomName>> = {
  n: 'now',
  f: 'failures',
  r: 'replay',
  p: 'ports',
  m: 'plan',
  c: 'fleet',
  a: 'audit',
};

const SINGLE: Readonly<Record<string, KeyDeed>> = {
  '/': { kind: 'search' },
  '?': { kind: 'help' },
  l: { kind: 'look' },
  g: { kind: 'wait' },
};

/** `afterG`: the key before was `g`. */
export function deedOf(key: string, afterG: boolean): KeyDeed {
  const room = afterG ? GOES[key] : undefined;
  if (room !== undefined) return { kind: 'go', room };
  return SINGLE[key] ?? { kind: 'none' };
}

/** The shortcuts in words, for the page of help. */
export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ['/', 'Search: team/web, a port, address:port or a host'],
  ['g n', 'Now'],
  ['g f', 'Failures'],
  ['g r', 'Replay jobs'],
  ['g p', 'Ports'],
  ['g m', 'What manifests would do'],
  ['g c', 'Fleet'],
  ['g a', 'Audit'],
  ['l', 'Look again at the devices'],
  ['Esc', 'Close what is open'],
  ['?', 'This help'],
];
