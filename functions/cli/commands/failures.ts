/** `sluice failures`: what was parked, why, and putting it away and back. */
import { closeSync, openSync, readSync } from 'node:fs';
import { Command, Option } from 'commander';
import {
  BUNDLE_BOUNDS,
  readBundle,
  tooLarge,
  writeBundle,
} from '../../../shared/failures/bundle.ts';
import { ReplayError } from '../../../shared/failures/error.ts';
import {
  formatFilter,
  GROUP_KEYS,
  groupFailures,
  matchesFilter,
  parseFilter,
} from '../../../shared/failures/filter.ts';
import type { GroupKey } from '../../../shared/failures/filter.ts';
import type { Failure, FailureStore, FailureHead } from '../../../shared/failures/port.ts';
import { writePrivate } from '../../../shared/runtime/private-files.ts';
import { createKeyring } from '../../../shared/queue/keyring.ts';
import { proofOfHandedOver } from '../../../shared/queue/proof.ts';
import type { Runtime } from '../../../shared/runtime/runtime.ts';
import { writeBytes } from '../../../shared/telemetry/terminal.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import {
  isConfirmed,
  withContext,
  currentUser,
  addChangeOptions,
  addConfigOption,
} from '../terminal/context.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import type { ChangeOptions, CommonOptions } from '../terminal/context.ts';
import { failureText, groupTable, headTable } from '../failures/tables.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData, printLine } from '../terminal/output.ts';

const FILTER_HELP =
  '\nFilters are words: code:BIP421,BIP424 class:device cluster:east namespace:team gateway:team/web device:bigip-1 state:open|archived|healed|replayed|quarantined|all since:2h until:2026-11-23T03:00Z, and any other word is looked for in the sentence. Without state: what is open.';

interface ListOptions extends CommonOptions {
  readonly output: OutputFormat;
  readonly limit: string;
}

interface GroupsOptions extends CommonOptions {
  readonly output: OutputFormat;
  readonly by: string;
}

export function registerFailures(program: Command): void {
  const failures = program
    .command('failures')
    .description('what failed for good, why, and what became of it');
  addConfigOption(failures.command('list [filter...]'))
    .description('list failures, newest first')
    .addOption(formatOption())
    .option('--limit <n>', 'show at most so many', '100')
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\nExit code: 0 none, 1 error, 2 failures found.\n\nExample:\n  sluice failures list -c sluice.yaml code:BIP421 since:2h`,
    )
    .action(list);
  addConfigOption(failures.command('groups [filter...]'))
    .description('count failures by any fields')
    .addOption(
      new Option('--by <keys>', `comma-separated, of ${GROUP_KEYS.join(', ')}`).default(
        'code,device',
      ),
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\nExit code: 0 none, 1 error, 2 failures found.\n\nExample:\n  sluice failures groups -c sluice.yaml --by code,cluster`,
    )
    .action(groups);
  addConfigOption(failures.command('show <id>'))
    .description('everything about one failure')
    .option('--event', 'print the original event, byte for byte, and nothing else', false)
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  sluice failures show -c sluice.yaml 4b1f09c2a7d3e511')
    .action(show);
  addChangeOptions(addConfigOption(failures.command('archive <filter...>')))
    .description('put failures away; they are kept until retention ends')
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\nExample:\n  sluice failures archive -c sluice.yaml code:GW104 --why "cluster is being removed"`,
    )
    .action((words: string[], options: CommonOptions & ChangeOptions) =>
      move(words, options, 'archive'),
    );
  addChangeOptions(addConfigOption(failures.command('restore <filter...>')))
    .description('bring archived failures back (state:archived is meant)')
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\nExample:\n  sluice failures restore -c sluice.yaml code:GW104 --why "it stays after all"`,
    )
    .action((words: string[], options: CommonOptions & ChangeOptions) =>
      move(words, options, 'restore'),
    );
  addConfigOption(failures.command('export [filter...]'))
    .description('write failures with their events into one file, for study elsewhere')
    .requiredOption('-o, --out <file>', 'the bundle to write, or - for standard output')
    .addHelpText(
      'after',
      `${FILTER_HELP}\n\nExample:\n  sluice failures export -c sluice.yaml state:all --out failures.jsonl`,
    )
    .action(exportBundle);
  addChangeOptions(addConfigOption(failures.command('import <file>')))
    .description('take the failures of a bundle into this store; those it knows stay as they are')
    .addHelpText('after', '\nExample:\n  sluice failures import -c lab.yaml failures.jsonl --yes')
    .action(importBundle);
  addConfigOption(failures.command('audit'))
    .description('who changed what, why, and what came of it')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  sluice failures audit -c sluice.yaml -o json > audit.json')
    .action(audit);
}

