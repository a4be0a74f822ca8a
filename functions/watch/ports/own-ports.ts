/** Remembers ports that Sluice added, so that its own writes are told from those of people. */
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { PortKey } from '../../../shared/kubernetes/ownership.ts';
import type { ObservedObject } from '../cache/kinds.ts';

/** A port of a Service, `namespace/name`. */
export interface OwnedPort extends PortKey {
  readonly service: string;
}

/**
 * The ports of an ingress Service that Sluice owned at any time since the start, including ports
 * that were removed since.
 */
export class OwnPorts {
  readonly #ref: IngressRef;
  /** The node port; 0 if it had none. */
  readonly #seen = new Map<string, number>();

  constructor(ref: IngressRef) {
    this.#ref = ref;
  }

  /** Must see every change, because a port may exist only briefly. */
  remember(observed: ObservedObject): void {
    if (observed.of !== 'services') return;
    const { meta, ports } = observed.object;
    for (const key of observed.owned.ports) {
      const found = ports.find((one) => one.port === key.port && one.protocol === key.protocol);
      this.#seen.set(keyOf(`${meta.namespace}/${meta.name}`, key), found?.nodePort ?? 0);
    }
  }

  /** The node port that clients and firewalls use for the port; undefined if it had none. */
  nodePort(service: string, key: PortKey): number | undefined {
    return this.#seen.get(keyOf(service, key)) || undefined;
  }

  has({ service, port, protocol }: OwnedPort): boolean {
    return (
      service === `${this.#ref.namespace}/${this.#ref.service}` &&
      this.#seen.has(keyOf(service, { port, protocol }))
    );
  }
}

function keyOf(service: string, { port, protocol }: PortKey): string {
  return `${service} ${port}/${protocol}`;
}
