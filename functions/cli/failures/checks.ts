/** The single checks of `sluice doctor`; each says what it saw, and what to do where that is bad. */
import { isNearlyFull, usageOf } from '../../../shared/domain/addresses/usage.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import type { QueueName } from '../../../shared/queue/port.ts';
import type { Runtime } from '../../../shared/runtime/runtime.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import { readCluster } from './cluster-objects.ts';
import { seeDevice } from '../seen.ts';
import { readDeclared } from './declared.ts';

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly says: string;
}

async function check(what: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, says: await work() };
  } catch (error) {
    return { what, ok: false, says: errorMessage(error) };
  }
}

export async function secretChecks({ config, secrets }: Runtime): Promise<readonly Finding[]> {
  const references = [...new Set(config.devices.flatMap((device) => [device.password, device.tls.ca].filter((ref) => ref !== undefined)))];
  return Promise.all(references.map((reference) => check(`secret ${reference}`, async () => ((await secrets.resolve(reference)) === '' ? 'empty' : 'readable'))));
}

/** Without senders anybody who may write to the queue speaks for the cluster. */
export async function senderChecks({ config }: Runtime): Promise<readonly Finding[]> {
  if (config.queue.kind !== 'sqs') return [];
  return config.clusters.map(({ id, senders }) => ({
    what: `senders of ${id}`,
    ok: senders.length > 0,
    says: senders.length > 0 ? senders.join(', ') : `clusters[].senders of ${id} is empty, so whoever may send to the queue speaks for it; name the watcher's role id`,
  }));
}

/** One read proves name, certificate, login, rights and AS3 at once; a foreign epoch ahead of our clock shows a clock that is wrong. */
export async function deviceChecks(runtime: Runtime): Promise<readonly Finding[]> {
  const now = runtime.clock.now();
  return (await readDeclared(runtime)).map((d): Finding => {
    const what = `device ${d.device}, partition ${d.partition}`;
    if (!('state' in d)) return { what, ok: false, says: `${d.problem} (${d.code})` };
    const ahead = Object.entries(d.state.owners).find(([, { version }]) => version.epoch > now + 5 * 60_000);
    if (ahead) return { what, ok: false, says: `the epoch of ${ahead[0]}, ${new Date(ahead[1].version.epoch).toISOString()}, is ahead of this host's clock (${new Date(now).toISOString()}); correct the clock that is wrong` };
    return { what, ok: true, says: `${Object.keys(d.state.exposures).length} exposures of ${Object.keys(d.state.owners).length} owners, read in ${d.milliseconds} ms` };
  });
}

export async function poolChecks(runtime: Runtime): Promise<readonly Finding[]> {
  const { addressPools, devices } = runtime.config;
  // A device that cannot be read is a finding of its own.
  const seen = addressPools.length === 0 ? [] : await Promise.all(devices.map(async (device) => seeDevice(runtime, device, true).then((all) => [{ device, all }], () => [])));
  return seen.flat().flatMap(({ device, all }) =>
    addressPools.map((pool): Finding => {
      const usage = usageOf(pool, all);
      const count = `${usage.used} of ${usage.size} addresses used`;
      const full = isNearlyFull(usage);
      return { what: `address pool ${pool.name} on ${device.name}`, ok: !full, says: full ? `${count}; widen addressPools[].ranges, or see with "sluice addresses" which can be freed` : count };
    }),
  );
}

export async function queueChecks({ config, queues }: Runtime): Promise<readonly Finding[]> {
  const names: readonly QueueName[] = ['snapshots', 'slices', 'snapshots-dead', 'slices-dead', ...config.clusters.map(({ id }) => `settled-${id}` as const)];
  return Promise.all(
    names.map((name) =>
      check(`queue ${name}`, async () => {
        const { waiting, inFlight } = await queues.queue(name).depth();
        return `${waiting} waiting, ${inFlight} in flight`;
      }),
    ),
  );
}

export async function storeChecks({ store, audit }: Failures): Promise<readonly Finding[]> {
  return [
    await check(`failure store ${store.where}`, async () => {
      const heads = await store.list();
      return `${heads.length} failures, ${heads.filter((head) => head.state === 'open').length} open`;
    }),
    await check('audit log', async () => `${(await audit.list()).length} entries`),
  ];
}

/** Reads every kind that the watcher follows, with the rights of this kubeconfig. */
export async function clusterChecks({ config }: Runtime, kubeconfig: string): Promise<readonly Finding[]> {
  let services: ReadonlySet<string> = new Set();
  const read = await check('cluster', async () => {
    const objects = await readCluster(kubeconfig);
    services = new Set(objects.services.map(({ meta }) => `${meta.namespace}/${meta.name}`));
    return `${objects.gateways.length + objects.apiGateways.length} Gateways, ${objects.services.length} Services, ${objects.pods.length} Pods`;
  });
  if (!read.ok) return [read];
  const [only] = config.clusters.length === 1 ? config.clusters : [];
  const wanted = config.ingresses.filter((ingress) => only !== undefined && ingress.cluster === only.id);
  return [read, ...wanted.map(({ service }) => ({ what: `ingress Service ${service}`, ok: services.has(service), says: services.has(service) ? 'is there' : 'is not in the cluster; correct ingresses[].service or create it' }))];
}
