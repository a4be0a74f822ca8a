/** `sluice version`: the version of Sluice and of Node, for instance for bug reports. */
import type { Command } from 'commander';
import { writeLine } from '../../../shared/telemetry/terminal.ts';
import { VERSION } from '../../../shared/runtime/version.ts';

/** One line. `--version` prints the same. */
export function versionLine(): string {
  return `sluice ${VERSION} (Node ${process.versions.node})`;
}

/** Adds the command. */
export function registerVersion(program: Command): void {
  program
    .command('version')
    .description('print the version of Sluice and of Node')
    .action(() => {
      writeLine('stdout', versionLine());
    });
}
