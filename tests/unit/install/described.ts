/**
 * Tests that need helm or kubectl: where one is absent, they are skipped with a line, unless
 * HELM_TESTS is `required`.
 */
import { describe } from '@jest/globals';
import { toolPath, type Tool } from './tools.ts';

/** For tests that need these executables. Jest does not print the titles of skipped suites. */
export function describeWith(tools: readonly Tool[]): typeof describe | typeof describe.skip {
  try {
    tools.forEach(toolPath);
    return describe;
  } catch (error) {
    if (process.env['HELM_TESTS'] === 'required') throw error;
    process.stderr.write(`Tests of the installation are skipped: ${String(error)}.\n`);
    return describe.skip;
  }
}
