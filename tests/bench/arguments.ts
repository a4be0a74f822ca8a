/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';

export interface BenchArguments {
  /** Empty: the default ones. */
  readonly only: readonly string[];
  readonly quick: boolean;
  /** Files of figures to show beside ours. */
  readonly peers: readonly string[];
  /** File to write our figures to. */
  readonly save: string | undefined;
  /** Folder for processor profiles. */
  readonly profile: string | undefined;
  readonly list: boolean;
}

export interface ArgumentsRefused {
  readonly refused: string;
}

export const USAGE =
  'npm run bench -- [--only NAME,NAME] [--quick] [--peer FILE]... [--save FILE] [--profile FOLDER] [--list]';

/** Returns one sentence if an argument is invalid; `known` are the names that `--only` takes. */
export function parseBenchArguments(
  argv: readonly string[],
  known: readonly string[],
): BenchArguments | ArgumentsRefused {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string', multiple: true, default: [] },
        quick: { type: 'boolean', default: false },
        peer: { type: 'string', multiple: true, default: [] },
        save: { type: 'string' },
        profile: { type: 'string' },
        list: { type: 'boolean', default: false },
      },
    });
    const only = values.only.flatMap((names) => names.split(',')).filter((name) => name !== '');
    const unknown = only.filter((name) => !known.includes(name));
    if (unknown.length > 0)
      return { refused: `--only ${unknown.join(',')}: there are ${known.join(', ')}` };
    const { quick, peer: peers, save, profile, list } = values;
    return { only: [...new Set(only)], quick, peers, save, profile, list };
  } catch (error) {
    return { refused: `${error instanceof Error ? error.message : String(error)}. ${USAGE}` };
  }
}
