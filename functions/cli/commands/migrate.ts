/** `sluice migrate cis`: moves virtual servers from F5 CIS to Sluice, address by address. */
import { Command } from 'commander';
import { parseIp } from '../../../shared/domain/net/ip.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import {
  type AddressPlan,
  planTake,
  planUndo,
} from '../../../shared/operations/migrate/address-plan.ts';
import { type MigrationSite, openMigration } from '../../../shared/operations/migrate/read.ts';
import { migrationRows } from '../../../shared/operations/migrate/rows.ts';
import { gapInWords } from '../../../shared/operations/migrate/switch.ts';
import { takeOverAddress } from '../../../shared/operations/migrate/take.ts';
import { giveAddressBack } from '../../../shared/operations/migrate/undo.ts';
import { migrationText, switchText } from '../migrate/tables.ts';
import {
  addChangeOptions,
  addConfigOption,
  authorOf,
  isConfirmed,
  withContext,
} from '../terminal/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { collectValues, formatOption, printData, printLine } from '../terminal/output.ts';

interface PlaceOptions extends CommonOptions {
  readonly cluster?: string;
  readonly device?: string;
  readonly kubeconfig?: string;
}

interface PlanOptions extends PlaceOptions {
  readonly address?: readonly string[];
  readonly output: OutputFormat;
}

type SwitchOptions = PlaceOptions & ChangeOptions;

/** Adds `sluice migrate` with its only source, `cis`. */
export function registerMigrate(program: Command): void {
  const cis = new Command('cis')
    .description('move virtual servers from F5 CIS to Sluice, address by address, and back')
    .addCommand(planCommand())
    .addCommand(takeCommand())
    .addCommand(undoCommand());
  program.addCommand(
    new Command('migrate').description('move over from other controllers').addCommand(cis),
  );
}

function withPlace(command: Command): Command {
  return addConfigOption(command)
    .option(
      '-k, --kubeconfig <file>',
      'kubeconfig of the cluster (default: $KUBECONFIG, ~/.kube/config)',
    )
    .option('--cluster <id>', 'one of clusters[].id (default: the only one)')
    .option('--device <name>', 'one of devices[].name (default: the only one)');
}

function planCommand(): Command {
  return withPlace(new Command('plan'))
    .description(
      'show what F5 CIS has in this cluster and on the device, what Sluice would have instead, ' +
        'and the configuration for it; writes nothing',
    )
    .option(
      '--address <cis=sluice>',
      'run side by side: Sluice gets the second address instead of the first one (repeatable)',
      collectValues,
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 read, 1 error.\n\nExamples:\n  sluice migrate cis plan -c sluice.yaml\n' +
        '  sluice migrate cis plan --address 172.16.100.195=172.16.100.196',
    )
    .action(plan);
}

function takeCommand(): Command {
  return addChangeOptions(withPlace(new Command('take')))
    .description(
      'take over an address with all its ports: F5 CIS lets go of it, then Sluice declares it',
    )
    .argument('<address>', 'virtual address of F5 CIS')
    .addHelpText(
      'after',
      '\nWrites only labels and an annotation of objects in the cluster. F5 CIS removes its virtual ' +
        'servers, and apply declares those of Sluice. If one of both does not follow, the objects ' +
        'are given back.\n\nExit code: 0 taken over (or nothing to do), 1 error.\n\n' +
        'Example:\n  sluice migrate cis take 172.16.100.195 --dry-run',
    )
    .action(take);
}

function undoCommand(): Command {
  return addChangeOptions(withPlace(new Command('undo')))
    .description('give an address back: Sluice withholds it, then F5 CIS finds its objects again')
    .argument('<address>', 'virtual address that was taken over')
    .addHelpText(
      'after',
      '\nAfter an interruption, run it again. Afterwards Sluice waits for the address as before.\n\n' +
        'Exit code: 0 given back, 1 error.\n\nExample:\n  sluice migrate cis undo 172.16.100.195',
    )
    .action(undo);
}

async function plan(options: PlanOptions): Promise<void> {
  const addresses = new Map((options.address ?? []).map(pairIn));
  await withSite(options, false, async (site) => {
    const { facts, advice, notes } = await site.look();
    for (const note of notes) printLine(`note: ${note}`);
    const { controllers } = facts;
    const view = { controllers, rows: migrationRows(facts), advice: advice(addresses) };
    printData(options.output, view, () => migrationText(view));
  });
}

async function take(address: string, options: SwitchOptions): Promise<void> {
  await withSite(options, !options.dryRun, async (site, context) => {
    const { facts } = await site.look();
    const found = planTake(facts, plainAddressIn(address));
    const others = found.rows.filter(({ cis }) => cis !== undefined);
    if (found.problems.length === 0 && others.length === 0 && found.objects.length === 0)
      return printLine(`Nothing to do: F5 CIS has let go of ${address} already.`);
    preview(found, 'let go of');
    const question =
      `Take ${address} over from F5 CIS? Until Sluice has declared it, nobody serves ` +
      `${found.rows.map(({ key }) => key).join(', ')}. Do it?`;
    if (!(await isConfirmed(question, options))) return;
    const switching = { context, site, author: authorOf(options), say: printLine };
    const interruption = await takeOverAddress(switching, found);
    printLine(
      `Sluice serves ${address}. Nobody served it for ${gapInWords(interruption)}. ` +
        `"sluice migrate cis undo ${address}" gives it back.`,
    );
  });
}

async function undo(address: string, options: SwitchOptions): Promise<void> {
  await withSite(options, !options.dryRun, async (site, context) => {
    const { facts } = await site.look();
    const found = planUndo(facts, plainAddressIn(address));
    preview(found, 'get back');
    const question = `Give ${address} back to F5 CIS? Until CIS has declared it, nobody serves it. Do it?`;
    if (!(await isConfirmed(question, options))) return;
    const switching = { context, site, author: authorOf(options), say: printLine };
    const interruption = await giveAddressBack(switching, found);
    printLine(
      `F5 CIS serves ${address}. Nobody served it for ${gapInWords(interruption)}. ` +
        'Sluice waits for it as before.',
    );
  });
}

/** Throws with all reasons if it is not possible. */
function preview(found: AddressPlan, verb: 'let go of' | 'get back'): void {
  if (found.problems.length > 0)
    throw new Error(`${found.address} stays as it is: ${found.problems.join('; ')}`);
  printData('table', found, () => switchText(found, verb));
}

async function withSite(
  options: PlaceOptions,
  sends: boolean,
  work: (site: MigrationSite, context: OperationContext) => Promise<void>,
): Promise<void> {
  await withContext(
    options,
    async (context) => {
      const site = await openMigration(context.runtime, options);
      try {
        await work(site, context);
      } finally {
        await site.close();
      }
    },
    { sends },
  );
}

function plainAddressIn(text: string): string {
  if (parseIp(text) === undefined)
    throw new Error(
      `${text} is no IP address; BIG-IP has an address in one partition only, so it moves with all its ports`,
    );
  return text;
}

function pairIn(text: string): readonly [string, string] {
  const [from = '', to = '', ...rest] = text.split('=');
  if (rest.length > 0 || parseIp(from) === undefined || parseIp(to) === undefined)
    throw new Error(`--address ${text}: write it as CIS=SLUICE, two IP addresses`);
  return [from, to];
}
