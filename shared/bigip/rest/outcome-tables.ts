/**
 * The known answers of AS3 3.56, iControl REST and mcpd, with their meaning. In each table, the
 * first matching row decides.
 */
import type { DeviceErrorCode, FaultClass, FaultHint } from '../../device/errors.ts';
import { INNER_WORDS } from './inner-calls.ts';

/** An answer, by HTTP status and text; an absent condition matches everything. */
export interface OutcomeRow {
  /** Any of these. */
  readonly status?: readonly number[];
  /** Matches somewhere in the message of the device. */
  readonly text?: RegExp;
  /** For failures, Events and metrics. */
  readonly code: DeviceErrorCode;
  /** Decides what happens next, see {@link FaultClass}. */
  readonly fault: FaultClass;
  /** A clause for messages: lower case, no end mark. */
  readonly says: string;
  /** More that the answer says, see {@link FaultHint}. */
  readonly hint?: FaultHint;
}

/**
 * Answers to whole REST calls. What each status means for AS3 is in as3.md §1.3; errors of iControl
 * REST are in as3.md §5.2.
 */
export const ANSWER_ROWS: readonly OutcomeRow[] = [
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
export const RESULT_ROWS: readonly OutcomeRow[] = [
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

/** For results that no row matches. */
export const UNKNOWN: OutcomeRow = {
  code: 'BIP509',
  fault: 'ambiguous',
  says: 'the device failed without naming anything in the declaration',
  hint: 'inner',
};
