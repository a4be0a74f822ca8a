/**
 * Looks up objects that settings refer to. If one is missing, mcpd reports it only at the cost of a
 * whole declare; a lookup costs one request.
 */
import { REFERENCE_KINDS } from '../../domain/exposure/settings/row.ts';
import type { MissingReference, Reference } from '../../device/references.ts';
import { wordsOf } from '../rest/outcomes.ts';
import type { Session } from '../rest/session.ts';

/**
 * References that the device reports as missing. Any other answer counts as present; the declare
 * then decides.
 */
export async function missingReferences(
  session: Session,
  references: readonly Reference[],
): Promise<readonly MissingReference[]> {
  const found = await Promise.all(references.map((reference) => look(session, reference)));
  return found.flatMap((missing) => missing ?? []);
}

async function look(
  session: Session,
  { kind, path }: Reference,
): Promise<MissingReference | undefined> {
  const url = `/mgmt/tm/ltm/${REFERENCE_KINDS[kind]}/${encodeURIComponent(path.replaceAll('/', '~'))}?$select=fullPath`;
  const answer = await session.call({ method: 'GET', path: url }, [404]).catch(() => undefined);
  // 404 also means that this version does not know the path.
  if (answer?.status !== 404 || !answer.text.includes('01020036')) return undefined;
  return { kind, path, response: wordsOf(answer) };
}
