import { describe, expect, test } from '@jest/globals';
import { trim } from '../../../shared/bigip/errors.ts';
import { faultOf, faultOfResult } from '../../../shared/bigip/outcomes.ts';
import { CODES } from '../../../shared/domain/codes/index.ts';

const result = (code: number, message: string, response?: string) => faultOfResult('bigip-1', 'k8s', { code, message, ...(response === undefined ? {} : { response }) });

describe('what the result of a tenant means', () => {
  test.each([
    [422, 'The hash you submitted does not match the current declaration', undefined, 'BIP430', 'transient'],
    [422, 'TMSH CLI script taking longer than expected', undefined, 'BIP505', 'ambiguous'],
    [422, 'declaration failed', '01070333:3: Virtual Server /k8s/a illegally shares destination address', 'BIP422', 'content'],
    [422, 'declaration failed', '0107176c:3: Invalid Virtual Address, the IP address 10.0.0.1 already exists', 'BIP423', 'content'],
    [422, 'declaration failed', '01020036:3: The requested rule (/Common/x) was not found', 'BIP424', 'content'],
    [422, 'declaration failed', '01070734:3: Configuration error', 'BIP421', 'content'],
    [422, 'declaration is invalid', undefined, 'BIP420', 'content'],
    [503, 'Error: Configuration operation in progress on device localhost, please try again in 2 minutes', undefined, 'BIP503', 'transient'],
    [500, 'anything', undefined, 'BIP505', 'ambiguous'],
  ])('%d %s %s is %s, %s', (code, message, response, expected, fault) => {
    expect(result(code, message, response)).toMatchObject({ code: expected, fault });
  });

  test.each([
    ['TMSH CLI script taking longer than expected', 'slow'],
    ['01020066:3: The requested Pool Member (/k8s/gw/pool /k8s/10.0.0.1 80) already exists in partition k8s.', 'raced'],
    ['01020036:3: The requested Pool Member (/k8s/gw/pool /k8s/10.0.0.1 80) was not found.', 'raced'],
    ['01020036:3: The requested rule (/Common/x) was not found.', undefined],
  ])('%s: a hint how to go on', (response, hint) => {
    expect(result(422, 'declaration failed', response)).toMatchObject({ hint });
  });

  test('success and "no change" are no fault', () => {
    expect(result(200, 'success')).toBeUndefined();
    expect(result(200, 'no change')).toBeUndefined();
  });
});

describe('what an answer as a whole means', () => {
  test.each([
    ['GET', 400, '{"message":"user sluice has reached maximum active login tokens"}', 'BIP506', 'transient'],
    ['GET', 401, '{"message":"X-F5-Auth-Token has expired."}', 'BIP401', 'device'],
    ['POST', 403, '{}', 'BIP403', 'device'],
    ['POST', 404, '{"message":"Public URI path not registered: /shared/appsvcs/declare"}', 'BIP404', 'device'],
    ['POST', 413, '<html>Request Entity Too Large</html>', 'BIP454', 'content'],
    ['POST', 503, '{"message":"There is an active asynchronous task executing."}', 'BIP503', 'transient'],
    ['POST', 503, '<html><body>503 Service Unavailable</body></html>', 'BIP504', 'transient'],
    ['POST', 500, '<html>AsyncContext timeout</html>', 'BIP505', 'ambiguous'],
    // Reading cannot have done anything.
    ['GET', 500, '<html>AsyncContext timeout</html>', 'BIP505', 'transient'],
  ] as const)('%s %d %s is %s, %s', (method, status, text, code, fault) => {
    const error = faultOf('bigip-1', { method, path: '/mgmt/x?y=z' }, { status, text, json: undefined });
    expect(error).toMatchObject({ code, fault });
    expect(error.message).toContain('bigip-1');
  });

  test('every code that can come out is in the table of codes with its remedy', () => {
    for (const code of ['BIP401', 'BIP402', 'BIP403', 'BIP404', 'BIP420', 'BIP421', 'BIP422', 'BIP423', 'BIP424', 'BIP430', 'BIP440', 'BIP501', 'BIP502', 'BIP503', 'BIP504', 'BIP505', 'BIP506']) {
      expect(CODES[code]?.fix).toBeTruthy();
    }
  });

  test("the device's words are kept short and free of markup", () => {
    expect(trim('<html><b>Service</b>\n Unavailable</html>')).toBe('Service Unavailable');
    expect(trim('x'.repeat(5000)).length).toBeLessThan(700);
  });
});
