/** The `sluice` command. Each command is in a separate file and registers itself. */
import { Command } from 'commander';
import { versionLine } from './commands/version.ts';
import { writeError, writeHelp, writeLine } from '../../shared/telemetry/terminal.ts';
import { fitHelp, formatFailure } from './terminal/output.ts';

const program = new Command('sluice')
  .description('Configures F5 BIG-IP automatically for Istio ingress gateways.')
  .showHelpAfterError('(sluice --help lists the commands)')
  .configureOutput({
    writeOut: (text) => writeHelp('stdout', fitHelp(text)),
    writeErr: (text) => writeHelp('stderr', text),
    outputError: (text) => writeLine('stderr', text.trimEnd()),
  })
  .version(versionLine())
  .helpCommand('help [command]', 'display help for a command');

/** `up` starts without the code of the others. */
async function addCommands(first: string | undefined): Promise<void> {
  const commands =
    first === 'up'
      ? [(await import('./commands/up.ts')).registerUp]
      : (await import('./all-commands.ts')).COMMANDS;
  for (const register of commands) register(program);
}

/** `help cluster drain` as `cluster drain --help`; fails for an unknown command. */
function argumentsOf([first, ...rest]: readonly string[]): readonly string[] {
  if (first !== 'help' || rest.length === 0)
    return [...(first === undefined ? [] : [first]), ...rest];
  let command: Command = program;
  for (const word of rest) {
    const found = command.commands.find(
      (one) => one.name() === word || one.aliases().includes(word),
    );
    if (found === undefined) program.error(`error: unknown command '${rest.join(' ')}'`);
    else command = found;
  }
  return [...rest, '--help'];
}

try {
  const given = process.argv.slice(2);
  await addCommands(given[0]);
  await program.parseAsync(argumentsOf(given), { from: 'user' });
} catch (error) {
  writeError('sluice', formatFailure(error));
  process.exitCode = 1;
}
