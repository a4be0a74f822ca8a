/** `sluice uninstall`: takes one cluster or everything out; without `--yes` it only says what would go. */
import type { Command } from 'commander';
import type { OperationContext } from '../../../shared/operations/context.ts';
import { carryOutUninstall } from '../../../shared/operations/uninstall/carry-out.ts';
import { planUninstall } from '../../../shared/operations/uninstall/uninstall.ts';
import type { UninstallPlan } from '../../../shared/operations/uninstall/uninstall.ts';
import { addConfigOption, authorOf, withContext } from '../terminal/context.ts';
import type { CommonOptions } from '../terminal/context.ts';
import { formatOption, printData, printLine } from '../terminal/output.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { writeLine } from '../../../shared/telemetry/terminal.ts';
import { uninstallTable } from '../uninstall/tables.ts';

/** What goes, and whether it goes now. */
interface UninstallOptions extends CommonOptions {
  readonly all: boolean;
  readonly cluster?: string;
  readonly kubeconfig?: string;
  readonly leaseNamespace?: string;
  readonly discardFailures: boolean;
  readonly why?: string;
  readonly yes: boolean;
  readonly output: OutputFormat;
}

/** Adds the command. */
export function registerUninstall(program: Command): void {
  addConfigOption(program.command('uninstall'))
    .description('remove what Sluice made; without --yes it only shows what would be removed')
    .option('--all', 'everything on the devices, the queue and the failure store', false)
    .option('--cluster <id>', 'one of clusters[].id, with --kubeconfig (default: the only one)')
    .option('-k, --kubeconfig <file>', 'kubeconfig of the cluster that is taken out')
    .option(
      '--lease-namespace <namespace>',
      'namespace of the Lease of the watcher (default: of the context)',
    )
    .option('--discard-failures', 'also remove messages and failures that wait', false)
    .option('--why <reason>', 'the reason, for the audit log')
    .option('-y, --yes', 'remove it', false)
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 it is removed, or would be, 1 error, or something does not answer or still runs.' +
        '\n\nExamples:\n' +
        '  sluice uninstall -c sluice.yaml --cluster east -k east.kubeconfig\n' +
        '  sluice uninstall -c sluice.yaml --all -k east.kubeconfig --yes',
    )
    .action(uninstall);
}

async function uninstall(options: UninstallOptions): Promise<void> {
  if (!options.all && options.kubeconfig === undefined)
    throw new Error(
      'say what goes: --kubeconfig FILE for one cluster (with --cluster, if there are several), or --all',
    );
  await withContext(
    options,
    async (context) => {
      const plan = await planUninstall(context, options, authorOf(options));
      try {
        await show(context, plan, options);
      } finally {
        await plan.close();
      }
    },
    { sends: !options.all },
  );
}

/** Whatever could not be looked at, or still runs, is an error (1), like every device that does not answer. */
async function show(
  { audit, runtime }: OperationContext,
  plan: UninstallPlan,
  options: UninstallOptions,
): Promise<void> {
  const { yes, output } = options;
  const { items, running } = plan;
  const isOpen = items.some(({ action }) => action === 'unknown') || running.length > 0;
  process.exitCode = isOpen ? 1 : 0;
  printData(output, { items, running }, () =>
    items.length === 0 ? 'Nothing of Sluice is left here.' : uninstallTable(items),
  );
  if (output === 'table') for (const one of running) printLine(`Still runs: ${one}`);
  if (yes)
    await carryOutUninstall(
      { ...plan, author: authorOf(options) },
      {
        audit,
        now: () => runtime.clock.now(),
        tell: (what) => output === 'table' && printLine(`Removed: ${what}`),
        print: (entry) => {
          printLine('No audit log has this removal, so keep its entry:');
          writeLine('stderr', JSON.stringify(entry));
        },
      },
    );
  else if (output === 'table' && plan.steps.length > 0)
    printLine('Nothing was removed. To remove it, add --yes.');
}
