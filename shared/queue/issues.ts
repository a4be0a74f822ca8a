import type * as z from 'zod';

const SHOWN = 3;

function path(parts: readonly PropertyKey[]): string {
  return parts.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('').replace(/^\./, '');
}

/** Path and expectation of the first issues, for a sentence. */
export function explainIssues(error: z.ZodError): string {
  const lines = error.issues.slice(0, SHOWN).map((issue) => `${path(issue.path) || 'the value'}: ${issue.message}`);
  const more = error.issues.length - lines.length;
  return lines.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
