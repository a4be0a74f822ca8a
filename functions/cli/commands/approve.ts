/** `sluice approve`: lets removals through that are held, because their absence is not proven. A message, in order with the device's slices. */
import type { Command } from 'commander';
import { loadConfig } from '../../../shared/config/load.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { parseOwner } from '../../../shared/domain/snapshot/snapshot.ts';
import { Approval } from '../../../shared/domain/steering/steering.ts';
import { openQueues } from '../../../shared/queue/open.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { compareVersions } from '../../../shared/domain/revision.ts';
import { statesOf } from '../../../shared/operations/clusters/rows.ts';
import { readDeclaredPartitions } from '../../../shared/operations/devices/declared-partitions.ts';
import type { DeclaredPartitionView } from '../../../shared/operations/devices/declared-partitions.ts';
import { printLine } from '../terminal/output.ts';
import { assertQueueThere } from '../terminal/context.ts';
import { sendOrders } from '../../../shared/operations/clusters/send-orders.ts';

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
    .option(
      '--keys <keys...>',
      'only these exposures, such as 172.16.100.195:32400/tcp (default: all that are held now)',
    )
    .option('--device <name>', 'only on this one of devices[] (default: all)')
    .addHelpText(
      'after',
      '\nExample:\n  sluice approve east/istio-system/istio-ingressgateway --keys 172.16.100.195:32400/tcp --config sluice.yaml',
    )
    .action(approve);
}

async function approve(owner: string, options: ApproveOptions): Promise<void> {
  const config = await loadConfig(options.config, process.env);
  assertQueueThere(config);
  checkWords(config, owner, options);
  const devices = config.devices.filter(
    ({ name }) => options.device === undefined || name === options.device,
  );
  const approvals = approvalsFor(
    await readDeclaredPartitions({
      config: { ...config, devices },
      secrets: createSecrets({ env: process.env }),
      clock: processClock,
    }),
    owner,
    options.keys,
  );
  const queues = openQueues(config.queue, { clock: processClock, id: processId });
  try {
    await sendOrders({ queues, clock: processClock, id: processId }, approvals);
  } finally {
    await queues.close();
  }
  for (const { device, keys = [] } of approvals)
    printLine(`approved on ${device}: ${keys.join(', ')}; apply removes it in its turn`);
}

const KEY = /^(\d+(\.\d+){3}|\[[0-9a-fA-F:.]+\]):\d{1,5}\/(tcp|udp)$/;

/** Throws with what is wrong and what would be right. */
export function checkWords(
  config: SluiceConfig,
  owner: string,
  { keys, device }: Pick<ApproveOptions, 'keys' | 'device'>,
): void {
  const { cluster, ingress } = parseOwner(owner);
  const known = config.ingresses.map((one) => `${one.cluster}/${one.service}`);
  if (!known.includes(`${cluster}/${ingress.namespace}/${ingress.service}`))
    throw new Error(`${owner}: no such ingress in ingresses[]; known are ${known.join(', ')}`);
  const wrong = keys?.find((key) => !KEY.test(key));
  if (wrong !== undefined)
    throw new Error(
      `--keys ${wrong}: write it as address:port/protocol, such as 172.16.100.195:32400/tcp`,
    );
  const names = config.devices.map(({ name }) => name);
  if (device !== undefined && !names.includes(device))
    throw new Error(`--device ${device}: name one of devices[].name: ${names.join(', ')}`);
}

/**
 * One for each device; what is held may also be on one that the ingress left. It names what is there now and the owner's version, so that
 * nothing goes that nobody looked at, however long the order waits.
 */
export function approvalsFor(
  declared: readonly DeclaredPartitionView[],
  owner: string,
  keys: readonly string[] | undefined,
): readonly Approval[] {
  const away = declared.find((one) => 'problem' in one);
  if (away && 'problem' in away && keys === undefined)
    throw new Error(
      `${away.device}, partition ${away.partition}: ${away.code}: ${away.problem}; what is held there cannot be seen. Name it with --keys, or name the devices that answer with --device`,
    );
  const approvals = [...new Set(declared.map(({ device }) => device))].flatMap((device) =>
    approvalOn(device, { declared, owner, keys }),
  );
  if (approvals.length === 0)
    throw new Error(
      `nothing is held of ${owner} on ${[...new Set(declared.map(({ device }) => device))].join(', ')}; "sluice cluster list" counts what is held`,
    );
  return approvals;
}

interface Looked {
  readonly declared: readonly DeclaredPartitionView[];
  readonly owner: string;
  readonly keys: readonly string[] | undefined;
}

/** Nothing for a device that answers and has none of it; one that does not answer may have what is named. */
function approvalOn(device: string, { declared, owner, keys }: Looked): readonly Approval[] {
  const states = statesOf(declared, device);
  const records = states.flatMap(({ owners }) => owners[owner] ?? []);
  const isThere = (key: string): boolean =>
    states.some(
      ({ exposures }) => exposures[key]?.contributions.some((c) => c.owner === owner) === true,
    );
  const answers = states.length === declared.filter((one) => one.device === device).length;
  const meant =
    keys === undefined
      ? [...new Set(records.flatMap(({ held = [] }) => held))]
      : keys.filter((key) => !answers || isThere(key));
  if (meant.length === 0) return [];
  const version = records
    .map((record) => record.version)
    .toSorted(compareVersions)
    .at(-1);
  return [
    Approval.parse({ action: 'approve', device, owner, keys: meant, ...(version && { version }) }),
  ];
}
