/** Objects of the device that settings refer to. mcpd names one that it lacks at the price of a whole declare; a look costs one request. */
import type { Settings } from '../domain/exposure/exposure.ts';
import { wordsOf } from './outcomes.ts';
import type { Session } from './session.ts';

/** Where an object is looked up; kinds that stand in several collections (VLANs, persistence) are left to mcpd. */
const COLLECTIONS = {
  iRule: 'rule',
  tcp: 'profile/tcp',
  http: 'profile/http',
  l4: 'profile/fastl4',
  udp: 'profile/udp',
} as const;

export interface Reference {
  readonly kind: keyof typeof COLLECTIONS;
  /** Full path such as `/Common/my-irule`. */
  readonly path: string;
}

export interface MissingReference extends Reference {
  /** The device's own words. */
  readonly response: string;
}

export function referencesOf({
  iRules,
  profiles: { tcp, http, l4, udp },
}: Pick<Settings, 'iRules' | 'profiles'>): readonly Reference[] {
  const profiles = Object.entries({ tcp, http, l4, udp }) as readonly (readonly [
    Exclude<Reference['kind'], 'iRule'>,
    string | undefined,
  ])[];
  return [
    ...iRules.map((path): Reference => ({ kind: 'iRule', path })),
    ...profiles.flatMap(([kind, path]) => (path === undefined ? [] : [{ kind, path }])),
  ];
}

/** Those of which the device says that it does not have them; whatever else it answers, the declare will tell. */
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
  const url = `/mgmt/tm/ltm/${COLLECTIONS[kind]}/${encodeURIComponent(path.replaceAll('/', '~'))}?$select=fullPath`;
  const answer = await session.call({ method: 'GET', path: url }, [404]).catch(() => undefined);
  // 404 is also what a path says that this version does not know.
  if (answer?.status !== 404 || !answer.text.includes('01020036')) return undefined;
  return { kind, path, response: wordsOf(answer) };
}
