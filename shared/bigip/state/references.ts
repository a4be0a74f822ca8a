/**
 * Looks up what settings refer to. If an object is missing, mcpd reports it only at the cost of a
 * whole declare; a lookup costs one request.
 */
import * as z from 'zod';
import {
  type KindOfReference,
  type ModuleName,
  MODULES,
  REFERENCE_KINDS,
  referenceKind,
} from '../../domain/exposure/settings/reference-kinds.ts';
import type { MissingReference, Reference } from '../../device/references.ts';
import { itemsOf } from '../rest/answers.ts';
import { wordsOf } from '../rest/outcomes.ts';
import type { Session } from '../rest/session.ts';

/** mcpd's code for an object that does not exist; 404 also means an unknown collection. */
const NOT_FOUND = '01020036';

/**
 * References that the device reports as missing. Any other answer counts as present; the declare
 * then decides.
 */
export async function missingReferences(
  session: Session,
  references: readonly Reference[],
): Promise<readonly MissingReference[]> {
  const needsModules = references.some(({ kind }) => kind === 'module');
  const modules = needsModules ? await provisionedModules(session) : undefined;
  const found = await Promise.all(
    references.map(async (reference) => {
      const { kind, path } = reference;
      if (kind === 'module') return lackingModule(path, modules);
      const response = await whyMissing(session, referenceKind(kind), path);
      return response === undefined ? undefined : { kind, path, response };
    }),
  );
  return found.flatMap((missing) => missing ?? []);
}

const Provision = itemsOf(z.object({ name: z.string(), level: z.string().default('none') }));

/** Names of the provisioned modules; undefined if the device does not say. */
export async function provisionedModules(session: Session): Promise<readonly string[] | undefined> {
  const request = { path: '/mgmt/tm/sys/provision', kind: 'list' } as const;
  const modules = await session.read(request, Provision).catch(() => undefined);
  return modules?.filter(({ level }) => level !== 'none').map(({ name }) => name);
}

/**
 * A module that is not provisioned, as a missing reference. Undefined if one of the alternatives is
 * provisioned, or if it is unknown which are.
 */
function lackingModule(
  path: string,
  provisioned: readonly string[] | undefined,
): MissingReference | undefined {
  const any = path.split(',') as readonly ModuleName[];
  if (provisioned === undefined || any.some((name) => provisioned.includes(name))) return undefined;
  return { kind: 'module', path, response: notProvisioned(any) };
}

/** The sentence about modules of which none is provisioned. */
export function notProvisioned(modules: readonly ModuleName[]): string {
  const words = modules.map((name) => MODULES[name]).join(' or ');
  return `${words} is not provisioned on the device`;
}

/** The device's message if no collection of the kind has the object, and what it is instead. */
async function whyMissing(
  session: Session,
  { words, collections }: KindOfReference,
  path: string,
): Promise<string | undefined> {
  const answers: string[] = [];
  for (const one of collections) {
    const answer = await absent(session, one, path);
    if (answer === undefined) return undefined;
    answers.push(answer);
  }
  const other = await otherKind(session, collections, path);
  if (other !== undefined) return `${path} is ${article(other)}, not ${article(words)}`;
  // With several collections, the words of the device name only one of them.
  return answers.length === 1 ? answers[0] : `The requested ${words} (${path}) was not found.`;
}

/** The words of the device that it has no such object; undefined if it has, or does not say. */
async function absent(
  session: Session,
  collection: string,
  path: string,
): Promise<string | undefined> {
  if (collection === 'asm/policies') return absentWafPolicy(session, path);
  const answer = await session
    .call({ method: 'GET', path: urlOf(collection, path) }, [404])
    .catch(() => undefined);
  if (answer?.status !== 404 || !answer.text.includes(NOT_FOUND)) return undefined;
  return wordsOf(answer);
}

const Paths = itemsOf(z.object({ fullPath: z.string() }));

/** WAF policies have ids, not paths, in iControl REST. */
async function absentWafPolicy(session: Session, path: string): Promise<string | undefined> {
  const request = { path: '/mgmt/tm/asm/policies?$select=fullPath', kind: 'list' } as const;
  const policies = await session.read(request, Paths).catch(() => undefined);
  const isListed = policies?.some(({ fullPath }) => fullPath === path) ?? true;
  return isListed ? undefined : `The requested WAF policy (${path}) was not found.`;
}

/** The first part of a collection, such as `ltm` or `security`. */
function familyOf(collection = ''): string {
  return collection.split('/')[0] ?? '';
}

/**
 * Whether the device has the object as another kind. Asked only about a missing object, one kind
 * after the other, among those that are easily mixed up.
 */
async function otherKind(
  session: Session,
  [collection]: readonly string[],
  path: string,
): Promise<string | undefined> {
  const others = Object.values<KindOfReference>(REFERENCE_KINDS).filter(
    ({ collections: [first] }) => first !== collection && familyOf(first) === familyOf(collection),
  );
  for (const { words, collections } of others)
    for (const one of collections) if (await isThere(session, one, path)) return words;
  return undefined;
}

/** Only a positive answer that names the path counts. */
async function isThere(session: Session, collection: string, path: string): Promise<boolean> {
  const answer = await session
    .call({ method: 'GET', path: urlOf(collection, path) }, [404])
    .catch(() => undefined);
  return answer?.status === 200 && answer.text.includes(`"${path}"`);
}

/** iControl REST writes `~` for the slashes of a path. */
function urlOf(collection: string, path: string): string {
  const name = encodeURIComponent(path.replaceAll('/', '~'));
  return `/mgmt/tm/${collection}/${name}?$select=fullPath`;
}

/** `a TCP profile`, `an HTTP profile`: by the sound of the first letter. */
function article(words: string): string {
  return `${/^([aei]|HT|FIX|LTM|NTLM|SNAT|SSH)/.test(words) ? 'an' : 'a'} ${words}`;
}
