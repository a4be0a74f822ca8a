import type { Command } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };

export function registerVersion(program: Command): void {
  program
    .command('version')
    .description('print the version of Sluice and of Node')
    .action(() => {
      process.stdout.write(`sluice ${manifest.version} (Node ${process.versions.node})\n`);
    });
}
