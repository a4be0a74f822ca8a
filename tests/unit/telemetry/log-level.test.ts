import { expect, test } from '@jest/globals';
import { LOG_LEVELS, logLevelOf, parseLogLevel } from '../../../shared/telemetry/logger.ts';

test.each(LOG_LEVELS.map((level) => [level]))(
  'the log level %s is known on the command line and in the environment',
  (level) => {
    expect(parseLogLevel(level)).toBe(level);
    expect(logLevelOf({ SLUICE_LOG_LEVEL: level })).toBe(level);
  },
);

test('another value on the command line is refused with the known ones', () => {
  expect(() => parseLogLevel('verbose')).toThrow(
    'unknown log level "verbose"; use one of debug, info, warn, error, silent',
  );
});

test('another value in the environment does not stop the process: it means info', () => {
  expect(logLevelOf({ SLUICE_LOG_LEVEL: 'verbose' })).toBe('info');
  expect(logLevelOf({})).toBe('info');
});
