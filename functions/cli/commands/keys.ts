/** `sluice keys new CLUSTER`: a key pair for signing the events of a cluster's watcher. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { DnsLabel } from '../../../shared/domain/text/bounded.ts';
import { newKeyPair } from '../../../shared/queue/signature.ts';
import { describeSystemError, errorCode } from '../../../shared/telemetry/errors.ts';
import { writeLine } from '../../../shared/telemetry/terminal.ts';
import { printLine } from '../terminal/output.ts';

/** `dir` is created if it does not exist. */
interface KeysOptions {
  readonly dir: string;
}

/** Adds `sluice keys` with its only subcommand, `new`. */
export function registerKeys(program: Command): void {
  const make = new Command('new')
    .description(
      'create an Ed25519 key pair for a cluster: CLUSTER.key for its watcher, CLUSTER.pub for the functions',
    )
    .addArgument(new Argument('<cluster>', 'id of the cluster in sluice.yaml'))
    .option(
      '--dir <folder>',
      'directory for the two files; existing files are never overwritten',
      '.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  sluice keys new east --dir keys\n' +
        '  kubectl -n sluice-system create secret generic sluice-sign-key ' +
        '--from-file=sign.key=keys/east.key',
    )
    .action(run);
  program.addCommand(
    new Command('keys')
      .description('signing keys of watchers, for queues that do not report senders')
      .addCommand(make),
  );
}

/** Writes both files with permissions for the owner only, and prints the lines for sluice.yaml. */
function run(cluster: string, { dir }: KeysOptions): void {
  const name = DnsLabel.safeParse(cluster);
  if (!name.success)
    throw new Error(
      `the cluster id ${JSON.stringify(cluster)} ${name.error.issues[0]?.message ?? 'is invalid'}`,
    );
  const { keyid, privatePem, publicPem } = newKeyPair();
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const files = {
    signKey: resolve(join(dir, `${cluster}.key`)),
    verifyKey: resolve(join(dir, `${cluster}.pub`)),
  };
  create(files.signKey, privatePem);
  create(files.verifyKey, publicPem);
  printLine(
    `key ${keyid}: give ${files.signKey} only to the watcher of ${cluster}; add to cluster ${cluster} in sluice.yaml:`,
  );
  writeLine('stdout', `    verifyKeys: [file:${files.verifyKey}] # where map runs`);
  writeLine('stdout', `    signKey: file:${files.signKey} # in the watcher's own sluice.yaml only`);
}

/** Throws if the file exists: a key in use must not be overwritten. */
function create(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      // A half-written key would be in the way of the next attempt.
      rmSync(path, { force: true });
      throw new Error(inWords(path, error), { cause: error });
    }
    throw new Error(
      `${path} already exists; move it away, or choose another directory with --dir`,
      {
        cause: error,
      },
    );
  }
}

/** Messages of the system do not always contain the path, so it is added where it is missing. */
function inWords(path: string, error: unknown): string {
  const said = describeSystemError(error);
  return said.includes(path) ? said : `${path}: ${said}`;
}
