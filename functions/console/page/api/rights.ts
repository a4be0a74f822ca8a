/** What the page offers. The API forbids the rest; here it is only hidden. */
import { includesRole, MAKERS } from '../../http/rights.ts';
import type { Role } from '../../http/rights.ts';
import type { PanelRequest } from '../logic/wanted.ts';
import { session } from './client.ts';

/** Whether the person has the role; nobody has one before the session is known. */
export function mayAct(role: Role): boolean {
  return session.value !== undefined && includesRole(session.value.role, role);
}

/** The role that a change needs. */
export function makerOf({ kind }: PanelRequest): Role {
  return kind === 'replay' ? 'operator' : MAKERS[kind];
}
