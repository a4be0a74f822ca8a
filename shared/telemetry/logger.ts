/**
 * A logger for JSON lines on one stream. Without pino transports: their worker threads do not
 * survive bundling, and Lambda captures stdout.
 */
import { pino, type DestinationStream } from 'pino';
import { errorCode, errorMessage, errorName } from './errors.ts';
import type { Logger } from './log.ts';
import { visibleJson } from './visible.ts';

/** Levels of `SLUICE_LOG_LEVEL`. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** From the most to the least detailed. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** A safety net: values of fields with these names are removed. */
const SECRET_NAMES = [
  'password',
  'passphrase',
  'token',
  'secret',
  'authorization',
  'Authorization',
  'cookie',
  'credentials',
  'privateKey',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  '["x-f5-auth-token"]',
  '["X-F5-Auth-Token"]',
  '["set-cookie"]',
];
const DEPTHS = ['', '*', '*.*', '*.*.*'];

function pathsOf(name: string): readonly string[] {
  return DEPTHS.map((depth) =>
    name.startsWith('[') || depth === '' ? `${depth}${name}` : `${depth}.${name}`,
  );
}

/**
 * Logs only the explanatory fields: client errors contain whole requests, including credentials.
 */
function describe(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('stack' in error)) return error;
  const { stack } = error;
  const cause =
    'cause' in error && error.cause !== undefined
      ? { cause: `${errorName(error.cause)}: ${errorMessage(error.cause)}` }
      : {};
  return {
    type: errorName(error),
    message: errorMessage(error),
    code: errorCode(error),
    ...cause,
    stack,
  };
}

/**
 * Writes to `destination`, by default standard output. Values under names such as `password` are
 * removed.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    redact: { paths: SECRET_NAMES.flatMap(pathsOf), censor: '[removed]' },
    serializers: { err: describe, error: describe },
    formatters: { level: (label: string) => ({ level: label }) },
    // JSON.stringify leaves C1 controls and similar characters unescaped.
    hooks: { streamWrite: visibleJson },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** The level in `SLUICE_LOG_LEVEL`; `info` if it is missing or unknown. */
export function logLevelOf(env: Readonly<Record<string, string | undefined>>): LogLevel {
  return LOG_LEVELS.find((level) => level === env['SLUICE_LOG_LEVEL']) ?? 'info';
}

/** Parses a log level; throws if it is unknown. */
export function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined)
    throw new Error(
      `unknown log level ${JSON.stringify(text)}; use one of ${LOG_LEVELS.join(', ')}`,
    );
  return level;
}
