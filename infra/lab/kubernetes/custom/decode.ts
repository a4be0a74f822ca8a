/**
 * Decodes custom resources: unknown fields are dropped and reported as the client requested
 * (`fieldValidation`).
 */
import type { ServerResponse } from 'node:http';
import { ApiError, badRequest } from '../errors.ts';
import type { RequestInfo } from '../http/request.ts';
import type { KubernetesObject } from '../types.ts';
import { dotted, keyed, prune } from './prune.ts';
import { builtInFields } from './built-in.ts';
import { definitionOf } from './schema.ts';

/** The body of a create or an update. */
export function decodeObject(
  info: RequestInfo,
  given: KubernetesObject,
  response: ServerResponse,
): KubernetesObject {
  const { kind } = info.resource;
  return decode(info, given, {
    response,
    refuse: (why) =>
      badRequest(`${kind} in version "${info.version}" cannot be handled as a ${kind}: ${why}`),
  });
}

/** The result of a patch. */
export function decodePatched(
  info: RequestInfo,
  patched: KubernetesObject,
  response: ServerResponse,
): KubernetesObject {
  return decode(info, patched, { response, refuse: (why) => refusedPatch(patched, why) });
}

interface How {
  readonly response: ServerResponse;
  readonly refuse: (why: string) => ApiError;
}

/** By default the API server warns. */
function decode(
  { resource, query }: RequestInfo,
  given: KubernetesObject,
  { response, refuse }: How,
): KubernetesObject {
  const definition = definitionOf(resource.storage);
  if (!definition) return given;
  const { object, unknown } = prune(definition, given);
  const wish = query.get('fieldValidation') || 'Warn';
  const told = unknown.map((path) => `unknown field "${dotted(path)}"`).sort();
  if (wish === 'Strict' && told.length > 0)
    throw refuse(`strict decoding error: ${told.join(', ')}`);
  if (wish === 'Warn')
    for (const sentence of told)
      response.appendHeader('Warning', `299 - ${JSON.stringify(sentence)}`);
  return object;
}

function refusedPatch(patched: KubernetesObject, why: string): ApiError {
  const cause = {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${why}`,
    field: 'patch',
  };
  return new ApiError(422, 'Invalid', ` "" is invalid: patch: ${cause.message}`, {
    causes: [cause],
  });
}

/**
 * Server-side apply always refuses unknown fields, with an error that the real server does not
 * classify (kubernetes/kubernetes issue 139253).
 */
export function refuseUndeclared(
  { resource, version }: RequestInfo,
  applied: KubernetesObject,
): void {
  const definition = definitionOf(resource.storage) ?? builtInFields[resource.storage];
  const unknown = definition ? prune(definition, applied).unknown : [];
  if (unknown.length === 0) return;
  const { kind, metadata } = applied;
  const group = `${resource.group}/${version}`;
  const told = unknown.map((path) => `${keyed(path)}: field not declared in schema`);
  const list = told.length === 1 ? told[0] : `errors:\n${told.map((one) => `  ${one}`).join('\n')}`;
  throw new ApiError(
    500,
    '',
    'failed to create typed patch object ' +
      `(${metadata.namespace ?? ''}/${metadata.name}; ${group}, Kind=${kind}): ${list}`,
  );
}

/** For writes of the lab's own components, without warnings. */
export function pruneSilently(storage: string, given: KubernetesObject): KubernetesObject {
  const definition = definitionOf(storage);
  return definition ? prune(definition, given).object : given;
}
