/** One thing wrong with the configuration: where, and what was expected. */
export interface ConfigProblem {
  /** Such as `ingresses[0].virtualAddress`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** GW100 unreadable, GW101 wrong content, GW102 a secret that cannot be had, GW150 and GW151 a key that is none. Never holds a secret's value. */
export type ConfigErrorCode = 'GW100' | 'GW101' | 'GW102' | 'GW150' | 'GW151';

export class ConfigError extends Error {
  readonly code: ConfigErrorCode;
  /** Every problem, not just the first. */
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

/** Looks at the shape, not the class: errors of Node's own come from another realm inside test runners and workers. */
export function formatConfigError(error: unknown): string {
  return typeof error === 'object' &&
    error !== null &&
    'message' in error &&
    typeof error.message === 'string'
    ? error.message
    : String(error);
}
