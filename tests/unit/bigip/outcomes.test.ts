import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { trim } from '../../../shared/device/errors.ts';
import { faultOf, faultOfResult, wordsOf } from '../../../shared/bigip/rest/outcomes.ts';
import { CODES } from '../../../shared/domain/codes/index.ts';

const result = (code: number, message: string, response?: string) =>
  faultOfResult('bigip-1', 'k8s', {
    code,
    message,
    ...(response === undefined ? {} : { response }),
  });

describe('what the result of a tenant means', () => {
  test.each([
    [
      422,
      'The hash you submitted does not match the current declaration',
      undefined,
      'BIP430',
      'transient',
    ],
    [422, 'TMSH CLI script taking longer than expected', undefined, 'BIP505', 'ambiguous'],
    [
      422,
      'declaration failed',
      '01070333:3: Virtual Server /k8s/a illegally shares destination address',
      'BIP422',
      'content',
    ],
    [
      422,
      'declaration failed',
      '0107176c:3: Invalid Virtual Address, the IP address 10.0.0.1 already exists',
      'BIP423',
      'content',
    ],
    [
      422,
      'declaration failed',
      '01020036:3: The requested rule (/Common/x) was not found',
      'BIP424',
      'content',
    ],
    [422, 'declaration failed', '01070734:3: Configuration error', 'BIP421', 'content'],
    [422, 'declaration is invalid', undefined, 'BIP420', 'content'],
    [
      503,
      'Error: Configuration operation in progress on device localhost, please try again in 2 minutes',
      undefined,
      'BIP503',
      'transient',
    ],
    [500, 'anything', undefined, 'BIP505', 'ambiguous'],
  ])('%d %s %s is %s, %s', (code, message, response, expected, fault) => {
    expect(result(code, message, response)).toMatchObject({ code: expected, fault });
  });

  test.each([
    ['TMSH CLI script taking longer than expected', 'slow'],
    [
      '01020066:3: The requested Pool Member (/k8s/gw/pool /k8s/10.0.0.1 80) already exists in partition k8s.',
      'raced',
    ],
    [
      '01020036:3: The requested Pool Member (/k8s/gw/pool /k8s/10.0.0.1 80) was not found.',
      'raced',
    ],
    ['01020036:3: The requested rule (/Common/x) was not found.', undefined],
  ])('%s: a hint on how to proceed', (response, hint) => {
    expect(result(422, 'declaration failed', response)).toMatchObject({ hint });
  });

  test('success and "no change" are no fault', () => {
    expect(result(200, 'success')).toBeUndefined();
    expect(result(200, 'no change')).toBeUndefined();
  });
});

/**
 * Recorded responses of AS3 3.56 when one of its own calls inside the device fails.
 */
interface Recorded {
  readonly inner: string;
  readonly innerCode: number;
  /** How often AS3 called it. */
  readonly calls: number;
  readonly code: number;
  readonly message: string;
  readonly response?: string;
}
const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): readonly Recorded[] =>
  JSON.parse(readFileSync(path, 'utf8')) as readonly Recorded[];
const recorded = read(join(ROOT, 'tests/fixtures/as3-inner-faults.json'));

/** Responses whose text alone does not reveal the fault. */
function hidden({ inner, innerCode }: Recorded): object | undefined {
  // AS3 reports the fault as a missing object; apply checks whether the object exists.
  if (inner === '/tm/ltm/rule') return { code: 'BIP424', fault: 'content', hint: 'unfound' };
  // AS3 takes 404 for "no pools" and creates existing ones; apply declares once more, and then
  // without any change.
  if (inner === '/tm/ltm/pool' && innerCode === 404)
    return { code: 'BIP421', fault: 'content', hint: 'raced' };
  if (inner === '/tm/task/sys/config')
    return { code: 'BIP509', fault: 'ambiguous', hint: 'unsaved' };
  return undefined;
}

