import { describe, expect, test } from '@jest/globals';
import { createLogger, logLevelOf, type LogLevel } from '../../../shared/telemetry/logger.ts';

function logged(
  level: LogLevel,
  write: (log: ReturnType<typeof createLogger>) => void,
): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLogger(level, { write: (line: string) => lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('log lines', () => {
  test('are one JSON object each, with level, time, fields and message', () => {
    const [line] = logged('info', (log) =>
      log.child({ function: 'map' }).info({ owner: 'east/a/b' }, 'mapped'),
    );
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      function: 'map',
      owner: 'east/a/b',
      msg: 'mapped',
    });
  });

  test('contain no control characters, and the same data', () => {
    const owner = 'east/\u001B[2J\u009B31m\u202E\u007F\u2028/gw';
    const lines: string[] = [];
    createLogger('info', { write: (line: string) => lines.push(line) }).info(
      { owner },
      'mapped \u0085',
    );
    expect(lines.join('')).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(lines.join(''))).toMatchObject({ owner, msg: 'mapped \u0085' });
  });

  test('below the level are not written', () => {
    expect(
      logged('warn', (log) => {
        log.debug({}, 'd');
        log.info({}, 'i');
        log.warn({}, 'w');
        log.error({}, 'e');
      }).map((line) => line['msg']),
    ).toEqual(['w', 'e']);
  });

  test.each([
    ['at the top', { password: 'canary' }],
    ['in an object', { device: { password: 'canary', token: 'canary' } }],
    ['deep inside', { a: { b: { authorization: 'canary' } } }],
    ['deeper inside', { a: { b: { c: { Authorization: 'canary' } } } }],
    [
      'in headers of a request',
      {
        request: {
          headers: {
            'x-f5-auth-token': 'canary',
            'X-F5-Auth-Token': 'canary',
            'set-cookie': 'canary',
            cookie: 'canary',
          },
        },
      },
    ],
    [
      'in AWS credentials',
      { credentials: { accessKeyId: 'canary', secretAccessKey: 'canary', sessionToken: 'canary' } },
    ],
  ])('contain no secret %s', (_where, fields) => {
    const [line] = logged('info', (log) => log.info(fields, 'done'));
    expect(JSON.stringify(line)).not.toContain('canary');
    expect(JSON.stringify(line)).toContain('[removed]');
  });

  test('contain the description of an error, but not its other fields', () => {
    const cause = new TypeError('no such host');
    const error = Object.assign(new Error('unreachable', { cause }), {
      name: 'QueueError',
      code: 'Q601',
      request: { headers: { Cookie: 'canary' } },
    });
    const [line] = logged('info', (log) => log.error({ err: error }, 'failed'));
    expect(line?.['err']).toEqual({
      type: 'QueueError',
      message: 'unreachable',
      code: 'Q601',
      cause: 'TypeError: no such host',
      stack: expect.stringContaining('unreachable'),
    });
    expect(JSON.stringify(line)).not.toContain('canary');
  });

  test.each([
    ['debug', 'debug'],
    ['silent', 'silent'],
    ['loud', 'info'],
    [undefined, 'info'],
  ])('SLUICE_LOG_LEVEL=%s means %s', (named, level) => {
    expect(logLevelOf({ SLUICE_LOG_LEVEL: named })).toBe(level);
  });
});
