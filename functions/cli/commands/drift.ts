/** `sluice drift`: what differs on the devices from what they were told. Reads only. */
import type { Command } from 'commander';
import type { Finding } from '../../../shared/bigip/audit.ts';
import { auditDevice } from '../../../shared/bigip/audit.ts';
import { createDevice } from '../../../shared/bigip/device.ts';
import { loadConfig } from '../../../shared/config/load.ts';
import type { DeviceConfig, SluiceConfig } from '../../../shared/config/schema.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';
import { processClock, processRandom } from '../../../shared/runtime/process.ts';
import { failure } from '../failure.ts';
import type { Format } from '../output.ts';
import { columns, formatOption, print, say } from '../output.ts';

interface DriftOptions {
  readonly config: string;
  readonly device?: string;
  readonly output: Format;
}

export function registerDrift(program: Command): void {
  program
    .command('drift')
    .description('compare what the devices have with what they were told; changes nothing')
    .requiredOption('-c, --config <file>', 'the configuration, sluice.yaml')
    .option('--device <name>', 'only this one of devices[]')
    .addOption(formatOption())
    .addHelpText('after', '\nExit code: 0 no difference, 1 error, 2 differences, or clusters that are silent.\n\nExample:\n  sluice drift --config sluice.yaml --device bigip')
    .action(drift);
}

async function drift(options: DriftOptions): Promise<void> {
  const config = await loadConfig(options.config, process.env);
  const chosen = config.devices.filter((d) => options.device === undefined || d.name === options.device);
  if (chosen.length === 0) throw new Error(`--device ${options.device}: name one of devices[].name: ${config.devices.map((d) => d.name).join(', ')}`);
  const findings: Finding[] = [];
  let failed = false;
  for (const device of chosen) {
    try {
      findings.push(...(await look(config, device)));
    } catch (error) {
      failed = true;
      say(`${device.name}: ${failure(error)}`);
    }
  }
  print(options.output, { findings }, () => table(findings, chosen));
  if (failed) process.exitCode = 1;
  else if (findings.length > 0) process.exitCode = 2;
}

async function look(config: SluiceConfig, wanted: DeviceConfig): Promise<readonly Finding[]> {
  const secrets = createSecrets({ env: process.env });
  const ca = wanted.tls.ca === undefined ? undefined : await secrets.resolve(wanted.tls.ca);
  const device = createDevice(wanted, { ca, password: () => secrets.resolve(wanted.password) }, processClock, { random: processRandom });
  try {
    return await auditDevice({ device, config, clock: processClock }, wanted);
  } finally {
    await device.close();
  }
}

function table(findings: readonly Finding[], devices: readonly DeviceConfig[]): string {
  if (findings.length === 0) return `No difference on ${devices.map((d) => d.name).join(', ')}.`;
  return columns(['DEVICE', 'PARTITION', 'KIND', 'CODE', 'OBJECT', 'WHAT'], findings.map((f) => [f.device, f.partition, f.kind, f.code, f.object, f.message]));
}