describe("a fault of AS3's own calls inside the device is never taken for bad content", () => {
  test.each(
    recorded
      .filter(({ calls }) => calls > 0)
      .map((one) => [`${one.inner} ${one.innerCode}`, one] as const),
  )('%s', (_name, one) => {
    const error = result(one.code, one.message, one.response);
    if (one.code === 200) expect(error).toBeUndefined();
    else
      expect(error).toMatchObject(
        hidden(one) ?? {
          code: 'BIP509',
          fault: 'ambiguous',
          hint: 'inner',
          inner: { status: one.innerCode, endpoint: expect.stringContaining('/mgmt/') },
          message: expect.stringContaining(`HTTP ${one.innerCode}`),
        },
      );
  });

  test('the recording contains all calls', () => {
    expect(recorded.filter(({ calls }) => calls > 0)).toHaveLength(17 * 7);
    const reference = join(ROOT, '../shared/reference/as3-inner-faults.json');
    if (existsSync(reference)) expect(recorded).toEqual(read(reference));
  });

  const post = 'POST http://admin:XXXXXX@localhost:8100/mgmt/tm/task/cli/script run cli script';
  test.each([
    [
      'no answer',
      400,
      `${post} failed (connect ECONNREFUSED 127.0.0.1:8100)`,
      { endpoint: '/mgmt/tm/task/cli/script', method: 'POST' },
    ],
    [
      'an HTML page',
      400,
      `${post} response=500 body="<html>error</html>"`,
      { endpoint: '/mgmt/tm/task/cli/script', method: 'POST', status: 500 },
    ],
    [
      'a body with the words "not found"',
      400,
      `${post} response=404 body={"message":"The requested task was not found"}`,
      { status: 404 },
    ],
    [
      'busy for too long',
      400,
      'got unwanted redirect getting BIG-IP config from localhost',
      undefined,
    ],
    ['a script without a message', 422, 'TMSH CLI script failed during execution', undefined],
    [
      'mcpd not running',
      500,
      'GET http://admin:XXXXXX@localhost:8100/mgmt/tm/ltm/node query response=400 ' +
        'body={"message":"0107167d:3: Data publisher not found or not implemented when ' +
        'processing request"}',
      { endpoint: '/mgmt/tm/ltm/node', status: 400 },
    ],
    [
      'a database that is full',
      422,
      '01070710:3: Database error (13), Cannot update_indexes/checkpoint DB object',
      undefined,
    ],
    ['an unknown sentence', 400, 'the moon is in the wrong quarter', undefined],
    ['nothing at all', 422, '', undefined],
  ])('%s', (_name, code, response, inner) => {
    const error = result(code, 'declaration failed', response);
    expect(error).toMatchObject({ code: 'BIP509', fault: 'ambiguous', hint: 'inner' });
    if (inner) expect(error?.inner).toMatchObject(inner);
    else expect(error?.inner).toBeUndefined();
  });

  test.each(
    recorded
      .filter(({ response, message }) => /response=/.test(`${message}${response}`))
      .map((one) => [`${one.inner} ${one.innerCode}`, one] as const),
  )(
    "%s, with mcpd's own code in the body, concerns the content",
    (_name, { code, message, response }) => {
      const withCode = (words: string | undefined): string | undefined =>
        words?.replace(
          'injected fault',
          "01070734:3: Configuration error: Can't associate the rule",
        );
      expect(result(code, withCode(message)!, withCode(response))).toMatchObject({
        code: 'BIP421',
        fault: 'content',
      });
    },
  );

  test.each([
    ['/k8s/gw-172.16.100.195-80-tcp/virtual/profileTCP: should be object', 'BIP420'],
    ['declaration is invalid; /k8s: should NOT have additional properties', 'BIP420'],
    ['declaration has duplicate values in virtualAddress', 'BIP420'],
    ['Path /k8s/gw-172.16.100.195-80-tcp/virtual is longer than 195 characters', 'BIP420'],
    ['Unable to find /Common/r1 for /k8s/gw-1/virtual/iRules/0', 'BIP424'],
    [
      '/k8s/gw-1/pool/members/0/serverAddresses/0 static address 10.0.0.1 conflicts with bigip node /one/10.0.0.1',
      'BIP423',
    ],
  ])("AS3's own messages about the content concern the content: %s", (message, code) => {
    expect(result(422, message)).toMatchObject({ code, fault: 'content' });
  });
});

