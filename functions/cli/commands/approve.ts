/** `sluice approve`: lets removals through that are held, because their absence is not proven. A message, in order with the device's slices. */
import type { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { parseOwner } from '../../../shared/domain/ingress/snapshot.ts';
import { Approval } from '../../../shared/domain/steering/steering.ts';
import { openQueues } from '../../../shared/queue/open.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { say } from '../output.ts';
import { assertQueueThere } from '../failures/context.ts';
import { sendOrders } from '../steering.ts';

interface ApproveOptions {
  readonly config: string;
  readonly keys?: readonly string[];
  readonly device?: string;
}

export function registerApprove(program: Command): void {
  program
    .command('approve')
    .description('let removals through that are held because nobody saw the deletion (OWN310)')
    .argument('<owner>', 'whose: cluster/namespace/service of the ingress, as the message says')
    .requiredOption('-c, --config <file>', 'the configuration, sluice.yaml')
    .option('--keys <keys...>', 'only these exposures, such as 172.16.100.195:32400/tcp (default: all that are held now)')
    .option('--device <name>', 'only on this one of devices[] (default: all)')
    .addHelpText('after', '\nExample:\n  sluice approve east/istio-system/istio-ingressgateway --keys 172.16.100.195:32400/tcp --config sluice.yaml')
    .action(approve);
}

async function approve(owner: string, options: ApproveOptions): Promise<void> {
  const config = await loadConfig(options.config, process.env);
  const approvals = approvalsFor(config, owner, options);
  assertQueueThere(config);
  const queues = openQueues(config.queue, { clock: processClock, id: processId });
  try {
    await sendOrders({ queues, clock: processClock, id: processId }, approvals);
  } finally {
    await queues.close();
  }
  for (const { device, keys } of approvals) say(`approved on ${device}: ${keys ? keys.join(', ') : `all that is held of ${owner}`}; apply removes it in its turn`);
}

const KEY = /^(\d+(\.\d+){3}|\[[0-9a-fA-F:.]+\]):\d{1,5}\/(tcp|udp)$/;

/** One for each device; what is held may also be on one that the ingress left. */
export function approvalsFor(config: SluiceConfig, owner: string, { keys, device }: Pick<ApproveOptions, 'keys' | 'device'>): readonly Approval[] {
  const { cluster, ingress } = parseOwner(owner);
  const known = config.ingresses.map((one) => `${one.cluster}/${one.service}`);
  if (!known.includes(`${cluster}/${ingress.namespace}/${ingress.service}`)) throw new Error(`${owner}: no such ingress in ingresses[]; known are ${known.join(', ')}`);
  const wrong = keys?.find((key) => !KEY.test(key));
  if (wrong !== undefined) throw new Error(`--keys ${wrong}: write it as address:port/protocol, such as 172.16.100.195:32400/tcp`);
  const names = config.devices.map((one) => one.name).filter((name) => device === undefined || name === device);
  if (names.length === 0) throw new Error(`--device ${device}: name one of devices[].name: ${config.devices.map((one) => one.name).join(', ')}`);
  return names.map((name) => Approval.parse({ action: 'approve', device: name, owner, ...(keys && { keys: [...keys] }) }));
}
