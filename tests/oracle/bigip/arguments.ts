import { parseArgs } from 'node:util';

export interface BigipArguments {
  readonly config: string;
  /** Name of a device; undefined: the only one. */
  readonly device: string | undefined;
  readonly yes: boolean;
  /** Ask the lab only. */
  readonly lab: boolean;
}

export const USAGE = '[-c sluice.yaml] [--device NAME] [--yes] | --lab';

/** Throws if an argument is not known. */
export function parseBigipArguments(argv: readonly string[]): BigipArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string', short: 'c', default: './sluice.yaml' },
      device: { type: 'string' },
      yes: { type: 'boolean', short: 'y', default: false },
      lab: { type: 'boolean', default: false },
    },
  });
  return { ...values, device: values.device };
}
