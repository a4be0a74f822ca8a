/** Keeps the status of an ingress Service as decided, also if another program writes it. */
import type { KubernetesClient } from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';
import type { WatchedIngress } from '../ingresses.ts';
import type { EventMessage } from './event-object.ts';
import type { Recorder } from './event-recorder.ts';
import { statusAddresses } from './event-messages.ts';
import { serviceTarget } from './event-targets.ts';
import type { LatestResults } from './latest-results.ts';
import { writersOf } from '../../../shared/kubernetes/ownership.ts';
import { statusAddressesOf, decideStatus, writeStatus } from './service-status.ts';

/** The ingress Service whose status is maintained. */
export interface StatusKeeperOptions {
  /** Writes only `status.loadBalancer`, with a field manager of its own. */
  readonly client: KubernetesClient;
  /** For Events about another writer. */
  readonly recorder: Recorder;
  /** Its `writeStatus` decides for Services without Sluice's class. */
  readonly ingress: WatchedIngress;
  /**
   * `clusters[].id`; marks the writes, so that another Sluice on the same Service is recognised.
   */
  readonly cluster: string;
  /** The newest result of each device, from which the addresses come. */
  readonly results: LatestResults;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A Service as the cache has it. */
type ObservedService = NonNullable<ReturnType<ClusterCache['service']>>;

/** The first change by another writer is reverted at once, later ones at growing intervals. */
const PAUSE_MS = { base: 60_000, max: 600_000 };
/** Without changes for this long, the intervals start again. */
const PEACE_MS = 600_000;

/** Keeps the external address of one ingress Service, and backs off from another writer. */
export class StatusKeeper {
  readonly #options: StatusKeeperOptions;
  #written: { readonly addresses: string; readonly version: string } | undefined;
  /** The number of consecutive changes by another writer. */
  #contests = 0;
  #contestedAt = Number.NEGATIVE_INFINITY;
  /** In words, as it was noticed first: steady, or each turn would be a new Event. */
  #rival = '';

  constructor(options: StatusKeeperOptions) {
    this.#options = options;
  }

  /** Corrects the status; returns the milliseconds until the next check, if one is needed. */
  async keep(observed: ObservedService): Promise<number | undefined> {
    const { client, ingress, cluster, results, clock, log } = this.#options;
    const { object: service, owned } = observed;
    if (this.#isBehind(owned.version)) return undefined;
    this.#notice(observed);
    const present = owned.status
      ? service.loadBalancerIngress.flatMap((entry) => entry.ip ?? [])
      : [];
    const rules = {
      writeStatus: ingress.writeStatus,
      cluster,
      isContested: this.#contests > 1,
    };
    const addresses = statusAddresses(results.all(), present);
    const decision = decideStatus(service, owned, rules, addresses);
    this.#tell(observed, decision.kind === 'leave' && decision.isForeign === true);
    if (decision.kind === 'leave') {
      log.debug({ reason: decision.reason }, 'Service status not changed');
      return undefined;
    }
    const wait = this.#contestedAt + this.#pause() - clock.monotonic();
    if (wait > 0) return wait;
    const { metadata } = await writeStatus(client, service, decision, cluster);
    this.#written = {
      addresses: decision.addresses.join(' '),
      version: metadata.resourceVersion ?? '',
    };
    log.info({ addresses: decision.addresses }, 'status written');
    return undefined;
  }

  /** Whether the cache does not contain the last write yet. */
  #isBehind(version: string): boolean {
    return this.#written !== undefined && Number(version) < Number(this.#written.version);
  }

  /** Counts a change of the addresses after our last write as one by another writer. */
  #notice({ object: service, owned }: ObservedService): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#contestedAt > PEACE_MS) this.#contests = 0;
    if (this.#written === undefined) return;
    if (statusAddressesOf(service).join(' ') === this.#written.addresses) return;
    this.#rival = this.#contests === 0 ? rivalOf(service, owned) : this.#rival;
    this.#contests += 1;
    this.#contestedAt = now;
    this.#written = undefined;
  }

  /** No pause before the first correction, then one minute, doubled up to ten. */
  #pause(): number {
    return this.#contests < 2
      ? 0
      : Math.min(PAUSE_MS.max, PAUSE_MS.base * 2 ** (this.#contests - 2));
  }

  /** Always reports, so that messages end when their cause does. */
  #tell(observed: ObservedService, isForeign: boolean): void {
    const { recorder, ingress } = this.#options;
    const { meta } = observed.object;
    const scope = `${ingress.ref.namespace}/${ingress.ref.service} status`;
    const messages = [
      ...(isForeign ? [foreign(scope, observed)] : []),
      ...(this.#contests > 1 ? [contested(scope, this.#rival)] : []),
    ];
    recorder.report(serviceTarget(meta), scope, messages);
  }
}

/** The Event for an external address that another program wrote. */
function foreign(scope: string, { object: service, owned }: ObservedService): EventMessage {
  const { namespace, name } = service.meta;
  const message =
    `the external address ${statusAddressesOf(service).join(', ')} was written by ` +
    `${writersOf(owned)}, so Sluice does not change it. If no controller maintains it any more, remove it: ` +
    `kubectl -n ${namespace} patch service ${name} --subresource=status --type=merge -p ` +
    `'{"status":{"loadBalancer":{"ingress":null}}}'`;
  return { subject: `${scope} foreign`, type: 'Warning', reason: 'AddressForeign', message };
}

/** What the other program did to the status. */
function rivalOf(service: ObservedService['object'], owned: ObservedService['owned']): string {
  return statusAddressesOf(service).length === 0 ? 'it was emptied' : `by ${writersOf(owned)}`;
}

/** The Event for two programs that overwrite each other. */
function contested(scope: string, rival: string): EventMessage {
  const message =
    `another program also keeps writing the external address of this Service (${rival}), ` +
    'so Sluice writes it less and less often. Let only one controller maintain it: ' +
    'give the Service the class of one of them when it is created, or set writeStatus: ' +
    'false in the other Sluice.';
  return { subject: `${scope} contested`, type: 'Warning', reason: 'AddressContested', message };
}
