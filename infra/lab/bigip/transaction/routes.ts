/**
 * `tm/transaction`: requests with the number of a transaction wait until it is committed, and then
 * all of them are carried out, or none is.
 */
import type { Device } from '../device.ts';
import { errorReply } from '../http-types.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import { isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { McpError } from '../ltm/error.ts';
import { linkTo } from '../ltm/paths.ts';
import type { ConfigStore } from '../ltm/store.ts';
import { TIMEOUT_SECONDS } from './transactions.ts';
import type { Transaction } from './transactions.ts';

/** Carries out one request on a device; undefined for unknown paths. */
export type Play = (device: Device, request: LabRequest) => Reply | undefined;

const BASE = '/mgmt/tm/transaction';

/** Undefined if the request is in no transaction and about none. */
export function transactionRoute(
  device: Device,
  request: LabRequest,
  play: Play,
): Reply | undefined {
  const path = request.path.replace(/\/$/, '');
  if (path === BASE || path.startsWith(`${BASE}/`))
    return managed(device, request, path.slice(BASE.length + 1).split('/'), play);
  const id = request.headers['x-f5-rest-coordination-id'];
  // What is only read is read at once, without what waits.
  return id === undefined || request.method === 'GET'
    ? undefined
    : queued(device, request, Number(id));
}

function managed(
  device: Device,
  request: LabRequest,
  [id = '', sub, ...more]: readonly string[],
  play: Play,
): Reply | undefined {
  if (id === '') return collection(device, request);
  const transaction = found(device, Number(id));
  if (sub === 'commands' && more.length === 0 && request.method === 'GET')
    return { status: 200, body: commandList(transaction) };
  if (sub !== undefined) return undefined;
  switch (request.method) {
    case 'GET':
      return { status: 200, body: transactionItem(transaction) };
    case 'DELETE':
      device.transactions.remove(transaction.id);
      return { status: 200 };
    case 'PATCH':
      return committed(device, request, transaction, play);
    default:
      return undefined;
  }
}

function collection(device: Device, { method }: LabRequest): Reply | undefined {
  if (method === 'GET')
    return {
      status: 200,
      body: {
        kind: 'tm:transactioncollectionstate',
        selfLink: linkTo('transaction'),
        items: device.transactions.list().map((one) => transactionItem(one)),
      },
    };
  if (method !== 'POST')
    throw new McpError(404, undefined, 'Missing transaction ID for this call.');
  const opened = device.transactions.open();
  if (opened === undefined) throw new McpError(400, undefined, 'too many transactions are open');
  return { status: 200, body: transactionItem(opened) };
}

function found({ transactions }: Device, id: number): Transaction {
  const transaction = transactions.get(id);
  if (transaction === undefined)
    throw new McpError(404, undefined, `The requested transaction (${id}) was not found.`);
  return transaction;
}

/** What is more than the configuration is no part of a transaction here. */
const PLAYED = /^\/mgmt\/tm\/(net\/|ltm\/(?!rule)|auth\/partition)/;

function queued(device: Device, request: LabRequest, id: number): Reply {
  found(device, id);
  if (!PLAYED.test(request.path))
    throw new McpError(
      400,
      undefined,
      `the lab plays no transactions with ${request.path.slice('/mgmt/tm/'.length)}`,
    );
  if (!device.transactions.add(id, request))
    throw new McpError(400, undefined, `transaction ${id} takes no more commands`);
  const after = found(device, id);
  return { status: 200, body: commandItem(after, request, after.requests.length) };
}

function committed(
  device: Device,
  { body }: LabRequest,
  { id, requests, failed }: Transaction,
  play: Play,
): Reply {
  const wish = isObject(body) ? JSON.stringify(body) : '';
  if (wish !== '{"state":"VALIDATING"}')
    throw new McpError(400, undefined, 'the lab only commits: {"state":"VALIDATING"}');
  const words = failed ?? refusalOf(device, requests, play);
  if (words === undefined) {
    device.transactions.remove(id);
    return { status: 200, body: transactionItem({ id, requests }, 'COMPLETED') };
  }
  device.transactions.fail(id, words);
  const reply = errorReply(400, words);
  return { ...reply, body: { ...(reply.body as Json), apiError: 2 } };
}

/** Undefined if all requests were carried out; else nothing was. */
function refusalOf(
  device: Device,
  requests: readonly LabRequest[],
  play: Play,
): string | undefined {
  try {
    device.store.write((draft) => {
      const store: ConfigStore = {
        ...device.store,
        current: () => draft,
        write: (edit) => edit(draft),
      };
      for (const request of requests)
        if (play({ ...device, store }, request) === undefined)
          throw new McpError(404, undefined, `Public URI path not registered: ${request.path}`);
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof McpError)) throw error;
    return `transaction failed:${error.message}`;
  }
}

function transactionItem(
  { id, failed }: Transaction,
  state = failed === undefined ? 'STARTED' : 'FAILED',
): Json {
  return {
    transId: id,
    state,
    timeoutSeconds: TIMEOUT_SECONDS,
    asyncExecution: false,
    validateOnly: false,
    executionTimeout: 300,
    executionTime: 0,
    failureReason: failed ?? '',
    kind: 'tm:transactionstate',
    selfLink: linkTo(`transaction/${id}`),
  };
}

function commandItem({ id }: Transaction, request: LabRequest, number: number): Json {
  return {
    method: request.method,
    uri: `https://localhost${request.path}`,
    ...(request.body !== undefined && { body: request.body }),
    evalOrder: number,
    commandId: number,
    kind: 'tm:transaction:commandsstate',
    selfLink: linkTo(`transaction/${id}/commands/${number}`),
  };
}

function commandList(transaction: Transaction): Json {
  return {
    kind: 'tm:transaction:commandscollectionstate',
    selfLink: linkTo(`transaction/${transaction.id}/commands`),
    items: transaction.requests.map((one, index) => commandItem(transaction, one, index + 1)),
  };
}
