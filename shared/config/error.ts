/** One problem of the configuration: its location and what was expected. */
export interface ConfigProblem {
  /** For instance `ingresses[0].virtualAddress`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
}

/**
 * GW100 unreadable, GW101 invalid content, GW102 secret not readable, GW150 and GW151 invalid key.
 * Messages never contain secret values.
 */
export type ConfigErrorCode = 'GW100' | 'GW101' | 'GW102' | 'GW150' | 'GW151';

/** Thrown for unusable configurations and secrets, with all problems. */
export class ConfigError extends Error {
  readonly code: ConfigErrorCode;
  /** All problems, not only the first. */
  readonly problems: readonly ConfigProblem[];
  constructor(
    code: ConfigErrorCode,
    subject: string,
    problems: readonly ConfigProblem[],
    options?: ErrorOptions,
  ) {
    const lines = problems.map(({ path, message }) =>
      path === '' ? message : `${path}: ${message}`,
    );
    super(
      lines.length === 1
        ? `${subject}: ${lines[0]}`
        : `${subject}: ${lines.length} problems\n${lines.map((line) => `  ${line}`).join('\n')}`,
      options,
    );
    this.name = 'ConfigError';
    this.code = code;
    this.problems = problems;
  }
}

/**
 * Checks the shape instead of the class, because Node's errors come from another realm in test
 * runners and workers.
 */
export function formatConfigError(error: unknown): string {
  return typeof error === 'object' &&
    error !== null &&
    'message' in error &&
    typeof error.message === 'string'
    ? error.message
    : String(error);
}
