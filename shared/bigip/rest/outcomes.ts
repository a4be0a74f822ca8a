/**
 * Converts answers of the device to typed errors, by the tables in `outcome-tables.ts`.
 */
import * as z from 'zod';
import type { TenantResult } from './answers.ts';
import { callInWords, DeviceError } from '../../device/errors.ts';
import { innerCallOf } from './inner-calls.ts';
import { ANSWER_ROWS, type OutcomeRow, RESULT_ROWS, UNKNOWN } from './outcome-tables.ts';
import type { DeviceRequest, DeviceResponse } from './transport.ts';

const Complaint = z.object({ message: z.unknown().optional(), errors: z.unknown().optional() });

/** The first row that matches status and text; a row without one of them matches any. */
function find(rows: readonly OutcomeRow[], status: number, text: string): OutcomeRow | undefined {
  const fits = (row: OutcomeRow): boolean =>
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
    find(ANSWER_ROWS, answer.status, answer.text) ??
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
  const row = find(RESULT_ROWS, result.code, words) ?? UNKNOWN;
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
