/** Who may do what. The page hides what is not allowed; this is what forbids it. */

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
