/** Collections in iControl REST format. */
import type { LabRequest } from '../http-types.ts';
import type { Json } from '../json.ts';
import { McpError } from './error.ts';
import { partitionOf } from './model.ts';
import { kindOf, linkTo } from './paths.ts';

/** Without items it has no `items`; `collection` is `ltm/pool/members`. */
export function listBody(collection: string, items: readonly Json[]): Json {
  return {
    kind: `${kindOf(collection)}collectionstate`,
    selfLink: linkTo(collection),
    ...(items.length === 0 ? {} : { items }),
  };
}

/** The fields that `$select` names, in its order; all without it. */
export function selected({ query }: Pick<LabRequest, 'query'>, item: Json): Json {
  const names = query.get('$select')?.split(',');
  if (names === undefined) return item;
  return Object.fromEntries(names.flatMap((name) => (name in item ? [[name, item[name]]] : [])));
}

/** Only `$filter=partition eq NAME` is played. */
export function filtered(
  request: Pick<LabRequest, 'query'>,
  paths: readonly string[],
): readonly string[] {
  const filter = request.query.get('$filter');
  const partition = /^partition eq '?([^' ]+)'?$/.exec(filter ?? '')?.[1];
  if (filter !== null && partition === undefined)
    throw new McpError(
      400,
      '01070734:3',
      `Configuration error: the filter "${filter}" is not one the lab plays (partition eq NAME)`,
    );
  return partition === undefined ? paths : paths.filter((path) => partitionOf(path) === partition);
}
