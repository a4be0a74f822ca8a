/** `sluice completion bash|zsh`: prints a completion script generated from the commands. */
import { Argument, type Command } from 'commander';
import { writeLines } from '../../../shared/telemetry/terminal.ts';

/** The words that may follow a path of commands. */
interface Words {
  /** The words before it, such as `failures list`. */
  readonly path: string;
  readonly next: readonly string[];
}

/**
 * Adds the command. It is registered like any other, but reads the commands only when it runs, so
 * it also completes those that are registered after it.
 */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh']))
    .description('print a completion script')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(sluice completion bash)\n  sluice completion zsh > "${fpath[1]}/_sluice"',
    )
    .action((shell: 'bash' | 'zsh') => {
      writeLines('stdout', completionScript(program, shell).trimEnd());
    });
}

/** Walks the tree of commands, the command itself first. `path` is empty for the program. */
function wordsOf(command: Command, path: string): readonly Words[] {
  const options = command.options
    .flatMap((option) => [option.short, option.long])
    .filter((flag) => flag !== undefined && flag !== null);
  const below = command.commands.flatMap((child) =>
    wordsOf(child, path === '' ? child.name() : `${path} ${child.name()}`),
  );
  return [
    { path, next: [...command.commands.map((child) => child.name()), ...options, '--help'] },
    ...below,
  ];
}

/** Pure. zsh reads the same script through its bash emulation. */
export function completionScript(program: Command, shell: 'bash' | 'zsh'): string {
  const cases = wordsOf(program, '').map(
    ({ path, next }) => `    '${path}') words='${next.join(' ')}' ;;`,
  );
  const lines = [
    '_sluice() {',
    "  local path='' word words=''",
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$word" in -*) ;; *) if _sluice_knows "${path:+$path }$word"; ' +
      'then path="${path:+$path }$word"; fi ;; esac',
    '  done',
    '  case "$path" in',
    ...cases,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '  if [ ${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")); fi',
    '}',
    '_sluice_knows() {',
    `  case "$1" in ${wordsOf(program, '')
      .map(({ path }) => `'${path}'`)
      .filter((path) => path !== "''")
      .join('|')}) return 0 ;; *) return 1 ;; esac`,
    '}',
    'complete -F _sluice sluice',
  ];
  const head =
    shell === 'zsh' ? ['#compdef sluice', 'autoload -U +X bashcompinit && bashcompinit'] : [];
  return `${[...head, ...lines].join('\n')}\n`;
}
