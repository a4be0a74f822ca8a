/**
 * Pods that begin to end leave their pools without a mapping. Whatever is wrong with the message,
 * the snapshot behind it contains the same change, and tells what is wrong.
 */
import type { SluiceConfig } from '../../shared/config/schema.ts';
import { parseIps } from '../../shared/domain/exposure/indexed-ingress.ts';
import type { Express, Leaving, MemberChange } from '../../shared/domain/express/event.ts';
import { withRouteDomain } from '../../shared/domain/net/cluster-networks.ts';
import { formatIp } from '../../shared/domain/net/ip.ts';
import { formatRevision } from '../../shared/domain/revision.ts';
import { ownerKey } from '../../shared/domain/snapshot/snapshot.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { EventAttributes } from '../../shared/queue/envelope-attributes.ts';
import type { EventOf } from '../../shared/queue/envelope-types.ts';
import { openData } from '../../shared/queue/envelope.ts';
import { LEAVING_EVENTS } from '../../shared/queue/events.ts';
import type { Keyring } from '../../shared/queue/keyring.ts';
import { checkOrigin, type OriginRefusal } from '../../shared/queue/origin.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import { traceFields } from '../../shared/queue/trace.ts';
import { checkContent } from './content.ts';
import { sendExpress } from './express.ts';

/** What map has for each message. */
interface Tools {
  readonly runtime: Runtime;
  /** Public keys of clusters: the message counts only if its origin is proven. */
  readonly keys: Keyring;
}

type LeavingEvent = EventOf<typeof LEAVING_EVENTS>;

/** Sends the pods on to express. Never asks for a retry, which would come too late. */
export async function handleLeaving(
  tools: Tools,
  message: QueueMessage,
  claimed: EventAttributes,
): Promise<undefined> {
  const { config, log } = tools.runtime;
  const read = await readLeaving(tools, message, claimed);
  if ('refused' in read) {
    const fields = { message: message.id, ...read.refused, sender: message.sender };
    log.warn(fields, 'pods that end are left to their snapshot');
    return;
  }
  const { data } = read.ok;
  const events = leavingEvents(data, config);
  await sendExpress(tools.runtime, read.ok, { events, sentAt: message.sentAt });
  const { addresses, revision } = data;
  log.info(
    {
      owner: read.ok.subject,
      revision: formatRevision(revision),
      addresses,
      express: events.length,
      ...traceFields(read.ok),
    },
    'pods begin to end',
  );
}

/** Origin first, so that nothing of an unproven message is unpacked. */
async function readLeaving(
  { runtime: { config }, keys }: Tools,
  { sender }: QueueMessage,
  claimed: EventAttributes,
): Promise<{ readonly ok: LeavingEvent } | { readonly refused: OriginRefusal }> {
  const origin = await checkOrigin({ claimed, sender, config, keys });
  if (origin.kind !== 'trusted') return { refused: { code: origin.code, reason: origin.reason } };
  const opened = openData(claimed, LEAVING_EVENTS);
  if ('refused' in opened) return opened;
  const content = checkContent(opened.ok);
  return content.kind === 'trusted'
    ? opened
    : { refused: { code: content.code, reason: content.reason } };
}

/** For the devices of the ingress with a single partition; the others share nodes. */
export function leavingEvents(
  { cluster, clusterUid, ingress, revision, addresses }: Leaving,
  config: Pick<SluiceConfig, 'ingresses' | 'clusters' | 'devices' | 'generation'>,
): readonly Express[] {
  const service = `${ingress.namespace}/${ingress.service}`;
  const entry = config.ingresses.find((one) => one.cluster === cluster && one.service === service);
  if (entry?.members !== 'pods') return [];
  const { routeDomain = 0 } = config.clusters.find(({ id }) => id === cluster) ?? {};
  const wishes = parseIps(addresses).map((ip): MemberChange => ({
    address: withRouteDomain(formatIp(ip), routeDomain),
    availability: 'draining',
    because: 'terminating',
    wholeNode: false,
  }));
  if (wishes.length === 0) return [];
  const version = { ...revision, generation: config.generation };
  const owner = ownerKey(cluster, ingress);
  return config.devices
    .filter(({ name, partitions }) => entry.devices.includes(name) && partitions.length === 1)
    .flatMap(({ name: device, partitions }) =>
      partitions.map((partition): Express => {
        return { owner, clusterUid, device, partition, version, wishes, ahead: true };
      }),
    );
}
