/** What an answer of the device means. The tables follow AS3 3.56 and iControl REST; the first row that fits decides. */
import { DeviceError } from './errors.ts';
import type { DeviceErrorCode, FaultClass, Hint } from './errors.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';

interface Row {
  readonly status?: readonly number[];
  readonly text?: RegExp;
  readonly code: DeviceErrorCode;
  readonly fault: FaultClass;
  readonly says: string;
  readonly hint?: Hint;
}

/** Answers of REST calls as a whole. */
const ANSWERS: readonly Row[] = [
  { status: [400], text: /maximum active login tokens/i, code: 'BIP506', fault: 'transient', says: 'the user has 100 active tokens; give Sluice an account of its own' },
  // The token is good, the account is not: an administrator may do everything, others have no right to AS3's worker.
  { status: [401], text: /Authorization failed: user=/i, code: 'BIP403', fault: 'device', says: 'the account may not do this; AS3 wants an account with the role administrator on all partitions' },
  { status: [401], code: 'BIP401', fault: 'device', says: 'the login is refused; check devices[].username and password' },
  { status: [403], code: 'BIP403', fault: 'device', says: 'the account may not do this; AS3 wants an account with the role administrator on all partitions' },
  // Right after a restart the worker is not registered yet, which looks the same as AS3 not being there.
  { status: [404], text: /Public URI path not registered/i, code: 'BIP404', fault: 'device', says: 'AS3 is not installed or still starting; install the AS3 package (3.50 or newer)' },
  { status: [404], text: /<html/i, code: 'BIP504', fault: 'transient', says: 'the management services are restarting' },
  { status: [413], code: 'BIP454', fault: 'content', says: 'the declaration is larger than the device takes' },
  { status: [408, 429], code: 'BIP503', fault: 'transient', says: 'the device is busy' },
  { status: [503], text: /Configuration operation in progress|Too many configuration operations|active asynchronous task/i, code: 'BIP503', fault: 'transient', says: 'another configuration operation holds the device' },
  { status: [503], code: 'BIP504', fault: 'transient', says: 'the management services are restarting' },
  { status: [500], text: /<html|AsyncContext timeout/i, code: 'BIP505', fault: 'ambiguous', says: 'the management service gave up waiting; it may still have done it' },
  { status: [500, 502, 504], code: 'BIP505', fault: 'ambiguous', says: 'the device failed while working on it' },
];

/** Results of one tenant in a declare. */
const RESULTS: readonly Row[] = [
  { text: /hash you submitted does not match/i, code: 'BIP430', fault: 'transient', says: 'somebody else wrote the partition in between' },
  { text: /TMSH CLI script taking longer than expected/i, code: 'BIP505', fault: 'ambiguous', says: 'the script took longer than 30 s and may still finish', hint: 'slow' },
  { text: /task cancelled|cancelled/i, code: 'BIP505', fault: 'ambiguous', says: 'the device restarted while working on it' },
  { text: /Configuration operation in progress|Too many configuration operations/i, code: 'BIP503', fault: 'transient', says: 'another configuration operation holds the device' },
  { text: /01070333/, code: 'BIP422', fault: 'content', says: 'another virtual server uses this address and port' },
  { text: /0107176c|conflicts with bigip/i, code: 'BIP423', fault: 'content', says: 'the address belongs to another partition' },
  // A script of before that landed late, or somebody's hand: what AS3 read was true no more when its script ran (as3.md §9.2.4).
  { text: /01020066|01020036[^]*requested (pool member|node)/i, code: 'BIP421', fault: 'content', says: 'the device refuses the configuration', hint: 'raced' },
  { text: /01020036|was not found|unable to (find|locate)/i, code: 'BIP424', fault: 'content', says: 'an object it refers to does not exist on the device' },
  // An iControl status instead of an mcpd code: the outcome is unknown.
  { text: /status: ?(5\d\d|40[1348])|ECONNRESET|socket hang up/i, code: 'BIP505', fault: 'ambiguous', says: 'the device failed half-way' },
  { status: [422], text: /declaration failed/i, code: 'BIP421', fault: 'content', says: 'the device refuses the configuration' },
  { status: [422, 400], code: 'BIP420', fault: 'content', says: 'AS3 refuses the declaration' },
  { status: [503, 408], code: 'BIP503', fault: 'transient', says: 'the device is busy' },
  { status: [500, 502, 504], code: 'BIP505', fault: 'ambiguous', says: 'the device failed while working on it' },
];

function find(rows: readonly Row[], status: number, text: string): Row {
  const fits = (row: Row): boolean => (row.status?.includes(status) ?? true) && (row.text?.test(text) ?? true);
  return rows.find(fits) ?? { code: 'BIP420', fault: 'content', says: `unexpected status ${status}` };
}

/** The typed error of an answer that is not a success. */
export function faultOf(device: string, request: DeviceRequest, answer: DeviceResponse): DeviceError {
  const row = find(ANSWERS, answer.status, answer.text);
  // Only writes can be in doubt, and only a declaration can be at fault for being refused.
  const fault = request.method === 'GET' && (row.fault === 'ambiguous' || row.fault === 'content') ? 'transient' : row.fault;
  return new DeviceError(row.code, fault, `${device}: ${row.says} (${request.method} ${request.path.split('?')[0]}: HTTP ${answer.status})`, {
    response: wordsOf(answer),
    after: answer.retryAfter,
  });
}

/** A body that should be JSON and is not: cut off, or a page of HTML. */
export function isUnreadable({ text, json }: DeviceResponse): boolean {
  return text !== '' && json === undefined;
}

export function unreadable(device: string, request: DeviceRequest, { status, text }: DeviceResponse): DeviceError {
  const fault = request.method === 'GET' ? 'transient' : 'ambiguous';
  return new DeviceError('BIP505', fault, `${device}: the answer is cut off or not JSON (${request.method} ${request.path.split('?')[0]}: HTTP ${status})`, { response: text });
}

export interface TenantResult {
  readonly code: number;
  readonly message: string;
  readonly response?: string;
  readonly tenant?: string;
}

/** The typed error of a tenant's result, or undefined for success and "no change". */
export function faultOfResult(device: string, partition: string, result: TenantResult): DeviceError | undefined {
  if (result.code >= 200 && result.code < 300) return undefined;
  const words = [result.message, result.response].filter(Boolean).join(': ');
  const row = find(RESULTS, result.code, words);
  return new DeviceError(row.code, row.fault, `${device}, partition ${partition}: ${row.says}`, { response: words, hint: row.hint });
}

function wordsOf(answer: DeviceResponse): string {
  const json = answer.json as { message?: unknown; errors?: unknown } | undefined;
  const parts = [json?.message, ...(Array.isArray(json?.errors) ? json.errors : [])].filter((p) => typeof p === 'string');
  return parts.length > 0 ? parts.join('; ') : answer.text;
}
