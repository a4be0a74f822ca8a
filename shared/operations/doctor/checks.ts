/** The checks of `sluice doctor`. Each reports what it found, and a remedy if that is wrong. */
import { isNearlyFull, poolUsage } from '../../domain/addresses/usage.ts';
import type { Failures } from '../../failures/open.ts';
import type { SluiceConfig } from '../../config/schema.ts';
import { queueBackend } from '../../queue/open.ts';
import type { Runtime } from '../../host/runtime.ts';
import { formatCount } from '../../domain/text/counts.ts';
import { strongToken } from '../../config/strong-secret.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { badFinding, okFinding, runCheck } from './finding.ts';
import type { DoctorFinding } from './finding.ts';
import { readDeviceView } from '../devices/device-view.ts';
import { describeWaitingDevice, waitingView } from '../waiting/waiting.ts';
import type { OperationContext } from '../context.ts';

/**
 * One finding for each reference to a secret: can it be resolved? Secrets themselves never appear.
 */
export async function secretChecks({
  config,
  secrets,
}: Runtime): Promise<readonly DoctorFinding[]> {
  const holders = [
    ...config.devices.map(({ password, tls: { ca } }) => ({ password, ca })),
    config.queue,
    config.failures,
  ];
  const references = holders.flatMap((one) => [
    'password' in one ? one.password : undefined,
    'ca' in one ? one.ca : undefined,
  ]);
  const asked = [...new Set(references.filter((reference) => reference !== undefined))];
  return Promise.all(
    asked.map((reference) =>
      runCheck({ id: 'secret', what: `secret ${reference}` }, async () =>
        (await secrets.resolve(reference)) === '' ? 'empty' : 'readable',
      ),
    ),
  );
}

/**
 * A token that is weak or cannot be read is not accepted; the others are. Only the console needs
 * them, and it may run elsewhere.
 */
export async function tokenChecks({ config, secrets }: Runtime): Promise<readonly DoctorFinding[]> {
  return Promise.all(
    (config.console?.tokens ?? []).map(async ({ name, token }) => {
      const checked = { id: 'console-token', what: `token ${name} of console.tokens` };
      const text = await secrets.resolve(token).catch((error: unknown) => error as Error);
      if (typeof text !== 'string')
        return badFinding(
          checked,
          `${errorMessage(text)}; the console accepts it where it can be read`,
          {
            state: 'warn',
          },
        );
      return runCheck(checked, async () => `${strongToken(text, name).length} characters`);
    }),
  );
}

/** Without senders or keys, every sender on the queue can send events of the cluster. */
export async function senderChecks({ config }: Runtime): Promise<readonly DoctorFinding[]> {
  if (queueBackend(config.queue).isLocal) return [];
  return config.clusters.map(({ id, senders, verifyKeys }): DoctorFinding => {
    const checked = { id: 'senders', what: `senders of ${id}` };
    if (senders.length > 0) return okFinding(checked, senders.join(', '));
    if (verifyKeys.length > 0) return okFinding(checked, 'every sender that signs with its key');
    return badFinding(
      checked,
      `clusters[].senders and verifyKeys of ${id} are empty, so every sender on the queue can speak for it`,
      {
        remedy: `${senderRemedy(config.queue.kind, id)}, or create a key with "sluice keys new ${id}"`,
      },
    );
  });
}

function senderRemedy(kind: SluiceConfig['queue']['kind'], cluster: string): string {
  return kind === 'postgres'
    ? `give its watcher a role with "sluice queue grant --cluster ${cluster}" and set senders to it`
    : "set senders to the watcher's role id";
}

/** Warns if a cluster without podNetworks shares a device with another cluster. */
export async function networkChecks({
  config,
}: Pick<Runtime, 'config'>): Promise<readonly DoctorFinding[]> {
  const devicesOf = (id: string, members?: 'pods'): readonly string[] =>
    config.ingresses
      .filter(
        (ingress) =>
          ingress.cluster === id && (members === undefined || ingress.members === members),
      )
      .flatMap(({ devices }) => devices);
  return config.clusters.flatMap((cluster): readonly DoctorFinding[] => {
    const neighbours = config.clusters.filter(
      (other) => other !== cluster && other.routeDomain === cluster.routeDomain,
    );
    const shared = devicesOf(cluster.id, 'pods').find((device) =>
      neighbours.some(({ id }) => devicesOf(id).includes(device)),
    );
    if (shared === undefined) return [];
    const checked = { id: 'pod-networks', what: `pod networks of ${cluster.id}` };
    if (cluster.podNetworks.length > 0) return [okFinding(checked, cluster.podNetworks.join(', '))];
    return [
      badFinding(
        checked,
        `clusters[].podNetworks of ${cluster.id} is empty, ` +
          `and other clusters also use device ${shared}, ` +
          'so Sluice cannot detect pods with the same addresses',
        { remedy: 'add the pod networks of the cluster' },
      ),
    ];
  });
}

/** One finding for each address pool and device that answers: is it nearly full? */
export async function poolChecks(runtime: Runtime): Promise<readonly DoctorFinding[]> {
  const { addressPools, devices } = runtime.config;
  // An unreadable device is a separate finding.
  const seen =
    addressPools.length === 0
      ? []
      : await Promise.all(
          devices.map(async (device) =>
            readDeviceView(runtime, device, true).then(
              (all) => [{ device, all }],
              () => [],
            ),
          ),
        );
  return seen.flat().flatMap(({ device, all }) =>
    addressPools.map((pool): DoctorFinding => {
      const usage = poolUsage(pool, all);
      const count = `${usage.used} of ${usage.size} addresses used`;
      const checked = { id: 'address-pool', what: `address pool ${pool.name} on ${device.name}` };
      if (!isNearlyFull(usage)) return okFinding(checked, count);
      return badFinding(checked, count, {
        state: 'warn',
        remedy: 'widen addressPools[].ranges, or find addresses to free with "sluice addresses"',
      });
    }),
  );
}

/** Nothing is reported if nothing waits. */
export async function waitingChecks({
  runtime,
  waiting,
}: Pick<OperationContext, 'runtime' | 'waiting'>): Promise<readonly DoctorFinding[]> {
  const view = await Promise.all([waiting.marks(), waiting.list()]).then(
    ([marks, list]) => waitingView(marks, list),
    () => undefined,
  );
  // An unreadable store is a separate finding.
  return (view?.devices ?? []).map((one) =>
    badFinding(
      { id: 'waiting', what: `waiting for device ${one.device}` },
      describeWaitingDevice(one, runtime.clock.now()),
      { state: 'warn' },
    ),
  );
}

/** Reads the failure store and the audit log. */
export async function storeChecks({ store, audit }: Failures): Promise<readonly DoctorFinding[]> {
  return [
    await runCheck({ id: 'failure-store', what: `failure store ${store.where}` }, async () => {
      const heads = await store.list();
      return `${formatCount(heads.length, 'failure')}, ${heads.filter((head) => head.state === 'open').length} open`;
    }),
    await runCheck({ id: 'audit-log', what: 'audit log' }, async () => {
      // Names are listed by another right than files are read by.
      await audit.page(1);
      return formatCount(await audit.count(), 'entry', 'entries');
    }),
  ];
}
