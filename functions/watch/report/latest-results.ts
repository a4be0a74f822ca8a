import type { Exposure, Settled } from '../../../shared/domain/exposure/exposure.ts';
import { compareVersions } from '../../../shared/domain/revision.ts';

/** The newest result of each device for one ingress. Older ones, late or repeated, change nothing. */
export class LatestResults {
  /** The key `''` holds the result of `map`, when the way ended there. */
  #byDevice = new Map<string, Settled>();

  /** False when a newer result is known already. */
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

  /** A device has it, for one of the same gateways and at whichever address. */
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

  /** Every device that the newest snapshot went to has answered for it. */
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

  /** Devices that the ingress no longer goes to have no say any more. */
  #forgetOthers(settled: Settled): void {
    const current = settled.device === undefined ? [''] : [...settled.devices, settled.device];
    for (const device of this.#byDevice.keys())
      if (!current.includes(device)) this.#byDevice.delete(device);
  }
}
