/**
 * The part of OpenAPI that kubectl needs to apply, to know that the server validates fields, and to
 * explain: the schemas of custom resources. kubectl merges core kinds by its built-in rules and
 * custom resources by JSON merge patch, as with a real server.
 */
import { definitionOf } from '../custom/schema.ts';
import { type Catalog, groupVersion } from '../resources/catalog.ts';
import type { Resource } from '../resources/resource.ts';
import type { Fields } from '../types.ts';
import { resourcesOf } from './discovery.ts';

function prefix(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** The answer of `/openapi/v3`. */
export function openApiIndex(catalog: Catalog): Fields {
  const all = catalog
    .served()
    .flatMap((resource) => resource.versions.map((version) => prefix(resource.group, version)));
  return {
    paths: Object.fromEntries(
      all.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }]),
    ),
  };
}

const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
  name,
  in: 'query',
  schema: { type: name === 'force' ? 'boolean' : 'string' },
}));

function pathsOf(resource: Resource, version: string): Fields {
  const base = `/${prefix(resource.group, version)}/${resource.namespaced ? 'namespaces/{namespace}/' : ''}${resource.plural}`;
  const operation = (action: string): Fields => ({
    operationId: `${action}${version}${resource.kind}`,
    parameters,
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: resource.group, version, kind: resource.kind },
  });
  return {
    [base]: { post: operation('post') },
    [`${base}/{name}`]: { put: operation('put'), patch: operation('patch') },
  };
}

/** The document of one group and version; undefined if it is not served. */
export function openApiV3(catalog: Catalog, path: string): Fields | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .slice(2);
  const [root, second = '', third = ''] = parts;
  const [group, version] = root === 'api' ? ['', second] : [second, third];
  const resources = resourcesOf(catalog, group, version);
  if (resources.length === 0) return undefined;
  const paths = Object.assign(
    {},
    ...resources.map((resource) => pathsOf(resource, version)),
  ) as Fields;
  const schemas = Object.assign(
    {},
    ...resources.map((resource) => schemaOf(resource, version)),
  ) as Fields;
  return {
    openapi: '3.0.0',
    info: { title: groupVersion(group, version), version: 'v1.32.0' },
    paths,
    components: { schemas },
  };
}

/** The name that the API server uses, with the group reversed: `io.istio.networking.v1.Gateway`. */
function schemaOf({ group, kind, storage }: Resource, version: string): Fields {
  const definition = definitionOf(storage);
  if (!definition) return {};
  const name = [...group.split('.').toReversed(), version, kind].join('.');
  return {
    [name]: { ...definition.schema, 'x-kubernetes-group-version-kind': [{ group, version, kind }] },
  };
}

/** Empty: kubectl asks for it and does without. */
export const openApiV2: Fields = {
  swagger: '2.0',
  info: { title: 'Sluice lab', version: 'v1.32.0' },
  paths: {},
  definitions: {},
};

/** The same as protocol buffers, which kubectl requires: field 1, the text "2.0". */
export const openApiV2Binary = Buffer.from([0x0a, 0x03, 0x32, 0x2e, 0x30]);
