/**
 * The revision that last wrote a BIG-IP node: stored in the node's description, written in the same
 * request as its state.
 */
import type { Version } from '../revision.ts';
import { compareVersions } from '../revision.ts';

/**
 * Versions of one cluster are comparable (one counter for all ingresses), versions of two clusters
 * are not.
 */
export interface NodeStamp {
  readonly cluster: string;
  readonly version: Version;
  /** The ratio that Sluice set; absent if it set none. */
  readonly ratio?: number;
}

/** The text in the node's description. */
export function formatStamp({ cluster, version, ratio }: NodeStamp): string {
  return (
    `sluice ${cluster} ` +
    `${version.epoch}.${version.counter}.${version.generation}${ratio === undefined ? '' : ` ratio ${ratio}`}`
  );
}

/** Bounded numbers, because the description of a node can be edited by hand. */
const STAMP = /^sluice (\S+) (\d{1,15})\.(\d{1,15})\.(\d{1,15})(?: ratio (\d{1,3}))?$/;

/** Undefined for any other description: every event is then newer. */
export function parseStamp(description: string | undefined): NodeStamp | undefined {
  const [, cluster, epoch, counter, generation, ratio] = STAMP.exec(description ?? '') ?? [];
  if (cluster === undefined) return undefined;
  return {
    cluster,
    version: { epoch: Number(epoch), counter: Number(counter), generation: Number(generation) },
    ...(ratio === undefined ? {} : { ratio: Number(ratio) }),
  };
}

/** Whether something newer than this version of this cluster wrote the node. */
export function isNewerStamp(
  stamp: NodeStamp | undefined,
  cluster: string,
  version: Version,
): boolean {
  return (
    stamp !== undefined && stamp.cluster === cluster && compareVersions(stamp.version, version) > 0
  );
}
