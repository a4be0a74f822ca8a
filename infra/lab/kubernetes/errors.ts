import type { Resource } from './resources/resource.ts';
import type { Cause, Fields } from './types.ts';

/** An error answer in the format of Kubernetes (`kind: Status`). */
export class ApiError extends Error {
  readonly code: number;
  readonly body: Fields;

  constructor(code: number, reason: string, message: string, details?: Fields) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.body = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }
}

/** `services` or `gateways.networking.istio.io`, as in messages. */
export function qualified(resource: Resource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

function about(resource: Resource, name?: string): Fields {
  return {
    ...(name && { name }),
    ...(resource.group && { group: resource.group }),
    kind: resource.plural,
  };
}

/** 404. */
export function notFound(resource: Resource, name: string): ApiError {
  return new ApiError(
    404,
    'NotFound',
    `${qualified(resource)} "${name}" not found`,
    about(resource, name),
  );
}

/** 409 for a name that is taken, also by an object that is being deleted. */
export function alreadyExists(resource: Resource, name: string, deleting = false): ApiError {
  const why = `${qualified(resource)} "${name}" already exists`;
  return new ApiError(
    409,
    'AlreadyExists',
    deleting ? `object is being deleted: ${why}` : why,
    about(resource, name),
  );
}

/** 409 for a write that is based on an older version. */
export function conflict(resource: Resource, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, about(resource, name));
}

/** The reason of a {@link conflict} over `resourceVersion`, in the words of the API server. */
export const modified =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 422, with every violation as a cause. */
export function invalid(resource: Resource, name: string, causes: readonly Cause[]): ApiError {
  const sentences = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const told = [...new Set(sentences)];
  const list = told.length === 1 ? told[0] : `[${told.join(', ')}]`;
  const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
  const details = {
    name,
    ...(resource.group && { group: resource.group }),
    kind: resource.kind,
    causes,
  };
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${list}`, details);
}

/** Names the resource instead of the kind, as the storage layer does. */
export function versionRequired(resource: Resource, name: string): ApiError {
  const cause: Cause = {
    reason: 'FieldValueInvalid',
    message: 'Invalid value: 0x0: must be specified for an update',
    field: 'metadata.resourceVersion',
  };
  return new ApiError(
    422,
    'Invalid',
    `${qualified(resource)} "${name}" is invalid: ${cause.field}: ${cause.message}`,
    { ...about(resource, name), causes: [cause] },
  );
}

/** 403. Without namespace it is about the whole cluster. */
export function forbidden(
  verb: string,
  resource: Resource,
  at: { readonly namespace?: string; readonly name?: string },
): ApiError {
  const where = at.namespace ? `in the namespace "${at.namespace}"` : 'at the cluster scope';
  const what = `${qualified(resource)}${at.name ? ` "${at.name}"` : ''}`;
  const message =
    `${what} is forbidden: User "lab" cannot ${verb} resource "${resource.plural}" in ` +
    `API group "${resource.group}" ${where}`;
  return new ApiError(403, 'Forbidden', message, about(resource, at.name));
}

/** Nothing can be created in a terminating namespace. */
export function namespaceTerminating(
  resource: Resource,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): ApiError {
  const message =
    `${qualified(resource)} "${name}" is forbidden: unable to create new content in ` +
    `namespace ${namespace} because it is being terminated`;
  const cause: Cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return new ApiError(403, 'Forbidden', message, { ...about(resource, name), causes: [cause] });
}

/** Server-side apply requires a field manager. */
export function managerRequired(): ApiError {
  const cause: Cause = {
    reason: 'FieldValueRequired',
    message: 'Required value: is required for apply patch',
    field: 'fieldManager',
  };
  return new ApiError(
    422,
    'Invalid',
    `PatchOptions.meta.k8s.io "" is invalid: ${cause.field}: ${cause.message}`,
    { group: 'meta.k8s.io', kind: 'PatchOptions', causes: [cause] },
  );
}

/** 400. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** 401. */
export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

/** 410 for a resourceVersion whose history is gone; clients list again. */
export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

/** 504 for a resourceVersion of the future, which the API server cannot serve yet. */
export function resourceVersionTooLarge(asked: number, current: number): ApiError {
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  return new ApiError(504, 'Timeout', message, { causes, retryAfterSeconds: 1 });
}

/** 405. */
export function methodNotAllowed(): ApiError {
  return new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  );
}

/** 415, with the content types that this request may have. */
export function unsupportedMedia(accepted: readonly string[]): ApiError {
  const message =
    'the body of the request was in an unknown format - accepted media types include: ' +
    accepted.join(', ');
  return new ApiError(415, 'UnsupportedMediaType', message);
}

/**
 * The API server's answer to a JSON patch that fails, including a failed `test`; it gives no
 * reason.
 */
export function unprocessable(): ApiError {
  return new ApiError(
    422,
    'Invalid',
    'the server rejected our request due to an error in our request',
    {},
  );
}

/** 409 for fields that other appliers own; one cause for each. */
export function applyConflict(message: string, causes: readonly Cause[]): ApiError {
  return new ApiError(409, 'Conflict', message, { causes });
}
