/**
 * What a leader leaves to the next one, in an annotation of the Lease: what cannot be read again
 * once it is gone. It decides nothing that the cluster itself tells.
 */
import * as z from 'zod';
import { MeshConfig } from '../../../shared/domain/snapshot/objects.ts';

/** Characters; the API allows 256 KiB for all annotations of an object. */
const MAX_CHARACTERS = 64 * 1_024;

const Known = z.object({
  /** By ingress (`namespace/service`): the networks of clients with which it was last settled. */
  sourceRanges: z.record(z.string(), z.array(z.string())).catch({}),
  /** As last read, for a ConfigMap that is unreadable or gone after a restart. */
  meshConfigs: z.array(MeshConfig).catch([]),
});
type Known = z.infer<typeof Known>;

const NOTHING: Known = { sourceRanges: {}, meshConfigs: [] };

/** One per watcher. Written with the Lease, and only within a term that began with `take`. */
export class Handover {
  #known: Known = NOTHING;
  #begun = false;
  readonly #meshConfigs: () => readonly MeshConfig[];

  /** `meshConfigs`: those in use now. */
  constructor(meshConfigs: () => readonly MeshConfig[]) {
    this.#meshConfigs = meshConfigs;
  }

  /** At the start of a term, from the Lease; what cannot be read is as if nothing was left. */
  take(text: string | undefined): void {
    this.#begun = false;
    this.#known = parse(text);
  }

  /** Everything that was left is in use, so it may be written again. */
  begin(): void {
    this.#begun = true;
  }

  /** As an earlier leader left them. */
  get meshConfigs(): readonly MeshConfig[] {
    return this.#known.meshConfigs;
  }

  /** Whether the networks of clients changed while no leader looked; false if none was told. */
  isChanged(ingress: string, ranges: readonly string[]): boolean {
    const known = this.#known.sourceRanges[ingress];
    return known !== undefined && sorted(known) !== sorted(ranges);
  }

  settled(ingress: string, ranges: readonly string[]): void {
    this.#known = {
      ...this.#known,
      sourceRanges: { ...this.#known.sourceRanges, [ingress]: [...ranges] },
    };
  }

  /** For the Lease; undefined where what it holds is to stay. */
  text(): string | undefined {
    if (!this.#begun) return undefined;
    const text = JSON.stringify({ ...this.#known, meshConfigs: this.#meshConfigs() });
    return text.length > MAX_CHARACTERS ? undefined : text;
  }
}

/**
 * What the last leader left in the annotation. Text that is too long or not valid counts as
 * nothing, because anybody may edit it.
 */
function parse(text: string | undefined): Known {
  if (text === undefined || text.length > MAX_CHARACTERS) return NOTHING;
  try {
    return Known.safeParse(JSON.parse(text)).data ?? NOTHING;
  } catch {
    return NOTHING;
  }
}

function sorted(ranges: readonly string[]): string {
  return [...ranges].sort().join(' ');
}
