/** Ports that were asked for in a write without an answer: their Event waits until they are there. */
import type { MissingServicePort } from '../../../shared/domain/istio/port-mapping.ts';
import type { PortKey } from '../../../shared/kubernetes/ownership.ts';
import { anyOf } from './port-plan.ts';

/** By Service, `namespace/name`. */
export class UnsaidPorts {
  readonly #asked = new Map<string, readonly MissingServicePort[]>();

  /** The write got no answer. */
  asked(service: string, ports: readonly MissingServicePort[]): void {
    this.#asked.set(service, ports);
  }

  /** The write was answered. */
  answered(service: string): void {
    this.#asked.delete(service);
  }

  /** Those that are there now; they are handed out once. */
  take(service: string, owned: readonly PortKey[]): readonly MissingServicePort[] {
    const there = (this.#asked.get(service) ?? []).filter(anyOf(owned));
    if (there.length > 0) this.#asked.delete(service);
    return there;
  }
}
