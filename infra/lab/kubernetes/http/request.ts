/** Parses method and path of a request. */
import type { Catalog } from '../resources/catalog.ts';
import type { Resource } from '../resources/resource.ts';

/** What a request wants of which object. */
export interface RequestInfo {
  readonly verb: string;
  readonly resource: Resource;
  readonly version: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly contentType: string;
  readonly userAgent: string;
}

/** The parts of an HTTP request that decide about it. */
export interface Wire {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

interface Route {
  readonly group: string;
  readonly version: string;
  readonly rest: readonly string[];
}

function routeOf(path: string): Route | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  if (parts[0] === 'api' && parts[1] === 'v1' && parts.length > 2)
    return { group: '', version: 'v1', rest: parts.slice(2) };
  const [root, group, version] = parts;
  if (root !== 'apis' || !group || !version || parts.length < 4) return undefined;
  return { group, version, rest: parts.slice(3) };
}

interface Target {
  readonly namespace?: string;
  readonly plural: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** `namespaces/x/status` refers to the Namespace, `namespaces/x/services` to objects inside it. */
function targetOf(rest: readonly string[]): Target {
  const inside =
    rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] ?? '');
  const [plural = '', name, subresource] = inside ? rest.slice(2) : rest;
  const namespace = inside ? rest[1] : undefined;
  return {
    plural,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(subresource && { subresource }),
  };
}

function header(wire: Wire, name: string): string {
  const value = wire.headers[name];
  return typeof value === 'string' ? value : '';
}

const verbs: Readonly<Record<string, readonly [one: string, all: string]>> = {
  GET: ['get', 'list'],
  POST: ['', 'create'],
  PUT: ['update', ''],
  PATCH: ['patch', ''],
  DELETE: ['delete', 'deletecollection'],
};

function verbOf(wire: Wire, name: string | undefined): string {
  const verb = verbs[wire.method]?.[name ? 0 : 1] ?? '';
  const watching = ['1', 'true'].includes(wire.url.searchParams.get('watch') ?? '');
  return verb === 'list' && watching ? 'watch' : verb;
}

/** Undefined if nothing is served there; an empty verb if the method is not supported. */
export function readRequest(wire: Wire, catalog: Catalog): RequestInfo | undefined {
  const route = routeOf(wire.url.pathname);
  if (!route) return undefined;
  const target = targetOf(route.rest);
  const resource = catalog.find(route.group, route.version, target.plural);
  const { subresource } = target;
  if (!resource || (target.namespace !== undefined && !resource.namespaced)) return undefined;
  if (subresource !== undefined && !(subresource === 'status' && resource.status)) return undefined;
  const { plural: _, ...where } = target;
  return {
    ...where,
    resource,
    version: route.version,
    verb: verbOf(wire, target.name),
    query: wire.url.searchParams,
    accept: header(wire, 'accept'),
    contentType: header(wire, 'content-type').split(';')[0]?.trim() ?? '',
    userAgent: header(wire, 'user-agent'),
  };
}

/** `fieldManager`, or the program's name, as the API server derives it. */
export function managerOf(info: RequestInfo): string {
  return info.query.get('fieldManager') ?? (info.userAgent.split('/')[0] || 'unknown');
}
