/** Converts zod issues to messages with path, expectation and the key that was probably meant. */
import type * as z from 'zod';
import { nearest } from '../domain/text/nearest.ts';
import type { ConfigProblem } from './error.ts';
import { knownKeys } from './keys.ts';

/** Formats a path as in YAML terms, for instance `ingresses[0].virtualAddress`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) =>
      typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}

/** Shorter, because zod puts its types in a namespace. */
type Issue = z.core.$ZodIssue;

/** Keys whose values must be references. What was written there is never shown. */
const SECRET_KEYS = [
  'password',
  'ca',
  'verifyKeys',
  'signKey',
  'clientSecret',
  'sessionKey',
  'token',
];
/** The message for those keys. */
const REMEDY =
  'write a reference instead of the secret itself: env:NAME, file:PATH, secretsmanager:ID[#key] or ssm:NAME';

/** One problem for each unknown key, with the known key that is most similar. */
function unknownKeys(
  issue: Issue & { readonly code: 'unrecognized_keys' },
): readonly ConfigProblem[] {
  const known = knownKeys(issue.path);
  return issue.keys.map((key) => {
    const meant = nearest(key, known);
    const hint =
      meant === undefined ? `known are ${[...known].sort().join(', ')}` : `did you mean ${meant}?`;
    return { path: formatPath([...issue.path, key]), message: `unknown key; ${hint}` };
  });
}

/**
 * If several forms are allowed, lists all of them; an unknown key inside the best-matching form is
 * reported alone.
 */
function unionMessage(issue: Issue & { readonly code: 'invalid_union' }): string {
  if (issue.errors.length === 0) return issue.message;
  const forms = issue.errors
    .map((form) => form[0]?.message ?? '')
    .filter((message) => message !== '');
  return [...new Set(forms)].join(', or ');
}

/** The value at a path; undefined where the path leaves the file. */
function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

/** The value found, if it is short and has no place for a password, as URLs have before the `@`. */
function got(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return '';
  const text = JSON.stringify(value);
  return text.length <= 80 && !text.includes('@') ? ` (got ${text})` : '';
}

/** The last name of the path decides, because references may be in lists. */
function isSecret(issue: Issue): boolean {
  const named = issue.path.findLast((part) => typeof part === 'string');
  return SECRET_KEYS.includes(String(named));
}

/** `input` is the parsed file, from which the values in messages are taken. */
export function problemsFrom(error: z.ZodError, input: unknown): readonly ConfigProblem[] {
  return error.issues.flatMap((issue): readonly ConfigProblem[] => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue);
    const path = formatPath(issue.path);
    const value = at(input, issue.path);
    if (isSecret(issue))
      return [{ path, message: value === undefined ? `is missing; ${REMEDY}` : REMEDY }];
    if (value === undefined && issue.path.length > 0) return [{ path, message: 'is missing' }];
    const message = issue.code === 'invalid_union' ? unionMessage(issue) : issue.message;
    return [{ path, message: `${message}${got(value)}` }];
  });
}
