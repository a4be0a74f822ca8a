/** Finds the newest version of a kind that the API server serves. */
import { KubernetesError } from './error.ts';
import type { ApiTransport } from './transport.ts';

/** A kind and the supported versions, newest first. */
export interface Discoverable {
  readonly group: string;
  readonly versions: readonly string[];
  readonly plural: string;
}

/** The first version that serves the kind; undefined if the cluster has none of them. */
export async function discoverVersion(
  transport: ApiTransport,
  kind: Discoverable,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (kind.group === '') return kind.versions[0];
  const read = (path: string): Promise<unknown> =>
    transport.json({ method: 'GET', path, signal }).catch(emptyIfMissing);
  const group = (await read(`/apis/${kind.group}`)) as {
    versions?: readonly { version: string }[];
  };
  const served = new Set((group.versions ?? []).map((entry) => entry.version));
  for (const version of kind.versions.filter((candidate) => served.has(candidate))) {
    const list = (await read(`/apis/${kind.group}/${version}`)) as {
      resources?: readonly { name: string }[];
    };
    if (list.resources?.some((resource) => resource.name === kind.plural) === true) return version;
  }
  return undefined;
}

function emptyIfMissing(error: unknown): object {
  if (error instanceof KubernetesError && error.status === 404) return {};
  throw error;
}
