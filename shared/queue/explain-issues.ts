/** Faults that a schema found, as sentences for people. */
import type * as z from 'zod';
import { shorten } from '../domain/text/shorten.ts';

/** Issues in one reason; the others are counted. */
const MAX_SHOWN = 3;
/** Limited because the sender chooses the names of unknown fields. */
const MAX_ISSUE_CHARACTERS = 250;

function path(parts: readonly PropertyKey[]): string {
  return parts
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** Formats path and expectation of the first issues. */
export function explainIssues(error: Pick<z.ZodError, 'issues'>): string {
  const lines = error.issues
    .slice(0, MAX_SHOWN)
    .map((issue) =>
      shorten(`${path(issue.path) || 'the value'}: ${issue.message}`, MAX_ISSUE_CHARACTERS),
    );
  const more = error.issues.length - lines.length;
  return lines.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
