import { parseArgs } from 'node:util';

export interface KubeArguments {
  /** Undefined: the current one. */
  readonly context: string | undefined;
  /** A file with CRDs; those that the cluster lacks are created for the run. */
  readonly crds: string | undefined;
  readonly yes: boolean;
}

export const USAGE = '[--context NAME] [--crds FILE] [--yes] (with KUBECONFIG)';

/** Throws if an argument is not known. */
export function parseKubeArguments(argv: readonly string[]): KubeArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      context: { type: 'string' },
      crds: { type: 'string' },
      yes: { type: 'boolean', short: 'y', default: false },
    },
  });
  return { context: values.context, crds: values.crds, yes: values.yes };
}
