/** The command line of `npm run soak`. */
import { parseArgs } from 'node:util';
import type { QueueKind } from './schedule.ts';

export interface RunArguments {
  readonly seconds: number;
  readonly seed: number;
  readonly queue: QueueKind;
  /** Undefined: a new folder below the system's one for temporary files. */
  readonly out: string | undefined;
}

export interface ReportArguments {
  /** Folder of a run that is drawn again. */
  readonly report: string;
}

export interface ArgumentsRefused {
  readonly refused: string;
}

export const USAGE =
  'npm run soak -- 30m [--seed N] [--queue sqlite|postgres] [--out FOLDER]; ' +
  'npm run soak -- --report FOLDER draws a run again';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };
/** Shorter, not even one kill has an effect; longer, nobody waits. */
const [SHORTEST, LONGEST] = [10, 7 * 86_400] as const;

/** `anySeed` is used if none is given. Returns one sentence if an argument is invalid. */
export function parseSoakArguments(
  argv: readonly string[],
  anySeed: number,
): RunArguments | ReportArguments | ArgumentsRefused {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        seed: { type: 'string', default: String(anySeed) },
        queue: { type: 'string', default: 'sqlite' },
        out: { type: 'string' },
        report: { type: 'string' },
      },
    });
    if (values.report !== undefined) {
      if (argv.length !== 2 && !argv[0]?.startsWith('--report='))
        return refuse('--report draws a run that ended, so it takes no other argument');
      return { report: values.report };
    }
    return runArguments(values, positionals);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function runArguments(
  {
    seed,
    queue,
    out,
  }: { readonly seed: string; readonly queue: string; readonly out?: string | undefined },
  [length, ...more]: readonly string[],
): RunArguments | ArgumentsRefused {
  const [, number, unit = ''] = /^(\d{1,6})([smh])$/.exec(length ?? '') ?? [];
  const seconds = Number(number) * (UNITS[unit] ?? Number.NaN);
  if (!(seconds >= SHORTEST && seconds <= LONGEST) || more.length > 0)
    return refuse(`say for how long, from ${SHORTEST}s to ${LONGEST / 86_400} days, such as 30m`);
  if (!/^\d{1,9}$/.test(seed)) return refuse(`--seed ${seed}: give a number of up to 9 digits`);
  if (queue !== 'sqlite' && queue !== 'postgres')
    return refuse(`--queue ${queue}: it is sqlite or postgres`);
  return { seconds, seed: Number(seed), queue, out };
}

function refuse(why: string): ArgumentsRefused {
  return { refused: `${why}. ${USAGE}` };
}
