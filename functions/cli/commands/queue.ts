/** `sluice queue grant`: the SQL of a role for the watcher of one cluster. */
import { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import { grantQueue } from '../../../shared/operations/queue/grant.ts';
import type { GrantOptions } from '../../../shared/operations/queue/grant.ts';
import { writeLines } from '../../../shared/telemetry/terminal.ts';
import { addConfigOption } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import { printLine } from '../terminal/output.ts';

/** Adds `sluice queue` with its only subcommand, `grant`. */
export function registerQueue(program: Command): void {
  const grant = addConfigOption(new Command('grant'))
    .description(
      'print the SQL of a PostgreSQL role that may only send snapshots and read what its cluster is told',
    )
    .requiredOption('--cluster <id>', 'id of the cluster in sluice.yaml')
    .option('--role <name>', 'name of the role; default: sluice_<cluster>')
    .addHelpText(
      'after',
      '\nThe tables must exist: start "sluice up" once before. Nothing is connected to or changed.\n\n' +
        'Example:\n  sluice queue grant --cluster west | psql -h db.example.com -U sluice sluice',
    )
    .action(print);
  program.addCommand(
    new Command('queue')
      .description('who may use the queues, if they are in PostgreSQL')
      .addCommand(grant),
  );
}

/** Only the SQL goes to standard output, so that it can be piped to psql. */
async function print({ config: file, ...wanted }: CommonOptions & GrantOptions): Promise<void> {
  const { role, sql } = grantQueue(await loadConfig(file, process.env), wanted);
  writeLines('stdout', sql.trimEnd());
  printLine(`set a password: \\password ${role}`);
  printLine(`for the watcher of ${wanted.cluster}, in sluice.yaml: queue.user: ${role}`);
  printLine(`where map runs, in sluice.yaml: clusters[].senders of ${wanted.cluster}: [${role}]`);
}
