/**
 * Listener check: do gateway pods accept connections at the listener port? The result is only
 * reported: BIG-IP's monitors decide, and published ports stay.
 */
import { connect } from 'node:net';
import type { Pod } from '../../../shared/domain/snapshot/objects.ts';
import type { PortMapping, ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import { parseIps } from '../../../shared/domain/exposure/indexed-ingress.ts';
import { formatIp } from '../../../shared/domain/net/ip.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { EventMessage } from '../report/event-object.ts';

/**
 * Resolves when connected, rejects with the reason. Connections are closed at once without sending
 * a byte.
 */
export type Connect = (address: string, port: number, signal: AbortSignal) => Promise<void>;

/** istiod delays pushes up to 10 s, and a listener without its secret opens after 15 s. */
const GRACE_MS = 30_000;
/** Between two rounds; each pause is between 50 % and 150 % of it. */
const PAUSE_MS = 2_000;
/** For one handshake. */
const PATIENCE_MS = 2_000;
/** Connections at a time, so that an ingress with hundreds of pods is no burst. */
const MAX_PARALLEL_PROBES = 16;

/** An Event to record for one server. */
export interface ProbeResult {
  /** As the port mapping has it. */
  readonly server: ServerReport;
  /** `Listening`, or a warning `NotListening` with the reason of the first failure. */
  readonly occurrence: EventMessage;
}

/** How probes connect; `signal` ends them. */
export interface ProbeOptions {
  /** One attempt at one target. */
  readonly connect: Connect;
  readonly clock: Clock;
  /** From 0 to 1; spreads the rounds of many ingresses. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** The listener of one pod. */
interface Target {
  readonly address: string;
  readonly port: number;
}

/** Each port is probed once when it is first needed, and again if it was removed in between. */
export class ListenerProbes {
  readonly #options: ProbeOptions;
  #known = new Set<string>();

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /** Probes new listening servers; takes up to 30 s. */
  async compare(
    mapping: PortMapping,
    pods: readonly Pod[],
    scope: string,
  ): Promise<readonly ProbeResult[]> {
    const listening = mapping.servers.filter(
      ({ verdict, protocol, envoyPorts }) =>
        verdict === 'listening' && protocol !== 'UDP' && envoyPorts.length > 0,
    );
    const fresh = listening.filter((server) => !this.#known.has(keyOf(server)));
    const there = pods.filter(
      (pod) => pod.ready && !pod.terminating && mapping.pods.includes(pod.meta.name),
    );
    // Without pods nothing can be probed; the next call does.
    if (fresh.length === 0 || there.length === 0) return [];
    this.#known = new Set(listening.map(keyOf));
    const targets = fresh.flatMap(({ envoyPorts }) =>
      envoyPorts.flatMap((port) =>
        addressesOf(there).map((address): Target => ({ address, port })),
      ),
    );
    const failures = await this.#probeAll([
      ...new Map(targets.map((target) => [textOf(target), target])).values(),
    ]);
    if (this.#options.signal.aborted) return [];
    return fresh.map((server) => ({
      server,
      occurrence: occurrenceOf(scope, server, { pods: there, failures }),
    }));
  }

  /** By target: the error, if no attempt succeeded within the grace period. */
  async #probeAll(targets: readonly Target[]): Promise<ReadonlyMap<string, string>> {
    const failures = new Map<string, string>();
    const until = this.#options.clock.monotonic() + GRACE_MS;
    let open = targets;
    for (;;) {
      open = await this.#round(open, failures);
      const left = until - this.#options.clock.monotonic();
      if (open.length === 0 || left <= 0 || this.#options.signal.aborted) return failures;
      await this.#options.clock.sleep(
        Math.min(left, PAUSE_MS * (0.5 + this.#options.random())),
        this.#options.signal,
      );
    }
  }

  /** The targets that did not answer. */
  async #round(
    targets: readonly Target[],
    failures: Map<string, string>,
  ): Promise<readonly Target[]> {
    const waiting = targets.values();
    const failed: Target[] = [];
    const work = async (): Promise<void> => {
      for (const target of waiting) {
        try {
          await this.#options.connect(target.address, target.port, this.#options.signal);
          failures.delete(textOf(target));
        } catch (error) {
          failures.set(textOf(target), error instanceof Error ? error.message : String(error));
          failed.push(target);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(MAX_PARALLEL_PROBES, targets.length) }, work));
    return failed;
  }
}

/** A server whose ports in the pod change is probed again. */
function keyOf({ api, gateway, server, envoyPorts }: ServerReport): string {
  return `${api} ${gateway} ${server} ${envoyPorts.join(',')}`;
}

function textOf({ address, port }: Target): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** One address per pod, because Envoy binds the wildcard address. */
function addressesOf(pods: readonly Pod[]): readonly string[] {
  return pods.flatMap((pod) => parseIps(pod.ips).slice(0, 1).map(formatIp));
}

interface Seen {
  readonly pods: readonly Pod[];
  readonly failures: ReadonlyMap<string, string>;
}

/** The mapping's explanation of why a listener should exist, or what it needs. */
function occurrenceOf(scope: string, server: ServerReport, { pods, failures }: Seen): EventMessage {
  const targets = server.envoyPorts.flatMap((port) =>
    addressesOf(pods).map((address) => textOf({ address, port })),
  );
  const silent = targets.filter((target) => failures.has(target));
  const about = `server ${server.server}, port ${server.port}`;
  const subject = `${scope} listens ${server.gateway} ${server.server}`;
  if (silent.length === 0)
    return {
      subject,
      type: 'Normal',
      reason: 'Listening',
      message: `${about}: gateway pods accept connections at ${some(targets)}`,
    };
  const why = failures.get(silent[0] ?? '') ?? '';
  const message =
    `${about}: no connection accepted at ${some(silent)} ` +
    `(${silent.length} of ${targets.length} targets, probed for 30 s; ` +
    `${why}), although a listener is expected: ${server.reason}. ` +
    'Check istioctl proxy-status and the log of the gateway pods. ' +
    'Possible causes are a missing TLS secret, a port that the pod may not bind, ' +
    'and a blocked network path from the watcher to the pods. Published ports are kept.';
  return { subject, type: 'Warning', reason: 'NotListening', message };
}

/** The first three targets; the others are counted. */
function some(targets: readonly string[]): string {
  return targets.length > 3
    ? `${targets.slice(0, 3).join(', ')} and ${targets.length - 3} more`
    : targets.join(', ');
}

/** Only a TCP handshake: with the PROXY protocol, any byte would be wrong. */
export const connectTcp: Connect = (address, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: PATIENCE_MS, signal });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => {
      socket.destroy();
      reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`));
    });
    socket.once('error', reject);
  });
