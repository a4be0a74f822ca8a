/** Who may do what. The page hides what is not allowed; this is what forbids it. */
import type { ChangeName } from '../schemas/changes.ts';

/** From the least to the most. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** Who asks. */
export interface Person {
  readonly who: string;
  readonly role: Role;
}

/** Whether a role includes another one. */
export function includesRole(role: Role, wanted: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

/** Who may make which change. */
export const MAKERS: Readonly<Record<ChangeName, Role>> = {
  cluster: 'admin',
  repair: 'admin',
  approve: 'operator',
  sync: 'operator',
  'cancel-order': 'operator',
  archive: 'operator',
  restore: 'operator',
  pause: 'operator',
  cancel: 'operator',
  start: 'operator',
  resume: 'operator',
};
