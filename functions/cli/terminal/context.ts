/** Dependencies of the commands on failures: configuration, failure store, queues and devices. */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { openFailures } from '../../../shared/failures/open.ts';
import type { Author, OperationContext } from '../../../shared/operations/context.ts';
import { partitionsFromDevices } from '../../../shared/operations/devices/declared-partitions.ts';
import { queueBackend } from '../../../shared/queue/open.ts';
import { processRuntime } from '../../../shared/host/process-runtime.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { printLine } from './output.ts';
import { askOnTerminal } from '../../../shared/telemetry/terminal.ts';

/** The options of every command with a configuration. */
export interface CommonOptions {
  readonly config: string;
}

/** The default of `-c`. */
export function defaultConfig(env: NodeJS.ProcessEnv): string {
  const named = env['SLUICE_CONFIG'];
  return named === undefined || named === '' ? './sluice.yaml' : named;
}

/** Adds `-c, --config` with its default. */
export function addConfigOption(command: Command): Command {
  return command.addOption(
    new Option('-c, --config <file>', 'the configuration, sluice.yaml').default(
      defaultConfig(process.env),
      '$SLUICE_CONFIG, then ./sluice.yaml',
    ),
  );
}

/** `sends`: the command sends messages, so the queue must exist. */
export async function withContext<T>(
  { config: file }: CommonOptions,
  work: (context: OperationContext) => Promise<T>,
  { sends = false } = {},
): Promise<T> {
  const config = await loadConfig(file, process.env);
  // Before anything is opened, because opening a queue creates its file.
  if (sends) assertQueueThere(config);
  const runtime = processRuntime(config, {
    env: process.env,
    log: createLogger('silent'),
    opensLate: true,
  });
  const failures = openFailures(config.failures, runtime);
  try {
    return await work({ ...failures, runtime, readPartitions: partitionsFromDevices(runtime) });
  } finally {
    await failures.close();
    await runtime.queues.close();
  }
}

/** The options of every command that changes something. */
export interface ChangeOptions {
  /** Reason for the audit log. */
  readonly why?: string;
  /** Does not ask. */
  readonly yes: boolean;
  /** Says what would be done, and does nothing. */
  readonly dryRun: boolean;
}

/**
 * Commands that 0.1.0 carried out without a question: without a terminal they still do (decision
 * 56).
 */
export interface Confirmation {
  readonly unasked?: boolean;
}

/** Adds the options of all commands that change something. */
export function addChangeOptions(
  command: Command,
  { unasked = false }: Confirmation = {},
): Command {
  return command
    .option('--why <reason>', 'the reason, for the audit log')
    .option(
      '-y, --yes',
      unasked
        ? 'do not ask for confirmation; a later version requires it without a terminal'
        : 'do not ask for confirmation; required without a terminal',
      false,
    )
    .option('--dry-run', 'show what would be done, and do nothing', false);
}

/** The user for the audit log. */
export function currentUser(env: NodeJS.ProcessEnv): string {
  return env['SLUICE_USER'] ?? env['SUDO_USER'] ?? userInfo().username;
}

/** For the audit log. */
export function authorOf({ why = 'no reason given' }: Pick<ChangeOptions, 'why'>): Author {
  return { who: currentUser(process.env), why };
}

/** True if the action should be carried out; false with `--dry-run` or after a "no". */
export async function isConfirmed(
  question: string,
  { yes, dryRun }: ChangeOptions,
  { unasked = false }: Confirmation = {},
): Promise<boolean> {
  if (dryRun) {
    printLine(
      `Dry run, nothing was done: ${question.replace(/ Do it\?$/, '').replace(/\?$/, '.')}`,
    );
    return false;
  }
  if (yes) return true;
  if (!unasked || isInteractive()) return askConfirmation(question);
  printLine(
    'note: not confirmed, because there is no terminal; add --yes, which later versions will require',
  );
  return true;
}

/**
 * A queue file created by an order would not be processed; most likely the file in another
 * directory is meant.
 */
export function assertQueueThere({ queue }: Pick<SluiceConfig, 'queue'>): void {
  const { file } = queueBackend(queue);
  if (file === undefined || existsSync(file)) return;
  throw new Error(
    `queue.path: ${resolve(file)} does not exist, so nothing would process the order; ` +
      'run this command where "sluice up" runs (a relative path is relative to the current ' +
      'directory), or start "sluice up" first',
  );
}

/** Whether there is a terminal to ask the user. */
function isInteractive(): boolean {
  return process.stdin.isTTY;
}

/** Asks for confirmation on the terminal; without a terminal `--yes` is required. */
export async function askConfirmation(question: string): Promise<boolean> {
  if (!isInteractive())
    throw new Error(
      `${question} No terminal to confirm on; add --yes to do it, or --dry-run to only show it.`,
    );
  return /^y(es)?$/i.test((await askOnTerminal(`${question} [y/N]`)).trim());
}
