/** A real BIG-IP, asked in a partition of the oracle's own. */
import { openSession } from '../../../shared/bigip/rest/connect.ts';
import { loadConfig } from '../../../shared/config/load.ts';
import type { DeviceConfig } from '../../../shared/config/schema.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { visibleLines } from '../../../shared/telemetry/visible.ts';
import { isConfirmed } from '../confirm.ts';
import type { Oracle, Output } from '../oracle.ts';
import { parseBigipArguments, USAGE } from './arguments.ts';
import { askLab } from './lab.ts';
import { QUESTIONS } from './questions/index.ts';
import { labTable, report } from './report.ts';
import { planRun, run } from './run.ts';
import type { Plan } from './run.ts';

export const bigipOracle: Oracle = {
  usage: USAGE,
  what: 'asks a BIG-IP what only a device knows about networks, and compares it with the lab',
  run: async (argv, output) => {
    const { config, device, yes, lab } = parseBigipArguments(argv);
    if (lab) {
      output.out(labTable(await askLab()));
      return 0;
    }
    const { devices } = await loadConfig(config, process.env);
    return askDevice(chosen(devices, device), yes, output);
  },
};

function chosen(devices: readonly DeviceConfig[], name: string | undefined): DeviceConfig {
  const found = name === undefined ? devices : devices.filter((one) => one.name === name);
  const [first, ...more] = found;
  if (first !== undefined && more.length === 0) return first;
  const names = devices.map((one) => one.name).join(', ');
  throw new Error(`choose one device with --device: ${names}`);
}

async function askDevice(config: DeviceConfig, yes: boolean, output: Output): Promise<number> {
  const secrets = createSecrets({ env: process.env });
  const ca = config.tls.ca === undefined ? undefined : await secrets.resolve(config.tls.ca);
  const password = (): Promise<string> => secrets.resolve(config.password);
  const session = openSession(config, { ca, password }, processClock);
  try {
    const plan = await planRun(session, Math.random);
    output.err(announced(config, plan));
    if (!yes && !(await isConfirmed('the device'))) return 1;
    const answers = await run(session, plan, ({ id }) => output.err(`asks ${id}`));
    output.out(visibleLines(report(config.name, answers, await askLab())));
    return 0;
  } finally {
    await session.close();
  }
}

function announced(
  { name, url }: DeviceConfig,
  { partition, domain, left, version }: Plan,
): string {
  return [
    `${name} at ${url}, TMOS ${version}:`,
    ...left.map((one) => `- removes the partition ${one}, which an earlier run left`),
    `- creates the partition ${partition}, and in it the route domain ${domain}, a VXLAN tunnel without traffic and a self IP on it`,
    `- asks ${QUESTIONS.length} questions there, and removes all of it again`,
    'Nothing outside of these partitions is written, and the configuration is not saved.',
  ].join('\n');
}
