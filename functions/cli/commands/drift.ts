/** `sluice drift`: what differs on the devices from what they were told. Reads only; what is to be repaired it asks of apply. */
import type { Command } from 'commander';
import type { Finding } from '../../../shared/bigip/audit.ts';
import { auditDevice } from '../../../shared/bigip/audit.ts';
import { createDevice } from '../../../shared/bigip/device.ts';
import { loadConfig } from '../../../shared/config/load.ts';
import type { DeviceConfig, SluiceConfig } from '../../../shared/config/schema.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';
import { repairRequest, sendAudit } from '../../../shared/queue/audit.ts';
import { openQueues } from '../../../shared/queue/open.ts';
import { processClock, processId, processRandom } from '../../../shared/runtime/process.ts';
import { formatFailure } from '../terminal/failure.ts';
import type { OutputFormat } from '../terminal/output.ts';
import { formatTable, formatOption, printData, printLine } from '../terminal/output.ts';

interface DriftOptions {
  readonly config: string;
  readonly device?: string;
  readonly repair?: boolean;
  readonly output: OutputFormat;
}

export function registerDrift(program: Command): void {
  program
    .command('drift')
    .description('compare what the devices have with what they were told')
    .requiredOption('-c, --config <file>', 'the configuration, sluice.yaml')
    .option('--device <name>', 'only this one of devices[]')
    .option('--repair', 'declare again what differs, and give back what policy.drift: adopt kept')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit code: 0 no difference but what is kept by policy, 1 error, 2 differences, or clusters that are silent.\n\nExamples:\n  sluice drift --config sluice.yaml --device bigip\n  sluice drift --config sluice.yaml --repair',
    )
    .action(drift);
}

async function drift(options: DriftOptions): Promise<void> {
  const config = await loadConfig(options.config, process.env);
  const chosen = config.devices.filter(
    (d) => options.device === undefined || d.name === options.device,
  );
  if (chosen.length === 0)
    throw new Error(
      `--device ${options.device}: name one of devices[].name: ${config.devices.map((d) => d.name).join(', ')}`,
    );
  const findings: Finding[] = [];
  const answered: DeviceConfig[] = [];
  for (const device of chosen) {
    try {
      findings.push(...(await look(config, device)));
      answered.push(device);
    } catch (error) {
      printLine(`${device.name}: ${formatFailure(error)}`);
    }
  }
  printData(options.output, { findings }, () => table(findings, answered));
  if (options.repair === true) await repair(config, findings);
  if (answered.length < chosen.length) process.exitCode = 1;
  else if (findings.some(({ kind }) => kind !== 'kept')) process.exitCode = 2;
}

/** By message, in order with the slices of each device. */
async function repair(config: SluiceConfig, findings: readonly Finding[]): Promise<void> {
  const queues = openQueues(config.queue, { clock: processClock, id: processId });
  try {
    for (const [device, found] of Map.groupBy(findings, (finding) => finding.device)) {
      const wish = repairRequest(found);
      if (wish === undefined) continue;
      await sendAudit({ queues, clock: processClock, id: processId }, config, { device, ...wish });
      printLine(
        `${device}: asked apply to declare ${wish.partitions.join(', ')} again${wish.lift === true ? ', and to give back what was kept' : ''}`,
      );
    }
  } finally {
    await queues.close();
  }
}

async function look(config: SluiceConfig, wanted: DeviceConfig): Promise<readonly Finding[]> {
  const secrets = createSecrets({ env: process.env });
  const ca = wanted.tls.ca === undefined ? undefined : await secrets.resolve(wanted.tls.ca);
  const device = createDevice(
    wanted,
    { ca, password: () => secrets.resolve(wanted.password) },
    processClock,
    { random: processRandom },
  );
  try {
    return await auditDevice({ device, config, clock: processClock }, wanted);
  } finally {
    await device.close();
  }
}

function table(findings: readonly Finding[], devices: readonly DeviceConfig[]): string {
  if (devices.length === 0) return 'No device gave an answer.';
  if (findings.length === 0) return `No difference on ${devices.map((d) => d.name).join(', ')}.`;
  return formatTable(
    ['DEVICE', 'PARTITION', 'KIND', 'CODE', 'OBJECT', 'WHAT'],
    findings.map((f) => [f.device, f.partition, f.kind, f.code, f.object, f.message]),
  );
}
