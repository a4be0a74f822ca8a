/** `sluice network setup`: what BIG-IP and a cluster need once for routes or tunnels. */
import { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import { type NetworkSetup, networkSetup } from '../../../shared/operations/network/setup.ts';
import { addConfigOption } from '../terminal/context.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatOption, printData, printLine, printVerbatim } from '../terminal/output.ts';
import { adoptCommand } from './network-adopt.ts';

/** Without a value, the text has a placeholder. */
interface SetupOptions {
  readonly config: string;
  readonly device: string;
  readonly cluster?: string;
  readonly unit?: string;
  readonly localAddress?: string;
  readonly podNetwork?: string;
  readonly mac?: string;
  readonly vlan?: string;
  readonly output: OutputFormat;
}

/** Adds `sluice network` with its subcommands. */
export function registerNetwork(program: Command): void {
  const setup = addConfigOption(new Command('setup'))
    .description(
      'print the one-time setup of a BIG-IP unit and the cluster: tmsh commands, a declaration ' +
        'for Declarative Onboarding, and YAML; changes nothing',
    )
    .requiredOption('--device <name>', 'device, one of devices[].name')
    .option('--cluster <id>', 'cluster with network.mode routes or vxlan (default: the only one)')
    .option('--unit <name>', 'name of the unit, for its Node (default: the device)')
    .option('--local-address <address/length>', 'self IP of the unit in the network of the nodes')
    .option('--vlan <path>', 'VLAN in the network of the nodes')
    .option('--pod-network <network>', 'with tunnels: a pod network for this unit alone')
    .option('--mac <mac>', 'with tunnels: MAC address of the tunnel on the unit, once it exists')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nRun it once for each unit of a pair.\n\nExample:\n' +
        '  sluice network setup --device bigip --local-address 192.0.2.4/24 --pod-network 10.244.254.0/24',
    )
    .action(run);
  program.addCommand(
    new Command('network')
      .description(
        'paths from BIG-IP to pods: the one-time setup, and entries that F5 CIS left behind',
      )
      .addCommand(setup)
      .addCommand(adoptCommand()),
  );
}

async function run({
  config: file,
  device,
  cluster,
  output,
  ...given
}: SetupOptions): Promise<void> {
  const setup = networkSetup(await loadConfig(file, process.env), { device, cluster }, given);
  if (output === 'table') printVerbatim(textOf(setup));
  else printData(output, setup, () => '');
  for (const one of setup.missing) printLine(`note: fill in ${one}`);
}

/** Titles are comments, so that the text can be copied as a whole. */
function textOf({ sections }: NetworkSetup): string {
  return sections.map(({ title, text }) => `# ${title}\n${text}`).join('\n\n');
}
