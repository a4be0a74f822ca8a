/**
 * AS3 calls the device's own REST services. If such a call fails, AS3's answer names it; these are
 * the messages of AS3 3.56.
 */

import type { InnerCall } from '../../device/errors.ts';

const FAILED =
  /\b(GET|HEAD|POST|PUT|PATCH|DELETE) (?:https?:\/\/[^\s/]+)?(\/[^\s?]*)[^]*?(?:\bresponse=(\d{3})\b|\bfailed \()/;

/** Parses the call from AS3's message. */
export function innerCallOf(words: string): InnerCall | undefined {
  const [, method, endpoint, status] = FAILED.exec(words) ?? [];
  if (method === undefined || endpoint === undefined) return undefined;
  return { method, endpoint, ...(status === undefined ? {} : { status: Number(status) }) };
}

/**
 * Messages about a call inside the device or about AS3's own script, which name nothing in the
 * declaration.
 */
export const INNER_WORDS = new RegExp(
  [
    FAILED.source,
    'failure querying config',
    'failed to save BIG-IP config',
    'unable to retrieve declaration',
    'failed to get device type',
    'got (unwanted|invalid) redirect',
    'cannot parse (response|JSON)',
    'TMSH CLI script failed during execution',
    'Record no longer exists on BIG-IP for TMSH CLI script',
    'status: ?(5\\d\\d|40[1348])',
    'ECONNRESET|ECONNREFUSED|ETIMEDOUT|socket hang up',
  ].join('|'),
  'i',
);
