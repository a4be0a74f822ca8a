/** Finds the newest version of a kind that the API server serves. */
import { KubernetesError } from './error.ts';
import type { ApiTransport } from './transport.ts';

/** An API group, and its supported versions, newest first. */
export interface GroupVersions {
  readonly group: string;
  readonly versions: readonly string[];
}

/** A kind and where it may be served. */
export interface Discoverable extends GroupVersions {
  readonly plural: string;
  /** Used if the first group does not serve the kind, or its own API server does not answer. */
  readonly otherGroup?: GroupVersions;
}

/** Where a cluster serves a kind. */
export interface ServedAt {
  readonly group: string;
  readonly version: string;
}

/** The first group and version that serve the kind; undefined if the cluster has none of them. */
export async function discoverKind(
  transport: ApiTransport,
  { otherGroup, ...kind }: Discoverable,
  signal?: AbortSignal,
): Promise<ServedAt | undefined> {
  const first = discoverVersion(transport, kind, signal);
  const version = await (otherGroup === undefined ? first : first.catch(noneIfAway));
  if (version !== undefined) return { group: kind.group, version };
  return otherGroup && discoverKind(transport, { ...kind, ...otherGroup }, signal);
}

/**
 * The first version of the kind, in our order of preference, that the server has; undefined if it
 * has none. The core API is not asked.
 */
async function discoverVersion(
  transport: ApiTransport,
  kind: Omit<Discoverable, 'otherGroup'>,
  signal: AbortSignal | undefined,
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

/** Only a group with an API server of its own can be away while another group answers. */
function noneIfAway(error: unknown): undefined {
  if (error instanceof KubernetesError && error.status === 503) return undefined;
  throw error;
}

/** A 404 means that the group does not exist; all other errors stay errors. */
function emptyIfMissing(error: unknown): object {
  if (error instanceof KubernetesError && error.status === 404) return {};
  throw error;
}
