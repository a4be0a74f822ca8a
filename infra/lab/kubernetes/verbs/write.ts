/** create, update, patch, delete and deletecollection. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeObject, decodePatched } from '../custom/decode.ts';
import { badRequest, managerRequired, notFound } from '../errors.ts';
import { fieldAt, fieldsOf, textAt } from '../fields.ts';
import { formOf } from '../http/accept.ts';
import { parseBody, readObject, readBytes } from '../http/body.ts';
import { sendJson } from '../http/reply.ts';
import { type RequestInfo, managerOf } from '../http/request.ts';
import { tableOf } from '../read/tables.ts';
import type { Fields, KubernetesObject } from '../types.ts';
import type { WriteTarget } from '../writer.ts';
import {
  type VerbContext,
  apiVersionOf,
  matcherOf,
  placeOf,
  shown,
  storedForm,
} from './context.ts';
import { serverSideApply, isApply, patchedObject } from './patch.ts';

function targetOf(context: VerbContext, info: RequestInfo, name: string): WriteTarget {
  const { resource, namespace, subresource } = info;
  return {
    resource,
    stored: storedForm(context, resource),
    name,
    ...(namespace && { namespace }),
    who: {
      manager: managerOf(info),
      operation: isApply(info) ? 'Apply' : 'Update',
      apiVersion: apiVersionOf(info),
      ...(subresource && { subresource }),
    },
    dryRun: info.query.getAll('dryRun').includes('All'),
  };
}

function send(
  context: VerbContext,
  info: RequestInfo,
  response: ServerResponse,
  answer: { readonly code: number; readonly object: KubernetesObject },
): void {
  const { table } = formOf(info.accept);
  const { object, code } = answer;
  if (table === undefined) return sendJson(response, code, shown(info, object));
  const metadata = { resourceVersion: object.metadata.resourceVersion };
  sendJson(
    response,
    code,
    tableOf(info.resource, [object], metadata, {
      version: table,
      include: 'Metadata',
      now: context.now(),
      columns: true,
    }),
  );
}

/** 201, or 409 for a name that is taken. */
export async function answerCreate(
  context: VerbContext,
  info: RequestInfo,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { resource, namespace } = info;
  const bytes = await readBytes(request);
  const given = readObject(parseBody(bytes, info.contentType, resource.kind), {
    resource,
    apiVersion: apiVersionOf(info),
    ...(namespace && { namespace }),
  });
  if (resource.namespaced && !namespace)
    throw badRequest('an empty namespace may not be set during creation');
  const name = given.metadata.name || generated(context, given);
  if (!name) throw badRequest('name or generateName is required: set metadata.name');
  send(context, info, response, {
    code: 201,
    object: context.writer.create(
      targetOf(context, info, name),
      decodeObject(info, given, response),
    ),
  });
}

/** Unique within the lab, because revisions are. */
function generated(context: VerbContext, given: KubernetesObject): string {
  const { generateName } = given.metadata;
  return generateName
    ? `${generateName}${context.store.revision.toString(36).padStart(5, '0')}`
    : '';
}

/** PUT: replaces the object or its status. */
export async function answerUpdate(
  context: VerbContext,
  info: RequestInfo,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = info.name ?? '';
  const bytes = await readBytes(request);
  const expected = {
    resource: info.resource,
    apiVersion: apiVersionOf(info),
    name,
    ...(info.namespace && { namespace: info.namespace }),
  };
  const given = readObject(parseBody(bytes, info.contentType, info.resource.kind), expected);
  const target = targetOf(context, info, name);
  const object = decodeObject(info, given, response);
  const { createOnUpdate, storage } = info.resource;
  if (createOnUpdate && !context.store.get(storage, info.namespace, name)) {
    const { resourceVersion: _, ...metadata } = object.metadata;
    const created = context.writer.create(target, { ...object, metadata });
    return send(context, info, response, { code: 201, object: created });
  }
  send(context, info, response, { code: 200, object: context.writer.update(target, object) });
}

/** By the content type of the request. */
export async function answerPatch(
  context: VerbContext,
  info: RequestInfo,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = info.name ?? '';
  const bytes = await readBytes(request);
  const target = targetOf(context, info, name);
  const live = context.store.get(info.resource.storage, info.namespace, name);
  if (isApply(info)) {
    if (!info.query.get('fieldManager')) throw managerRequired();
    const object = serverSideApply(context, info, target, bytes);
    return send(context, info, response, { code: live ? 200 : 201, object });
  }
  if (!live) throw notFound(info.resource, name);
  send(context, info, response, {
    code: 200,
    object: context.writer.update(
      target,
      decodePatched(info, patchedObject(context, info, live, bytes), response),
    ),
  });
}

async function deleteOptionsOf(info: RequestInfo, request: IncomingMessage): Promise<Fields> {
  const bytes = await readBytes(request);
  return bytes.length === 0 ? {} : fieldsOf(parseBody(bytes, info.contentType));
}

const POD_GRACE_SECONDS = 30;

/** Only a pod that runs on a node terminates gracefully. */
function graceOf(context: VerbContext, info: RequestInfo, options: Fields): number {
  const pod =
    context.gracefulPods && info.resource.storage === 'pods'
      ? context.store.get('pods', info.namespace, info.name ?? '')
      : undefined;
  if (!textAt(pod, 'spec.nodeName')) return 0;
  const asked =
    info.query.get('gracePeriodSeconds') ??
    options['gracePeriodSeconds'] ??
    fieldAt(pod, 'spec.terminationGracePeriodSeconds');
  return Number(asked ?? POD_GRACE_SECONDS);
}

/** Pods and namespaces end later; everything else is gone at once. */
export async function answerDelete(
  context: VerbContext,
  info: RequestInfo,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { resource } = info;
  const name = info.name ?? '';
  const options = await deleteOptionsOf(info, request);
  const target = targetOf(context, info, name);
  const preconditions = fieldsOf(options['preconditions']);
  const live = context.writer.delete({ ...target, dryRun: true }, preconditions);
  if (resource.storage === 'namespaces') {
    const gone = target.dryRun ? live : context.namespaces.terminate(live);
    return sendJson(response, 200, shown(info, gone));
  }
  const gone = context.writer.delete(target, preconditions, graceOf(context, info, options));
  if (gone.metadata.deletionTimestamp && context.store.get(resource.storage, info.namespace, name))
    return sendJson(response, 200, shown(info, gone));
  const details = {
    name,
    ...(resource.group && { group: resource.group }),
    kind: resource.plural,
    uid: gone.metadata.uid,
  };
  sendJson(response, 200, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details,
  });
}

/** What the selectors select, one by one. */
export async function answerDeleteCollection(
  context: VerbContext,
  info: RequestInfo,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await deleteOptionsOf(info, request);
  const matches = matcherOf(info);
  const items = context.store.list(placeOf(info)).filter(matches);
  for (const { metadata } of items) {
    context.writer.delete({
      ...targetOf(context, info, metadata.name),
      ...(metadata.namespace && { namespace: metadata.namespace }),
    });
  }
  const metadata = { resourceVersion: String(context.store.revision) };
  sendJson(response, 200, {
    kind: `${info.resource.kind}List`,
    apiVersion: apiVersionOf(info),
    metadata,
    items: items.map((object) => shown(info, object)),
  });
}
