/**
 * SelfSubjectAccessReview: whether the account may send a request. It is answered and never stored.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { invalid } from '../errors.ts';
import { fieldAt, isFields, textAt } from '../fields.ts';
import { parseBody, readBytes, readObject } from '../http/body.ts';
import { sendJson } from '../http/reply.ts';
import type { RequestInfo } from '../http/request.ts';
import { allResources } from '../resources/table.ts';
import { apiVersionOf, type VerbContext } from './context.ts';

/** The attributes of a review; without a namespace it refers to all of them. */
export interface ReviewedAccess {
  readonly group: string;
  /** Including the subresource: `services/status`. */
  readonly resource: string;
  readonly verb: string;
  readonly namespace?: string;
}

type Judge = (asked: ReviewedAccess) => boolean;

/**
 * Parses a review and answers it with `allows`. Throws the server's error if it has no attributes.
 */
export async function answerReviewBy(
  allows: Judge,
  info: RequestInfo,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const apiVersion = apiVersionOf(info);
  const body = parseBody(await readBytes(request), info.contentType, info.resource.kind);
  const given = readObject(body, { resource: info.resource, apiVersion });
  const about = fieldAt(given, 'spec.resourceAttributes');
  if (!isFields(about))
    throw invalid(info.resource, '', [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.resourceAttributes',
        message:
          'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
      },
    ]);
  const [name, sub, space] = ['resource', 'subresource', 'namespace'].map((at) =>
    textAt(about, at),
  );
  const allowed = allows({
    group: textAt(about, 'group'),
    resource: sub === '' ? (name ?? '') : `${name}/${sub}`,
    verb: textAt(about, 'verb'),
    ...(space && { namespace: space }),
  });
  sendJson(response, 201, { ...given, apiVersion, status: { allowed } });
}

/** The lab's account may do everything that no fault denies. */
export function answerReview(
  { faults }: VerbContext,
  info: RequestInfo,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const allows: Judge = ({ group, resource: asked, verb, namespace }) => {
    const [plural] = asked.split('/');
    const resource = allResources.find((one) => one.group === group && one.plural === plural);
    return !resource || !faults.denies({ verb, resource, ...(namespace && { namespace }) });
  };
  return answerReviewBy(allows, info, request, response);
}
