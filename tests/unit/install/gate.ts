/**
 * A Kubernetes API server that allows only what was granted, as a real one would: a proxy in front
 * of the lab's.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificates } from '../../../infra/lab/kubernetes/certificates.ts';
import { readRequest, type RequestInfo } from '../../../infra/lab/kubernetes/http/request.ts';
import type { LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { kubeconfigText } from '../../../infra/lab/kubernetes/kubeconfig.ts';
import { answerReviewBy, type ReviewedAccess } from '../../../infra/lab/kubernetes/verbs/review.ts';
import { createCatalog } from '../../../infra/lab/kubernetes/resources/catalog.ts';
import { allResources } from '../../../infra/lab/kubernetes/resources/table.ts';
import { allows, sayGrant, type Grant } from './grants.ts';

export interface Gate {
  readonly kubeconfig: string;
  readonly asked: readonly Grant[];
  readonly refused: readonly string[];
  close(): Promise<void>;
}

const CATALOG = createCatalog(allResources);

/** Undefined for discovery, which every account may read. */
function infoOf({ method = 'GET', url = '/', headers }: IncomingMessage): RequestInfo | undefined {
  return readRequest({ method, url: new URL(url, 'https://gate'), headers }, CATALOG);
}

function askedFor(info: RequestInfo | undefined): Grant | undefined {
  if (info === undefined) return undefined;
  const { resource, subresource, namespace, verb } = info;
  // RBAC treats one cluster-scoped object as outside of any namespace too.
  return {
    namespace: namespace ?? '*',
    group: resource.group,
    resource: subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`,
    verb,
  };
}

/** Every account may check its own rights. */
function review(
  grants: readonly Grant[],
  info: RequestInfo,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const judge = ({ namespace = '*', ...access }: ReviewedAccess): boolean =>
    allows(grants, { namespace, ...access });
  answerReviewBy(judge, info, incoming, response).catch(() => response.destroy());
}

function forward(lab: LabKubernetes, incoming: IncomingMessage, response: ServerResponse): void {
  const { method, headers } = incoming;
  const outgoing = request(
    new URL(incoming.url ?? '/', lab.url),
    { method, headers, ca: lab.ca, agent: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      // The headers of a watch are sent long before its first event.
      response.flushHeaders();
      answer.pipe(response);
      answer.once('error', () => response.destroy());
    },
  );
  outgoing.once('error', () => response.destroy());
  response.once('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

export async function startGate(lab: LabKubernetes, grants: readonly Grant[]): Promise<Gate> {
  const asked: Grant[] = [];
  const refused: string[] = [];
  const { cert, key, ca } = await createCertificates('127.0.0.1');
  const server = createServer({ cert, key }, (incoming, response) => {
    const info = infoOf(incoming);
    if (info?.resource.review === true) return review(grants, info, incoming, response);
    const wanted = askedFor(info);
    if (wanted !== undefined) asked.push(wanted);
    if (wanted === undefined || allows(grants, wanted)) return forward(lab, incoming, response);
    refused.push(sayGrant(wanted));
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'Forbidden',
        message: `${sayGrant(wanted)} is not granted`,
        code: 403,
      }),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    kubeconfig: kubeconfigText({ name: 'gate', url, ca, token: lab.token }),
    asked,
    refused,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
