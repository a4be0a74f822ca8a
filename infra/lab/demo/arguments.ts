import { parseArgs } from 'node:util';
import type { LabOptions } from '../lab.ts';

/** Why the command line is refused, with the usage. */
export interface ArgumentsRefused {
  readonly refused: string;
}

/** What the options say. */
export type LabArguments = Pick<LabOptions, 'queue' | 'members' | 'like' | 'cis' | 'loopback'>;

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value);
  if (found === undefined)
    throw new Error(`--${name} ${value}: must be one of ${allowed.join(', ')}`);
  return found;
}

/**
 * Parses `--queue sqlite|sqs --members pods|nodes --like FILE --cis --loopback auto|one`; returns one
 * sentence if an argument is invalid.
 */
export function parseLabArguments(argv: readonly string[]): LabArguments | ArgumentsRefused {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        queue: { type: 'string', default: 'sqlite' },
        members: { type: 'string', default: 'pods' },
        like: { type: 'string' },
        cis: { type: 'boolean', default: false },
        loopback: { type: 'string', default: 'auto' },
      },
    });
    return {
      queue: oneOf('queue', values.queue, ['sqlite', 'sqs']),
      members: oneOf('members', values.members, ['pods', 'nodes']),
      loopback: oneOf('loopback', values.loopback, ['auto', 'one']),
      ...(values.like === undefined ? {} : { like: values.like }),
      ...(values.cis && { cis: true }),
    };
  } catch (error) {
    return {
      refused:
        `${error instanceof Error ? error.message : String(error)}. Known: --queue ` +
        'sqlite|sqs, --members pods|nodes, --like FILE, --cis, --loopback auto|one.',
    };
  }
}
