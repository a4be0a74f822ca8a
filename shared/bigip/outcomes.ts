/**
 * Interprets the device's answers. The tables follow AS3 3.56 and iControl REST; the first matching
 * row decides.
 */
import * as z from 'zod';
import type { TenantResult } from './answers.ts';
import { DeviceError } from './errors.ts';
import type { DeviceErrorCode, FaultClass, Hint } from './errors.ts';
import { callInWords, INNER_WORDS, innerCallOf } from './inner-calls.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';

interface Row {
  readonly status?: readonly number[];
  readonly text?: RegExp;
  readonly code: DeviceErrorCode;
  readonly fault: FaultClass;
  readonly says: string;
  readonly hint?: Hint;
}

const Complaint = z.object({ message: z.unknown().optional(), errors: z.unknown().optional() });

/** Answers to whole REST calls. */
const ANSWERS: readonly Row[] = [
  {
    status: [400],
    text: /maximum active login tokens/i,
    code: 'BIP506',
    fault: 'transient',
    says: 'the user has 100 active tokens; give Sluice its own account',
  },
  // The token is valid but the account is not an administrator: other accounts may not use AS3.
  {
    status: [401],
    text: /Authorization failed: user=/i,
    code: 'BIP403',
    fault: 'device',
    says: 'permission denied; AS3 requires an account with the administrator role on all partitions',
  },
  {
    status: [401],
    code: 'BIP401',
    fault: 'device',
    says: 'login refused; check devices[].username and password',
  },
  {
    status: [403],
    code: 'BIP403',
    fault: 'device',
    says: 'permission denied; AS3 requires an account with the administrator role on all partitions',
  },
  // Right after a restart the worker is not registered yet, which looks the same as a missing AS3.
  {
    status: [404],
    text: /Public URI path not registered/i,
    code: 'BIP404',
    fault: 'device',
    says: 'AS3 is not installed or still starting; install the AS3 package (3.50 or newer)',
  },
  {
    status: [404],
    text: /<html/i,
    code: 'BIP504',
    fault: 'transient',
    says: 'the management services are restarting',
  },
  {
    status: [413],
    code: 'BIP454',
    fault: 'content',
    says: 'the declaration is larger than the device accepts',
  },
  { status: [408, 429], code: 'BIP503', fault: 'transient', says: 'the device is busy' },
  {
    status: [503],
    text: /Configuration operation in progress|Too many configuration operations|active asynchronous task/i,
    code: 'BIP503',
    fault: 'transient',
    says: 'another configuration operation holds the device',
  },
  {
    status: [503],
    code: 'BIP504',
    fault: 'transient',
    says: 'the management services are restarting',
  },
  {
    status: [500],
    text: INNER_WORDS,
    code: 'BIP509',
    fault: 'ambiguous',
    says: 'a call inside the device failed',
    hint: 'inner',
  },
  {
    status: [500],
    text: /<html|AsyncContext timeout/i,
    code: 'BIP505',
    fault: 'ambiguous',
    says: 'the management service timed out; the change may still be applied',
  },
  {
    status: [500, 502, 504],
    code: 'BIP505',
    fault: 'ambiguous',
    says: 'the device failed while processing the request',
  },
];

/** An mcpd error code, such as `01070734:3`. */
const MCPD = /\b0[0-9a-f]{7}:\d/i;
/**
 * AS3's own messages about the declaration, or messages that name an application of Sluice or an
 * object it may refer to.
 */
const NAMED =
  /declaration (is|has|lacks|should)\b|\bpath "?\/|must be unique|is only (valid|available) on|needs? to be provisioned|\/gw-[\w.-]+|\/Common\/\w/i;

/**
 * Results of one tenant in a declare. Only messages that name content count as refusals of content;
 * failures of internal calls and unknown messages do not (decision 38).
 */
