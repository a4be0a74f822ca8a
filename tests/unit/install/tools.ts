/**
 * The executables helm and kubectl: those of `npm run kubernetes-tools`, else those of PATH. Where
 * one is absent, its tests are skipped with a line, unless HELM_TESTS is `required`.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';
import { kubernetesToolsFolder, type KUBERNETES_TOOLS } from '../../../infra/kubernetes/tools.ts';

type Tool = (typeof KUBERNETES_TOOLS)[number];

const FOLDERS = [kubernetesToolsFolder(), ...(process.env['PATH'] ?? '').split(delimiter)];

/** The path of an executable; throws if there is none. */
export function toolPath(name: Tool): string {
  const found = FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is absent; run "npm run kubernetes-tools"`);
  return found;
}

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
