/** The executables helm and kubectl: those of `npm run kubernetes-tools`, else those of PATH. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { kubernetesToolsFolder, type KUBERNETES_TOOLS } from '../../../infra/kubernetes/tools.ts';

/** One of them. */
export type Tool = (typeof KUBERNETES_TOOLS)[number];

const FOLDERS = [kubernetesToolsFolder(), ...(process.env['PATH'] ?? '').split(delimiter)];

/** The path of an executable; throws if there is none. */
export function toolPath(name: Tool): string {
  const found = FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is absent; run "npm run kubernetes-tools"`);
  return found;
}
