/** What a room shows as a command. Its words can be those of a link, so all are quoted. Pure. */
import { shellWords } from '../../../../shared/domain/text/shell.ts';
import { wordsIn } from '../../../../shared/domain/text/words.ts';

/** `typed`: the words that select what is shown. */
export function commandOf(words: readonly string[], typed: string): string {
  return shellWords([...words, ...wordsIn(typed)]);
}

/** How a replay is sent. `rate`: events per second. */
export interface ReplaySettings {
  readonly canary: number;
  readonly rate: number;
  readonly force: boolean;
}

/** The preview of a replay. */
export function replayCommand(filter: string, { canary, rate, force }: ReplaySettings): string {
  const options = shellWords([
    '--canary',
    `${canary}`,
    '--rate',
    `${rate}`,
    ...(force ? ['--force'] : []),
  ]);
  return `${commandOf(['sluice', 'replay', 'plan'], filter)} ${options}`;
}

/** With the reason, as far as it is given. */
export function withReason(command: string, reason: string): string {
  const why = reason.trim();
  return why === '' ? command : `${command} ${shellWords(['--why', why])}`;
}

/** The plan of these manifests; what was pasted is pasted into the command. */
export function planCommand({
  files,
  isPasted,
  cluster,
}: {
  readonly files: readonly string[];
  readonly isPasted: boolean;
  readonly cluster: string | undefined;
}): string {
  // The name of a file is no option.
  const named = files.map((name) => (name.startsWith('-') ? `./${name}` : name));
  return shellWords([
    'sluice',
    'plan',
    ...[...named, ...(isPasted ? ['-'] : [])].flatMap((name) => ['-f', name]),
    ...(cluster === undefined ? [] : ['--cluster', cluster]),
    '--device',
  ]);
}