async function select(
  { store, runtime }: Pick<OperationContext, 'store' | 'runtime'>,
  words: readonly string[],
): Promise<readonly FailureHead[]> {
  const filter = parseFilter(words, runtime.clock.now());
  return (await store.list()).filter((head) => matchesFilter(filter, head));
}

function limitOf(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(`--limit ${text}: write a whole number of 1 or more`);
}

async function list(words: string[], options: ListOptions): Promise<void> {
  const limit = limitOf(options.limit);
  await withContext(options, async (desk) => {
    const found = await select(desk, words);
    const shown = found.slice(0, limit);
    printData(options.output, { total: found.length, failures: shown }, () =>
      headTable(shown, desk.runtime.clock.now()),
    );
    if (shown.length < found.length)
      printLine(
        `${shown.length} of ${found.length} shown; --limit shows more, "sluice failures groups" counts them.`,
      );
    if (found.length > 0) process.exitCode = 2;
  });
}

async function groups(words: string[], options: GroupsOptions): Promise<void> {
  const keys = options.by.split(',').map((key): GroupKey => {
    const known = GROUP_KEYS.find((one) => one === key);
    if (known === undefined)
      throw new Error(`--by ${options.by}: there is no ${key}; known are ${GROUP_KEYS.join(', ')}`);
    return known;
  });
  await withContext(options, async (desk) => {
    const found = groupFailures(await select(desk, words), keys);
    printData(options.output, { by: keys, groups: found }, () =>
      groupTable(keys, found, desk.runtime.clock.now()),
    );
    if (found.length > 0) process.exitCode = 2;
    if (found.length > 0 && options.output === 'table')
      printLine(
        '"sluice failures list code:CODE" lists the failures of a code, "sluice replay plan code:CODE" says what sending them again would do now.',
      );
  });
}

/** By its id, or the beginning of it. */
async function find(store: FailureStore, id: string): Promise<Failure> {
  const exact = await store.get(id);
  if (exact) return exact;
  const similar = (await store.list()).filter((head) => head.id.startsWith(id));
  const only = similar.length === 1 ? await store.get(similar[0]!.id) : undefined;
  if (only) return only;
  throw new ReplayError(
    'RPL702',
    similar.length > 1
      ? `${id} is the beginning of ${similar.length} failures; write more of it.`
      : `There is no failure ${id} in ${store.where}; "sluice failures list state:all" lists them.`,
  );
}

async function show(
  id: string,
  options: CommonOptions & { readonly event: boolean; readonly output: OutputFormat },
): Promise<void> {
  await withContext(options, async ({ store, runtime }) => {
    const failure = await find(store, id);
    if (options.event) writeBytes(failure.details.event.body);
    else printData(options.output, failure, () => failureText(failure, runtime.clock.now()));
    if (
      !options.event &&
      options.output === 'table' &&
      failure.state !== 'healed' &&
      failure.state !== 'replayed'
    )
      printLine(
        `Once that is done: sluice replay plan -c ${options.config} id:${failure.id}${failure.state === 'open' ? '' : ` state:${failure.state}`}`,
      );
  });
}

