/** `sluice failures`: lists, archives and restores failures. */
import { Command, Option } from 'commander';
import { readBundle } from '../../../shared/failures/bundle.ts';
import { GROUP_KEYS } from '../../../shared/failures/filter.ts';
import type { GroupKey } from '../../../shared/failures/filter.ts';
import { exportFailures, importFailures } from '../../../shared/operations/failures/bundles.ts';
import {
  countFailures,
  findFailure,
  listFailures,
  moveFailures,
  planFailureMove,
} from '../../../shared/operations/failures/failures.ts';
import { writePrivate } from '../../../shared/runtime/private-files.ts';
import { writeBytes } from '../../../shared/telemetry/terminal.ts';
import { auditText, failureText, groupTable, headTable } from '../failures/tables.ts';
import { readBounded } from '../failures/read-bounded.ts';
import {
  isConfirmed,
  withContext,
  authorOf,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printCommand, printData, printLine } from '../terminal/output.ts';

/** The help of all subcommands that select failures. */
const FILTER_HELP =
  '\nFilters: code:BIP421,BIP424 class:device cluster:east namespace:team gateway:team/web ' +
  'device:bigip-1 state:open|archived|healed|replayed|quarantined|all since:2h ' +
  'until:2026-11-23T03:00Z. Any other word is searched for in the message. ' +
  'Without state, only open failures are selected.';

/** `limit` stays text until it is checked. */
interface ListOptions extends CommonOptions {
  readonly output: OutputFormat;
  readonly limit: string;
}

/** `by` is a comma-separated list of fields. */
interface GroupsOptions extends CommonOptions {
  readonly output: OutputFormat;
  readonly by: string;
}

/** With `event`, `output` has no effect. */
interface ShowOptions extends CommonOptions {
  readonly event: boolean;
  readonly output: OutputFormat;
}

/** Finding failures is exit code 2, as with other commands that report a state. */
const FOUND_CODES = 'Exit code: 0 none, 1 error, 2 failures found.';

/** Adds `sluice failures` with its subcommands. */
export function registerFailures(program: Command): void {
  const failures = program
    .command('failures')
    .description('permanent failures: cause, history and current state');
  registerReading(failures);
  registerMoving(failures);
  registerBundles(failures);
}

/** Subcommands that change nothing. */
function registerReading(failures: Command): void {
  addConfigOption(failures.command('list [filter...]'))
    .description('list failures, newest first')
    .addOption(formatOption())
    .option('--limit <n>', 'maximum number of failures to show', '100')
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\n${FOUND_CODES}\n\nExample:\n  sluice failures list -c sluice.yaml code:BIP421 since:2h`,
    )
    .action(list);
  addConfigOption(failures.command('groups [filter...]'))
    .description('count failures by one or more fields')
    .addOption(
      new Option('--by <keys>', `comma-separated list of ${GROUP_KEYS.join(', ')}`).default(
        'code,device',
      ),
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\n${FOUND_CODES}\n\nExample:\n  sluice failures groups -c sluice.yaml --by code,cluster`,
    )
    .action(groups);
  addConfigOption(failures.command('show <id>'))
    .description('show all details of one failure')
    .option('--event', 'print only the original event, byte for byte', false)
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  sluice failures show -c sluice.yaml 4b1f09c2a7d3e511')
    .action(show);
  addConfigOption(failures.command('audit'))
    .description('print the audit log: who changed what, when, why, and with which result')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  sluice failures audit -c sluice.yaml -o json > audit.json')
    .action(audit);
}

/**
 * Subcommands that change the state of failures. They ask for confirmation and write to the audit
 * log.
 */
function registerMoving(failures: Command): void {
  addChangeOptions(addConfigOption(failures.command('archive <filter...>')))
    .description('archive failures; they are kept until their retention ends')
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\nExample:\n` +
        '  sluice failures archive -c sluice.yaml code:GW104 --why "cluster is being removed"',
    )
    .action((words: string[], options: CommonOptions & ChangeOptions) =>
      move(words, options, 'archive'),
    );
  addChangeOptions(addConfigOption(failures.command('restore <filter...>')))
    .description('reopen archived failures (selects state:archived)')
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\nExample:\n  sluice failures restore -c sluice.yaml code:GW104 --why "the cluster stays"`,
    )
    .action((words: string[], options: CommonOptions & ChangeOptions) =>
      move(words, options, 'restore'),
    );
}

