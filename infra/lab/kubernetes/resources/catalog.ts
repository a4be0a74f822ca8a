/**
 * The resources that are served at the moment: the table minus those that a test or an older
 * cluster omits.
 */
import type { Resource } from './resource.ts';

/** Finds resources by path or by kind. */
export interface Catalog {
  /** Everything that is served, each resource with its remaining versions. */
  served(): readonly Resource[];
  /** What is served under a group and version, even if other groups share the storage. */
  find(group: string, version: string, plural: string): Resource | undefined;
  byKind(apiVersion: string, kind: string): Resource | undefined;
  byStorage(storage: string): Resource | undefined;
  /**
   * Removes or restores a group (`gateway.networking.k8s.io`), `group/version`, `plural.group` or
   * `plural.group/version`.
   */
  serve(what: string, on: boolean): void;
}

/** `v1` for the core group. */
export function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The core group is empty. */
export function splitApiVersion(apiVersion: string): {
  readonly group: string;
  readonly version: string;
} {
  const [first = '', second] = apiVersion.split('/');
  return second === undefined ? { group: '', version: first } : { group: first, version: second };
}

/**
 * `without`: resources (`gateways.networking.istio.io`) or versions of them that are not served.
 */
export function createCatalog(
  table: readonly Resource[],
  without: readonly string[] = [],
): Catalog {
  const withheld = new Set(without);

  function left(resource: Resource): Resource | undefined {
    const { group, plural, versions } = resource;
    if (withheld.has(group) || withheld.has(`${plural}.${group}`)) return undefined;
    const kept = versions.filter(
      (version) =>
        !withheld.has(`${group}/${version}`) && !withheld.has(`${plural}.${group}/${version}`),
    );
    return kept.length === 0 ? undefined : { ...resource, versions: kept };
  }

  let known: readonly Resource[] | undefined;
  function served(): readonly Resource[] {
    known ??= table.map(left).filter((resource) => resource !== undefined);
    return known;
  }

  return {
    served,
    find: (group, version, plural) =>
      served().find(
        (resource) =>
          resource.group === group &&
          resource.plural === plural &&
          resource.versions.includes(version),
      ),
    byKind: (apiVersion, kind) => {
      const { group, version } = splitApiVersion(apiVersion);
      return served().find(
        (resource) =>
          resource.group === group && resource.kind === kind && resource.versions.includes(version),
      );
    },
    byStorage: (storage) => table.find((resource) => resource.storage === storage),
    serve: (what, on) => {
      known = undefined;
      if (on) withheld.delete(what);
      else withheld.add(what);
    },
  };
}