const RESULTS: readonly Row[] = [
  {
    text: /hash you submitted does not match/i,
    code: 'BIP430',
    fault: 'transient',
    says: 'another client wrote the partition in the meantime',
  },
  {
    text: /TMSH CLI script taking longer than expected/i,
    code: 'BIP505',
    fault: 'ambiguous',
    says: 'the script took longer than 30 s and may still finish',
    hint: 'slow',
  },
  {
    text: /task cancelled|cancelled/i,
    code: 'BIP505',
    fault: 'ambiguous',
    says: 'the device restarted while processing the request',
  },
  {
    text: /Configuration operation in progress|Too many configuration operations/i,
    code: 'BIP503',
    fault: 'transient',
    says: 'another configuration operation holds the device',
  },
  // mcpd codes about the account, mcpd itself or its database, independent of the declaration.
  {
    text: /\b0107082[23]:\d/,
    code: 'BIP403',
    fault: 'device',
    says: 'permission denied; AS3 requires an account with the administrator role on all partitions',
  },
  {
    text: /\b0107167d:\d|\b01070710:\d: Database error/i,
    code: 'BIP509',
    fault: 'ambiguous',
    says: 'mcpd failed on the device',
    hint: 'inner',
  },
  {
    text: /\b01070333:/,
    code: 'BIP422',
    fault: 'content',
    says: 'another virtual server uses this address and port',
  },
  {
    text: /\b0107176c:/i,
    code: 'BIP423',
    fault: 'content',
    says: 'the address belongs to another partition',
  },
  // An earlier script that finished late, or a manual change: the state that AS3 read was outdated
  // when its script ran (as3.md §9.2.4).
  {
    text: /\b01020066:|\b01020036:[^]*requested (pool member|node)/i,
    code: 'BIP421',
    fault: 'content',
    says: 'BIG-IP refuses the configuration',
    hint: 'raced',
  },
  {
    text: /\b01020036:/,
    code: 'BIP424',
    fault: 'content',
    says: 'a referenced object does not exist on the device',
  },
  { text: MCPD, code: 'BIP421', fault: 'content', says: 'BIG-IP refuses the configuration' },
  {
    text: /failed to save BIG-IP config/i,
    code: 'BIP509',
    fault: 'ambiguous',
    says: 'the configuration is applied, but a call inside the device failed, so it is not saved',
    hint: 'unsaved',
  },
  {
    text: INNER_WORDS,
    code: 'BIP509',
    fault: 'ambiguous',
    says: 'a call inside the device failed',
    hint: 'inner',
  },
  {
    text: /conflicts with (bigip|\/Common\/)/i,
    code: 'BIP423',
    fault: 'content',
    says: 'the address belongs to another partition',
  },
  // AS3 gives the same message if its lookup failed.
  {
    text: /unable to find \/\S+ for \//i,
    code: 'BIP424',
    fault: 'content',
    says: 'a referenced object does not exist on the device',
    hint: 'unfound',
  },
  {
    text: /(unable to (find|locate)|requested component) [^]*\/|\/\S+[^]*(was not found|does not exist)/i,
    code: 'BIP424',
    fault: 'content',
    says: 'a referenced object does not exist on the device',
  },
  {
    status: [422, 400],
    text: NAMED,
    code: 'BIP420',
    fault: 'content',
    says: 'AS3 refuses the declaration',
  },
  { status: [503, 408], code: 'BIP503', fault: 'transient', says: 'the device is busy' },
  {
    status: [500, 502, 504],
    code: 'BIP505',
    fault: 'ambiguous',
    says: 'the device failed while processing the request',
    hint: 'inner',
  },
];

const UNKNOWN: Row = {
  code: 'BIP509',
  fault: 'ambiguous',
  says: 'the device failed without naming anything in the declaration',
  hint: 'inner',
};

function find(rows: readonly Row[], status: number, text: string): Row | undefined {
  const fits = (row: Row): boolean =>
    (row.status?.includes(status) ?? true) && (row.text?.test(text) ?? true);
  return rows.find(fits);
}

/** The typed error of an unsuccessful answer. */
export function faultOf(
  device: string,
  request: DeviceRequest,
  answer: DeviceResponse,
): DeviceError {
  const isDeclare = request.path.startsWith('/mgmt/shared/appsvcs/declare');
  const row =
    find(ANSWERS, answer.status, answer.text) ??
    (isDeclare
      ? UNKNOWN
      : { code: 'BIP420', fault: 'content', says: `unexpected status ${answer.status}` });
  // Only writes can have an unknown outcome, and only a declaration can be refused for its content.
  const fault =
    request.method === 'GET' && (row.fault === 'ambiguous' || row.fault === 'content')
      ? 'transient'
      : row.fault;
  return new DeviceError(
    row.code,
    fault,
    `${device}: ${row.says} (${request.method} ${request.path.split('?')[0]}: HTTP ${answer.status})`,
    {
      response: wordsOf(answer),
      after: answer.retryAfter,
      inner: row.code === 'BIP509' ? innerCallOf(answer.text) : undefined,
      ...(fault === row.fault && { hint: row.hint }),
    },
  );
}

/** A body that should be JSON and is not: truncated, or an HTML page. */
export function isUnreadable({ text, json }: DeviceResponse): boolean {
  return text !== '' && json === undefined;
}

/** The typed error of a tenant's result; undefined for success and "no change". */
export function faultOfResult(
  device: string,
  partition: string,
  result: TenantResult,
): DeviceError | undefined {
  if (result.code >= 200 && result.code < 300) return undefined;
  const words = [result.message, result.response].filter(Boolean).join(': ');
  const row = find(RESULTS, result.code, words) ?? UNKNOWN;
  const inner = row.code === 'BIP509' ? innerCallOf(words) : undefined;
  const says = inner === undefined ? row.says : `${row.says} (${callInWords(inner)})`;
  return new DeviceError(row.code, row.fault, `${device}, partition ${partition}: ${says}`, {
    response: words,
    hint: row.hint,
    inner,
  });
}

/** The message in an answer, which may come from the device or a proxy. */
export function wordsOf(answer: DeviceResponse): string {
  const { message, errors } = Complaint.safeParse(answer.json).data ?? {};
  const parts = [message, ...(Array.isArray(errors) ? errors : [])].filter(
    (p) => typeof p === 'string',
  );
  return parts.length > 0 ? parts.join('; ') : answer.text;
}
