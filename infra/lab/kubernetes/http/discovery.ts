/** Discovery: legacy and aggregated. */
import type { Catalog } from '../resources/catalog.ts';
import { groupVersion } from '../resources/catalog.ts';
import type { Resource } from '../resources/resource.ts';
import type { Fields } from '../types.ts';

const allVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];
const reviewVerbs = ['create'];
const statusVerbs = ['get', 'patch', 'update'];

/** Newest stable version first, as Kubernetes sorts versions. */
function versionRank(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  const [, major = '0', stage, minor = '0'] = match ?? [];
  const base = stage === undefined ? 2_000_000 : stage === 'beta' ? 1_000_000 : 0;
  return base + Number(major) * 1000 + Number(minor);
}

function groupsOf(catalog: Catalog): readonly string[] {
  return [...new Set(catalog.served().map((resource) => resource.group))].filter(
    (group) => group !== '',
  );
}

/** The versions of a group, most stable and newest first. */
export function versionsOf(catalog: Catalog, group: string): readonly string[] {
  const versions = catalog
    .served()
    .filter((resource) => resource.group === group)
    .flatMap((resource) => resource.versions);
  return [...new Set(versions)].sort((left, right) => versionRank(right) - versionRank(left));
}

/** What is served under one group and version. */
export function resourcesOf(catalog: Catalog, group: string, version: string): readonly Resource[] {
  return catalog
    .served()
    .filter((resource) => resource.group === group && resource.versions.includes(version));
}

function apiGroup(catalog: Catalog, group: string): Fields {
  const versions = versionsOf(catalog, group).map((version) => ({
    groupVersion: groupVersion(group, version),
    version,
  }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function apiResources(resources: readonly Resource[]): readonly Fields[] {
  return resources.flatMap(
    ({ plural, singular, namespaced, kind, shortNames, categories, status, review }) => [
      {
        name: plural,
        singularName: singular,
        namespaced,
        kind,
        verbs: review ? reviewVerbs : allVerbs,
        shortNames,
        categories,
      },
      ...(status
        ? [{ name: `${plural}/status`, singularName: '', namespaced, kind, verbs: statusVerbs }]
        : []),
    ],
  );
}

/** Answers /api, /apis, /apis/<group> and the resource lists; undefined for other paths. */
export function legacyDiscovery(catalog: Catalog, path: string): Fields | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  const [root, group, version] = parts;
  if (path === '/api')
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groupsOf(catalog).map((name) => apiGroup(catalog, name)),
    };
  if (root === 'api' && parts.length === 2) return resourceList(catalog, '', group ?? '');
  if (root !== 'apis' || !group || !groupsOf(catalog).includes(group)) return undefined;
  if (parts.length === 2)
    return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(catalog, group) };
  return parts.length === 3 ? resourceList(catalog, group, version ?? '') : undefined;
}

function resourceList(catalog: Catalog, group: string, version: string): Fields | undefined {
  const resources = resourcesOf(catalog, group, version);
  if (resources.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group, version),
    resources: apiResources(resources),
  };
}

function aggregatedResource(resource: Resource, version: string): Fields {
  const responseKind = { group: resource.group, version, kind: resource.kind };
  return {
    resource: resource.plural,
    responseKind,
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.review ? reviewVerbs : allVerbs,
    shortNames: resource.shortNames,
    categories: resource.categories,
    ...(resource.status && {
      subresources: [{ subresource: 'status', responseKind, verbs: statusVerbs }],
    }),
  };
}

/** `/api` and `/apis` in one answer each, as clients since Kubernetes 1.27 request. */
export function aggregatedDiscovery(
  catalog: Catalog,
  path: string,
  version: string,
): Fields | undefined {
  if (path !== '/api' && path !== '/apis') return undefined;
  const groups = path === '/api' ? [''] : groupsOf(catalog);
  const items = groups.map((group) => ({
    metadata: { ...(group && { name: group }), creationTimestamp: null },
    versions: versionsOf(catalog, group).map((one) => ({
      version: one,
      resources: resourcesOf(catalog, group, one).map((resource) =>
        aggregatedResource(resource, one),
      ),
      freshness: 'Current',
    })),
  }));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items,
  };
}

/** The answer of `/version`. */
export const versionAnswer: Fields = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+sluice-lab',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2024-12-11T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
};
