import type { Command } from 'commander';
import { writeLine } from '../../../shared/telemetry/terminal.ts';
import manifest from '../../../package.json' with { type: 'json' };

export function versionLine(): string {
  return `sluice ${manifest.version} (Node ${process.versions.node})`;
}

export function registerVersion(program: Command): void {
  program
    .command('version')
    .description('print the version of Sluice and of Node')
    .action(() => {
      writeLine('stdout', versionLine());
    });
}