async function move(
  words: string[],
  options: CommonOptions & ChangeOptions,
  what: 'archive' | 'restore',
): Promise<void> {
  await withContext(options, async (desk) => {
    const filter = parseFilter(
      what === 'restore' ? [...words, 'state:archived'] : words,
      desk.runtime.clock.now(),
    );
    const found = (await desk.store.list()).filter((head) => matchesFilter(filter, head));
    const selection = formatFilter(filter);
    if (found.length === 0) throw new ReplayError('RPL705', `No failure fits "${selection}".`);
    if (
      !(await isConfirmed(
        `${what === 'archive' ? 'Archive' : 'Restore'} ${found.length} failures (${selection})?`,
        options,
      ))
    )
      return;
    const why = options.why ?? 'no reason given';
    const who = currentUser(process.env);
    const changed = await desk.store.change(
      found.map((head) => head.id),
      (head) => {
        if (what === 'archive')
          return head.state === 'archived'
            ? undefined
            : { state: 'archived', note: `archived by ${who}: ${why}` };
        return head.state === 'archived' ? { state: 'open' } : undefined;
      },
    );
    await desk.audit.append({
      who,
      action: `failures ${what}`,
      selection,
      why,
      result: `${changed.length} of ${found.length}`,
    });
    printLine(`${changed.length} failures ${what}d.`);
  });
}

async function exportBundle(
  words: string[],
  options: CommonOptions & { readonly out: string },
): Promise<void> {
  await withContext(options, async (desk) => {
    const whole: Failure[] = [];
    for (const head of await select(desk, words))
      whole.push(...[await desk.store.get(head.id)].filter((failure) => failure !== undefined));
    const text = writeBundle(whole, desk.runtime.clock.now());
    if (options.out === '-') writeBytes(text);
    else writePrivate(options.out, text);
    printLine(`${whole.length} failures exported.`);
  });
}

async function importBundle(file: string, options: CommonOptions & ChangeOptions): Promise<void> {
  const bundle = readBundle(readBounded(file), file);
  await withContext(options, async ({ store, audit: log, runtime }) => {
    if (!(await isConfirmed(`Import ${bundle.length} failures into ${store.where}?`, options)))
      return;
    const taken = await store.adopt(bundle);
    await log.append({
      who: currentUser(process.env),
      action: 'failures import',
      selection: file,
      why: options.why ?? 'no reason given',
      result: `${taken.length} of ${bundle.length}`,
    });
    printLine(`${taken.length} failures imported, ${bundle.length - taken.length} were known.`);
    const unsent = await countUnproven(
      bundle.filter(({ id }) => taken.some((head) => head.id === id)),
      runtime,
    );
    if (unsent > 0)
      printLine(
        `${unsent} of them can be looked at and planned, not sent from here: nobody knows who said them (RPL715). Replay them where they were exported, or in the lab: npm run lab -- --like ${options.config}`,
      );
  });
}

async function countUnproven(
  failures: readonly Failure[],
  { config, secrets, clock }: Runtime,
): Promise<number> {
  const rules = { config, keys: createKeyring(secrets, clock) };
  const proofs = await Promise.all(
    failures.map(({ details: { event } }) => proofOfHandedOver(event.queue, event.body, rules)),
  );
  return proofs.filter(({ kind }) => kind === 'unproven').length;
}

/** Standard input has no size that could be asked for, so it is read piece by piece. */
function readBounded(file: string): string {
  const input = file === '-' ? 0 : openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let bytes = 0; ;) {
      const piece = Buffer.allocUnsafe(1024 * 1024);
      const read = readSync(input, piece);
      if (read === 0) return Buffer.concat(pieces).toString('utf8');
      bytes += read;
      if (bytes > BUNDLE_BOUNDS.bytes) throw tooLarge(file);
      pieces.push(piece.subarray(0, read));
    }
  } finally {
    if (input !== 0) closeSync(input);
  }
}

async function audit(options: CommonOptions & { readonly output: OutputFormat }): Promise<void> {
  await withContext(options, async ({ audit: log }) => {
    const entries = await log.list();
    printData(
      options.output,
      entries,
      () =>
        entries
          .map((e) =>
            visible(`${e.at}  ${e.who}  ${e.action}  ${e.selection}  (${e.why}): ${e.result}`),
          )
          .join('\n') || 'Nobody changed anything.',
    );
  });
}