describe('the meaning of a complete response', () => {
  test.each([
    [
      'GET',
      400,
      '{"message":"user sluice has reached maximum active login tokens"}',
      'BIP506',
      'transient',
    ],
    ['GET', 401, '{"message":"X-F5-Auth-Token has expired."}', 'BIP401', 'device'],
    ['POST', 403, '{}', 'BIP403', 'device'],
    [
      'POST',
      404,
      '{"message":"Public URI path not registered: /shared/appsvcs/declare"}',
      'BIP404',
      'device',
    ],
    ['POST', 413, '<html>Request Entity Too Large</html>', 'BIP454', 'content'],
    [
      'POST',
      503,
      '{"message":"There is an active asynchronous task executing."}',
      'BIP503',
      'transient',
    ],
    ['POST', 503, '<html><body>503 Service Unavailable</body></html>', 'BIP504', 'transient'],
    ['POST', 500, '<html>AsyncContext timeout</html>', 'BIP505', 'ambiguous'],
    [
      'POST',
      500,
      '{"code":500,"message":"GET ' +
        'http://admin:XXXXXX@localhost:8100/mgmt/tm/sys/provision query target BIG-IP ' +
        'provisioning response=500 body={}"}',
      'BIP509',
      'ambiguous',
    ],
    ['POST', 409, '{"message":"an unknown sentence"}', 'BIP509', 'ambiguous'],
    // A read cannot have changed anything.
    ['GET', 500, '<html>AsyncContext timeout</html>', 'BIP505', 'transient'],
  ] as const)('%s %d %s is %s, %s', (method, status, text, code, fault) => {
    const error = faultOf(
      'bigip-1',
      { method, path: '/mgmt/shared/appsvcs/declare/x?y=z' },
      { status, text, json: undefined },
    );
    expect(error).toMatchObject({ code, fault });
    expect(error.message).toContain('bigip-1');
  });

  test('every code that a result can have is in the table of codes, with its remedy', () => {
    const sources = ['bigip/rest/outcomes.ts', 'device/errors.ts'].map((file) =>
      readFileSync(new URL(`../../../shared/${file}`, import.meta.url), 'utf8'),
    );
    const codes = new Set(sources.flatMap((text) => text.match(/BIP\d{3}/g) ?? []));
    expect([...codes]).toEqual(expect.arrayContaining(['BIP401', 'BIP421', 'BIP454', 'BIP508']));
    expect([...codes].filter((code) => !/\w{3}.*[.)]$/.test(CODES[code]?.fix ?? ''))).toEqual([]);
  });

  test("the device's messages are shortened and stripped of markup", () => {
    expect(trim('<html><b>Service</b>\n Unavailable</html>')).toBe('Service Unavailable');
    expect(trim('x'.repeat(5000)).length).toBeLessThan(700);
  });
});

test('only the message of an iControl error is quoted, not its JSON', () => {
  const text =
    '{"code":404,"message":"01020036:3: The requested iRule (/Common/geo) was not ' +
    'found.","errorStack":[],"apiError":3}';
  const answer = { status: 404, text, json: JSON.parse(text) as unknown, headers: {} };
  expect(wordsOf(answer)).toBe('01020036:3: The requested iRule (/Common/geo) was not found.');
  expect(wordsOf({ ...answer, text: 'plain', json: undefined })).toBe('plain');
});
