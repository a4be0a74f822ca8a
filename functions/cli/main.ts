/** The `sluice` command. Each command is in a separate file and registers itself. */
import { Command } from 'commander';
import { registerAddresses } from './commands/addresses.ts';
import { registerApprove } from './commands/approve.ts';
import { registerCluster } from './commands/cluster.ts';
import { registerDrift } from './commands/drift.ts';
import { registerImport } from './commands/import-cis.ts';
import { registerMap } from './commands/map.ts';
import { registerPlan } from './commands/plan.ts';
import { registerUp } from './commands/up.ts';
import { registerVersion, versionLine } from './commands/version.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerFailures } from './commands/failures.ts';
import { registerKeys } from './commands/keys.ts';
import { registerNetwork } from './commands/network.ts';
import { registerPorts } from './commands/ports.ts';
import { registerReplay } from './commands/replay.ts';
import { registerStatus } from './commands/status.ts';
import { registerSync } from './commands/sync.ts';
import { registerTrace } from './commands/trace.ts';
import { registerWaiting } from './commands/waiting.ts';
import { registerWhy } from './commands/why.ts';
import { writeError, writeHelp, writeLine } from '../../shared/telemetry/terminal.ts';
import { fitHelp, formatFailure } from './terminal/output.ts';

/** In the order in which `sluice --help` lists them. */
const COMMANDS: readonly ((program: Command) => void)[] = [
  registerUp,
  registerMap,
  registerPlan,
  registerDrift,
  registerApprove,
  registerCluster,
  registerImport,
  registerStatus,
  registerWaiting,
  registerPorts,
  registerAddresses,
  registerWhy,
  registerTrace,
  registerSync,
  registerFailures,
  registerReplay,
  registerKeys,
  registerNetwork,
  registerDoctor,
  registerCompletion,
  registerVersion,
];

const program = new Command('sluice')
  .description('Keeps F5 BIG-IP in step with Istio ingress gateways, hands off.')
  .showHelpAfterError('(sluice --help lists the commands)')
  .configureOutput({
    writeOut: (text) => writeHelp('stdout', fitHelp(text)),
    writeErr: (text) => writeHelp('stderr', text),
    outputError: (text) => writeLine('stderr', text.trimEnd()),
  })
  .version(versionLine())
  .helpCommand('help [command]', 'display help for a command');
for (const register of COMMANDS) register(program);

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
  await program.parseAsync(argumentsOf(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  writeError('sluice', formatFailure(error));
  process.exitCode = 1;
}
