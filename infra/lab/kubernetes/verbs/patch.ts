/** patch, by content type. */
import { refuseUndeclared } from '../custom/decode.ts';
import { unsupportedMedia } from '../errors.ts';
import { fieldsOf } from '../fields.ts';
import { parseBody, readObject } from '../http/body.ts';
import type { RequestInfo } from '../http/request.ts';
import { jsonPatch } from '../patch/json.ts';
import { mergePatch } from '../patch/merge.ts';
import { strategicMerge } from '../patch/strategic.ts';
import type { KubernetesObject } from '../types.ts';
import type { WriteTarget } from '../writer.ts';
import { type VerbContext, apiVersionOf, shown, storedForm } from './context.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

/** Whether it is server-side apply, which may create the object. */
export function isApply(info: RequestInfo): boolean {
  return info.contentType === APPLY;
}

/** Throws 409 for fields that others own, unless the request forces them. */
export function serverSideApply(
  context: VerbContext,
  info: RequestInfo,
  target: WriteTarget,
  bytes: Buffer,
): KubernetesObject {
  const expected = { resource: info.resource, apiVersion: apiVersionOf(info), ...placed(info) };
  const object = readObject(parseBody(bytes, info.contentType), expected);
  refuseUndeclared(info, object);
  return context.writer.apply(target, object, info.query.get('force') === 'true');
}

function placed({ namespace, name }: RequestInfo): {
  readonly namespace?: string;
  readonly name?: string;
} {
  return { ...(namespace && { namespace }), ...(name && { name }) };
}

/**
 * The patched object before it is stored. It has the resourceVersion it is based on, unless the
 * patch contains another.
 */
export function patchedObject(
  context: VerbContext,
  info: RequestInfo,
  live: KubernetesObject,
  bytes: Buffer,
): KubernetesObject {
  const accepted = [JSON_PATCH, MERGE, ...(info.resource.builtIn ? [STRATEGIC] : []), APPLY];
  if (!accepted.includes(info.contentType)) throw unsupportedMedia(accepted);
  const patch = parseBody(bytes, info.contentType);
  const current = shown(info, live);
  const result = resultOf(context, info, { current, patch });
  return readObject(result, {
    resource: info.resource,
    apiVersion: apiVersionOf(info),
    ...placed(info),
  });
}

function resultOf(
  context: VerbContext,
  info: RequestInfo,
  { current, patch }: { readonly current: KubernetesObject; readonly patch: unknown },
): unknown {
  switch (info.contentType) {
    case JSON_PATCH:
      return jsonPatch(current, patch);
    case MERGE:
      return mergePatch(current, patch);
    default:
      return strategicMerge(
        { ...current },
        fieldsOf(patch),
        storedForm(context, info.resource).schema,
      );
  }
}
