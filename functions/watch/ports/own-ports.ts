import type { MissingServicePort } from '../../../shared/domain/istio/port-mapping.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { ObservedObject } from '../cache/kinds.ts';

/**
 * The ports of an ingress Service that Sluice owned at any time since the start, whoever removed
 * them.
 */
export class OwnPorts {
  readonly #ref: IngressRef;
  readonly #seen = new Set<string>();

  constructor(ref: IngressRef) {
    this.#ref = ref;
  }

  /** Must see every change, because a port may exist only briefly. */
  remember(observed: ObservedObject): void {
    if (observed.of !== 'services') return;
    const { namespace, name } = observed.object.meta;
    for (const { port, protocol } of observed.owned.ports)
      this.#seen.add(`${namespace}/${name} ${port}/${protocol}`);
  }

  has({ service, port, protocol }: MissingServicePort): boolean {
    return (
      service === `${this.#ref.namespace}/${this.#ref.service}` &&
      this.#seen.has(`${service} ${port}/${protocol}`)
    );
  }
}
