/**
 * Everything is printed by terminal.ts, so that foreign text never reaches a terminal unescaped.
 * Seen red with a `console.log` in a command.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../../..');
const SEAM = 'shared/telemetry/terminal.ts';
// The folder and the key of the configuration that are called console are none.
const AROUND =
  /\bconsole\s*(?:\.\s*(?:log|info|warn|error|debug|trace|dir|table|assert|clear|Console|(?:group|count|time|profile)\w*)\b|\[\s*['"`])|\bprocess\s*[.[]\s*['"]?(?:stdout|stderr)\b|from 'node:(?:console|tty|readline|readline\/promises)'|\bwriteSync\(\s*[12]\b|\/dev\/(?:std|tty)/;

const sources = ['functions', 'shared'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name)),
);

test('only shared/telemetry/terminal.ts writes to standard output and standard error', () => {
  expect(sources).toContain(SEAM);
  expect(
    sources.filter((file) => file !== SEAM && AROUND.test(readFileSync(join(root, file), 'utf8'))),
  ).toEqual([]);
});

test('a write that bypasses it is found', () => {
  for (const text of [
    "console.log('x')",
    'console["error"](x)',
    'console\n  .warn(x)',
    'const say = console.log;',
    'process.stdout.write(x)',
    "process['stderr'].write(x)",
    "import { WriteStream } from 'node:tty'",
    'writeSync(1, x)',
    "writeFileSync('/dev/stdout', x)",
  ])
    expect(AROUND.test(text)).toBe(true);
});

test('whatever a logger writes goes through the same escapes', () => {
  expect(readFileSync(join(root, 'shared/telemetry/logger.ts'), 'utf8')).toMatch(
    /streamWrite: visibleJson/,
  );
  const elsewhere = sources.filter(
    (file) =>
      file !== 'shared/telemetry/logger.ts' &&
      /from 'pino'/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(elsewhere).toEqual([]);
});

test('only the recorder writes Kubernetes Events', () => {
  const writers = sources.filter((file) =>
    /\.(?:create|merge)\(EVENTS\b/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(writers).toEqual(['functions/watch/report/event-store.ts']);
  expect(readFileSync(join(root, 'functions/watch/report/event-recorder.ts'), 'utf8')).toContain(
    'messages.map(withVisibleText)',
  );
});