/** Subcommands that read or write bundles. */
function registerBundles(failures: Command): void {
  addConfigOption(failures.command('export [filter...]'))
    .description('write failures and their events to one file, to study them elsewhere')
    .requiredOption('-o, --out <file>', 'bundle to write, or - for standard output')
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\nExample:\n  sluice failures export -c sluice.yaml state:all --out failures.jsonl`,
    )
    .action(exportBundle);
  addChangeOptions(addConfigOption(failures.command('import <file>')))
    .description('add the failures of a bundle to this store; existing ones are not changed')
    .addHelpText('after', '\nExample:\n  sluice failures import -c lab.yaml failures.jsonl --yes')
    .action(importBundle);
}

/** Throws unless the text is a whole number of at least 1. */
function limitOf(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(`--limit ${text}: must be a whole number of 1 or more`);
}

/** Exit code 2 depends on the total, not on how many are shown. */
async function list(words: string[], options: ListOptions): Promise<void> {
  const limit = limitOf(options.limit);
  await withContext(options, async (context) => {
    const found = await listFailures(context, words, limit);
    printData(options.output, found, () => headTable(found.failures, context.runtime.clock.now()));
    if (found.failures.length < found.total)
      printLine(
        `${found.failures.length} of ${found.total} shown. --limit shows more; "sluice failures groups" counts them.`,
      );
    if (found.total > 0) process.exitCode = 2;
  });
}

/** Throws if a field is unknown, with the list of known ones. */
function groupKeys(text: string): readonly GroupKey[] {
  return text.split(',').map((key) => {
    const known = GROUP_KEYS.find((one) => one === key);
    if (known === undefined)
      throw new Error(`--by ${text}: unknown field ${key}; known fields: ${GROUP_KEYS.join(', ')}`);
    return known;
  });
}

/** Exit code 2 if there is any failure, so that a script can react. */
async function groups(words: string[], options: GroupsOptions): Promise<void> {
  const by = groupKeys(options.by);
  await withContext(options, async (context) => {
    const found = await countFailures(context, words, by);
    printData(options.output, found, () => groupTable(found, context.runtime.clock.now()));
    if (found.groups.length === 0) return;
    process.exitCode = 2;
    if (options.output === 'table')
      printLine(
        '"sluice failures list code:CODE" lists the failures of a code; ' +
          '"sluice replay plan code:CODE" shows what a replay would do now.',
      );
  });
}

/** With `--event`, only the original event, byte for byte, so that it can be piped. */
async function show(id: string, options: ShowOptions): Promise<void> {
  await withContext(options, async ({ store, runtime }) => {
    const failure = await findFailure(store, id);
    if (options.event) return writeBytes(failure.details.event.body);
    printData(options.output, failure, () => failureText(failure, runtime.clock.now()));
    const { state } = failure;
    if (options.output === 'table' && state !== 'healed' && state !== 'replayed')
      printCommand(
        'Then run:',
        `sluice replay plan -c ${options.config} ` +
          `id:${failure.id}${state === 'open' ? '' : ` state:${state}`}`,
      );
  });
}

/** Archives or reopens failures after a confirmation. */
async function move(
  words: string[],
  options: CommonOptions & ChangeOptions,
  what: 'archive' | 'restore',
): Promise<void> {
  await withContext(options, async (context) => {
    const planned = await planFailureMove(context, what, words);
    const question =
      `${what === 'archive' ? 'Archive' : 'Restore'} ${planned.found.length} failures ` +
      `(${planned.selection})?`;
    if (!(await isConfirmed(question, options))) return;
    const { length: changed } = await moveFailures(context, planned, authorOf(options));
    printLine(`${changed} failures ${what}d.`);
  });
}

/**
 * A bundle contains whole events, so its file can be read by its owner only. The count goes to
 * standard error and does not mix with a bundle on standard output.
 */
async function exportBundle(
  words: string[],
  options: CommonOptions & { readonly out: string },
): Promise<void> {
  await withContext(options, async (context) => {
    const { count, text } = await exportFailures(context, words);
    if (options.out === '-') writeBytes(text);
    else writePrivate(options.out, text);
    printLine(`${count} failures exported.`);
  });
}

/** Imported failures without proof of their origin can be inspected, but not replayed. */
async function importBundle(file: string, options: CommonOptions & ChangeOptions): Promise<void> {
  const bundle = readBundle(readBounded(file), file);
  await withContext(options, async (context) => {
    const question = `Import ${bundle.length} failures into ${context.store.where}?`;
    if (!(await isConfirmed(question, options))) return;
    const author = { ...authorOf(options), from: file };
    const { taken, known, unproven } = await importFailures(context, bundle, author);
    printLine(`${taken} failure${taken === 1 ? '' : 's'} imported; ${known} already in the store.`);
    if (unproven > 0)
      printLine(
        `${unproven} of them can be inspected and planned, but not replayed here, ` +
          'because their origin cannot be proven (RPL715). ' +
          'Replay them in the store they were exported from, or in the lab: ' +
          `npm run lab -- --like ${options.config}`,
      );
  });
}

/** Prints the whole log of changes by operators and policies. */
async function audit(options: CommonOptions & { readonly output: OutputFormat }): Promise<void> {
  await withContext(options, async ({ audit: log }) => {
    const entries = await log.list();
    printData(options.output, entries, () => auditText(entries));
  });
}
