/** get, list and watch. */
import type { ServerResponse } from 'node:http';
import { ApiError, badRequest, notFound } from '../errors.ts';
import { formOf } from '../http/accept.ts';
import { sendJson } from '../http/reply.ts';
import type { RequestInfo } from '../http/request.ts';
import { type Page, listPage } from '../read/list.ts';
import { tableOf } from '../read/tables.ts';
import { WatchConnection, type WatchConnectionOptions } from '../read/watch.ts';
import type { Fields, KubernetesObject } from '../types.ts';
import { type VerbContext, apiVersionOf, matcherOf, placeOf, shown } from './context.ts';

/** Objects in the requested form: unchanged, or as a table. */
function renderer(
  context: VerbContext,
  info: RequestInfo,
):
  | ((items: readonly KubernetesObject[], metadata: Fields, columns?: boolean) => Fields)
  | undefined {
  const { table } = formOf(info.accept);
  if (table === undefined) return undefined;
  const include = info.query.get('includeObject') ?? 'Metadata';
  // Rows are computed from the stored form, so that both groups of events show the same.
  return (items, metadata, columns = true) => {
    const whole = tableOf(info.resource, items, metadata, {
      version: table,
      include,
      now: context.now(),
      columns,
    });
    if (include !== 'Object') return whole;
    const rows = (whole['rows'] as readonly Fields[]).map((row, index) => ({
      ...row,
      object: shown(info, items[index] as KubernetesObject),
    }));
    return { ...whole, rows };
  };
}

/** Throws 404 if there is none. */
export function answerGet(context: VerbContext, info: RequestInfo, response: ServerResponse): void {
  const name = info.name ?? '';
  const object = context.store.get(info.resource.storage, info.namespace, name);
  if (!object) throw notFound(info.resource, name);
  sendJson(
    response,
    200,
    renderer(context, info)?.([object], { resourceVersion: object.metadata.resourceVersion }) ??
      shown(info, object),
  );
}

/** One page, as JSON or as a table. */
export function answerList(
  context: VerbContext,
  info: RequestInfo,
  response: ServerResponse,
): void {
  const { query, resource } = info;
  const page = listPage(context.store, {
    place: placeOf(info),
    matches: matcherOf(info),
    limit: Number(query.get('limit') ?? 0),
    token: query.get('continue') ?? '',
    revision: query.get('resourceVersion') ?? '',
    revisionMatch: query.get('resourceVersionMatch') ?? '',
  });
  const metadata = listMetadata(page);
  const table = renderer(context, info)?.(page.items, metadata);
  const items = (): readonly unknown[] => page.items.map((object) => listed(info, object));
  sendJson(
    response,
    200,
    table ?? {
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(info),
      metadata,
      items: items(),
    },
  );
}

/**
 * Items in a list of a built-in kind have no kind and apiVersion; those of custom resources have.
 */
function listed(info: RequestInfo, object: KubernetesObject): unknown {
  const whole = shown(info, object);
  if (!info.resource.builtIn) return whole;
  const { apiVersion: _, kind: __, ...rest } = whole;
  return rest;
}

function listMetadata({ revision, token, remaining }: Page): Fields {
  return {
    resourceVersion: String(revision),
    ...(token && { continue: token }),
    ...(remaining && { remainingItemCount: remaining }),
  };
}

const DEFAULT_TIMEOUT_SECONDS = 1800;

function watchOptions(context: VerbContext, info: RequestInfo): WatchConnectionOptions {
  const { query } = info;
  const initialEvents = query.get('sendInitialEvents') === 'true';
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  if (initialEvents && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    throw badRequest(
      'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  const revision = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(revision))
    throw new ApiError(500, '', `strconv.ParseUint: parsing "${revision}": invalid syntax`);
  const table = renderer(context, info);
  const metadataOf = (object: KubernetesObject): Fields => ({
    resourceVersion: object.metadata.resourceVersion,
  });
  return {
    store: context.store,
    place: placeOf(info),
    matches: matcherOf(info),
    revision,
    initialEvents,
    bookmarks,
    timeoutMs: Number(query.get('timeoutSeconds') ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
    bookmarkMs: context.bookmarkMs,
    render: (object, first) =>
      table?.([object], metadataOf(object), first) ?? { ...shown(info, object) },
    bookmark: (at, annotations) => ({
      kind: info.resource.kind,
      apiVersion: apiVersionOf(info),
      metadata: {
        resourceVersion: String(at),
        creationTimestamp: null,
        ...(annotations && { annotations }),
      },
    }),
  };
}

/** Returns the open watch; faults may end or silence it. */
export function answerWatch(
  context: VerbContext,
  info: RequestInfo,
  response: ServerResponse,
): WatchConnection {
  const options = watchOptions(context, info);
  if (context.faults.expiredAsStatus && options.revision !== '' && options.revision !== '0')
    refuseExpired(context, options);
  const watch = new WatchConnection(options, response);
  const forget = context.faults.register(info, watch);
  response.once('close', forget);
  watch.start();
  return watch;
}

function refuseExpired({ store }: VerbContext, { place, revision }: WatchConnectionOptions): void {
  if (Number(revision) < store.revision) store.since(place, Number(revision));
}
