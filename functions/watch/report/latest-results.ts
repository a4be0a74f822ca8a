/**
 * What devices said last about one ingress, from which Events, status and port removals are
 * derived.
 */
import type { Exposure, Settled } from '../../../shared/domain/exposure/exposure.ts';
import { withoutRouteDomain } from '../../../shared/domain/net/cluster-networks.ts';
import {
  compareRevisions,
  compareVersions,
  type Revision,
} from '../../../shared/domain/revision.ts';

/** The newest result of each device for one ingress. Older or repeated ones change nothing. */
export class LatestResults {
  /** The key `''` holds the result of `map`, if processing ended there. */
  #byDevice = new Map<string, Settled>();

  /** False if a newer result is known. */
  take(settled: Settled): boolean {
    const newest = this.newest();
    const device = settled.device ?? '';
    const known = this.#byDevice.get(device);
    if (known !== undefined && compareVersions(settled.version, known.version) < 0) return false;
    if (
      newest !== undefined &&
      compareVersions(settled.version, newest.version) < 0 &&
      !newest.devices.includes(device)
    )
      return false;
    this.#byDevice.set(device, settled);
    if (newest === undefined || compareVersions(settled.version, newest.version) >= 0)
      this.#forgetOthers(settled);
    return true;
  }

  newest(): Settled | undefined {
    return [...this.#byDevice.values()].sort((a, b) => compareVersions(b.version, a.version))[0];
  }

  all(): readonly Settled[] {
    return [...this.#byDevice.values()];
  }

  /** Whether a device exposes it for one of the same gateways, at any address. */
  offers({ port, protocol, gateways }: Exposure): boolean {
    return this.all().some((settled) =>
      settled.exposures.some(
        (one) =>
          (one.outcome === 'applied' || one.outcome === 'unchanged') &&
          one.port === port &&
          one.protocol === protocol &&
          one.gateways.some((gateway) => gateways.includes(gateway)),
      ),
    );
  }

  /**
   * Whether every device said, after this revision, that a member with one of the addresses is out
   * of rotation.
   */
  areOut(addresses: readonly string[], since: Revision): boolean {
    const newest = this.newest();
    if (newest?.device === undefined) return false;
    return newest.devices.every((device) => {
      const { version, drained = [] } = this.#byDevice.get(device) ?? {};
      const isLater = version !== undefined && compareRevisions(version, since) > 0;
      return isLater && drained.some((one) => addresses.includes(withoutRouteDomain(one)));
    });
  }

  /** Whether an exposure remains on a device against the current request, or its state is unknown. */
  arePending(): boolean {
    return this.all().some(({ exposures }) =>
      exposures.some(
        ({ outcome }) => outcome !== 'applied' && outcome !== 'unchanged' && outcome !== 'conflict',
      ),
    );
  }

  /** Whether every device that got the newest snapshot has answered. */
  complete(): boolean {
    const newest = this.newest();
    if (newest === undefined) return false;
    return newest.devices.every((device) => {
      const result = this.#byDevice.get(device);
      return (
        newest.device === undefined ||
        (result !== undefined && compareVersions(result.version, newest.version) === 0)
      );
    });
  }

  /** Drops results of devices that no longer expose the ingress. */
  #forgetOthers(settled: Settled): void {
    const current = settled.device === undefined ? [''] : [...settled.devices, settled.device];
    for (const device of this.#byDevice.keys())
      if (!current.includes(device)) this.#byDevice.delete(device);
  }
}
