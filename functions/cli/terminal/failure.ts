import { describeSystemError } from '../../../shared/telemetry/errors.ts';

/** What a person reads when a command fails: Sluice's code and sentence, or what the operating system says in words; never a stack trace. */
export function formatFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = describeSystemError(error);
  if (said !== error.message) return said;
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  return said.startsWith(code) ? said : `${code}${said}`;
}
