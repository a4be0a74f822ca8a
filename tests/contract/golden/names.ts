/** The names that people, alerts and programs rely on, as the present code has them. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Command } from 'commander';
import * as z from 'zod';
import { createMetrics } from '../../../functions/watch/serve/metrics.ts';
import { Memory } from '../../../shared/bigip/as3/memory.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { CODES } from '../../../shared/domain/codes/index.ts';
import { ANNOTATIONS } from '../../../shared/domain/exposure/sources/annotations.ts';
import { f5Schema } from '../../../shared/domain/exposure/sources/f5-schema.ts';
import { AuditEntry } from '../../../shared/failures/audit.ts';
import { OwnerHistory } from '../../../shared/failures/history.ts';
import { Evidence, FailureHead } from '../../../shared/failures/port.ts';
import { ReplayItem, ReplayJob } from '../../../shared/failures/replay/job.ts';
import { PolicyTurn } from '../../../shared/failures/replay/turns.ts';
import { DeadLetter } from '../../../shared/queue/dead-letter.ts';
import * as events from '../../../shared/queue/events.ts';
import { FUNCTIONS } from '../../../shared/queue/functions.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export type Names = Readonly<Record<string, readonly string[]>>;

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly prefixItems?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

/** `a.b[].c`, and for fixed words `a.b=word`. */
function pathsOf(node: Node, path: string): readonly string[] {
  const below = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(
    (form) => pathsOf(form, path),
  );
  const fields = Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    `${path}.${key}`,
    ...pathsOf(child, `${path}.${key}`),
  ]);
  const values =
    typeof node.additionalProperties === 'object'
      ? pathsOf(node.additionalProperties, `${path}.*`)
      : [];
  const words = [...(node.enum ?? []), ...(node.const === undefined ? [] : [node.const])].map(
    (word) => `${path}=${String(word)}`,
  );
  return [
    ...below,
    ...fields,
    ...values,
    ...(node.items === undefined ? [] : pathsOf(node.items, `${path}[]`)),
    ...words,
  ];
}

function fieldsOf(schema: z.ZodType, name: string): readonly string[] {
  return pathsOf(
    z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Node,
    name,
  );
}

function sources(
  ...folders: readonly string[]
): readonly { readonly file: string; readonly text: string }[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(folder, file),
    ),
  );
  return files
    .filter((file) => /\.(ts|cjs)$/.test(file))
    .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));
}

function matches(pattern: RegExp, ...folders: readonly string[]): readonly string[] {
  return sources(...folders).flatMap(({ text }) =>
    [...text.matchAll(pattern)].map((match) => match[1]!),
  );
}

async function program(): Promise<Command> {
  const root = new Command('sluice');
  const folder = join(ROOT, 'functions/cli/commands');
  for (const file of readdirSync(folder)) {
    const module = (await import(pathToFileURL(join(folder, file)).href)) as Record<
      string,
      unknown
    >;
    for (const [name, register] of Object.entries(module))
      if (name.startsWith('register')) (register as (program: Command) => void)(root);
  }
  return root;
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

/** `failures list`, its arguments and flags, and the exit codes that its help promises. */
function spelling(command: Command, before: string): readonly string[] {
  const name = `${before} ${command.name()}`.trim();
  const promised = /Exit code: (.*)/.exec(helpOf(command))?.[1] ?? '';
  const exits = [...promised.matchAll(/(?:^|, )(\d) /g)].map(
    (match) => `${name} exits ${match[1]}`,
  );
  const below = command.commands.flatMap((inner) => spelling(inner, name));
  return [
    name,
    ...command.registeredArguments.map((argument) => `${name} <${argument.name()}>`),
    ...command.options.map(({ flags }) => `${name} ${flags}`),
    ...exits,
    ...below,
  ];
}

/** Keys of the objects that are logged, by the text of the calls. */
function logFields(): readonly string[] {
  return sources('functions', 'shared').flatMap(({ text }) =>
    [...text.matchAll(/\blog\.(?:info|warn|error|debug)\(\s*\{/g)].flatMap((match) =>
      keysAt(text, match.index + match[0].length),
    ),
  );
}

/** Names at the first level of the object literal that begins there. */
function keysAt(text: string, start: number): readonly string[] {
  const keys: string[] = [];
  let [depth, from] = [0, start];
  for (let i = start; i < text.length; i++) {
    const c = text[i]!;
    if (depth === 0 && (c === ',' || c === '}')) {
      const key = /^\s*(\w+)/.exec(text.slice(from, i))?.[1];
      if (key !== undefined) keys.push(key);
      from = i + 1;
      if (c === '}') return keys;
    }
    if ('({['.includes(c)) depth += 1;
    if (')}]'.includes(c)) depth -= 1;
  }
  return keys;
}

function templateNames(): readonly string[] {
  process.env['SLUICE_CONFIG'] = join(ROOT, 'infra/aws/example.yaml');
  const require = createRequire(import.meta.url);
  const queues = require(join(ROOT, 'infra/aws/queues.cjs')) as () => {
    readonly Resources: Readonly<
      Record<string, { readonly Properties: { readonly QueueName?: string } }>
    >;
  };
  return Object.entries(queues().Resources).flatMap(([logical, { Properties }]) => [
    logical,
    ...(Properties.QueueName === undefined ? [] : [Properties.QueueName]),
  ]);
}

const EVENT_SCHEMAS = Object.entries({
  ...events.SNAPSHOT_EVENTS,
  ...events.SLICE_EVENTS,
  ...events.EXPRESS_EVENTS,
  ...events.SETTLED_EVENTS,
  ...events.RESYNC_EVENTS,
  ...events.AUDIT_EVENTS,
  ...events.STEERING_EVENTS,
  ...events.ABSENCE_EVENTS,
  [events.DEAD_LETTER]: DeadLetter,
});
const STORED = {
  head: FailureHead,
  evidence: Evidence,
  job: ReplayJob,
  item: ReplayItem,
  turn: PolicyTurn,
  audit: AuditEntry,
  story: OwnerHistory,
};

export async function presentNames(): Promise<Names> {
  const root = await program();
  const source = {
    states: () => [],
    epoch: () => undefined,
    isRefused: () => false,
    ahead: () => undefined,
    clock: { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() },
    samples: () => Promise.resolve([]),
  };
  const metrics = createMetrics(source).registry.getMetricsAsArray() as unknown as readonly {
    readonly name: string;
    readonly labelNames: readonly string[];
  }[];
  const all: Names = {
    codes: Object.keys(CODES),
    configuration: fieldsOf(SluiceConfig, ''),
    annotations: [
      ...ANNOTATIONS.map(({ name }) => name),
      ...matches(
        /'((?:sluice\.io|virtual-server\.f5\.com|cis\.f5\.com)\/[\w-]+)'/g,
        'functions/watch',
        'shared/domain',
        'shared/kubernetes',
      ),
    ],
    'F5 ConfigMaps': fieldsOf(f5Schema(7), ''),
    'event types and fields': EVENT_SCHEMAS.flatMap(([type, schema]) => [
      type,
      ...fieldsOf(schema, type),
    ]),
    'constants.sluice': fieldsOf(Memory, ''),
    'failure store': Object.entries(STORED).flatMap(([name, schema]) => fieldsOf(schema, name)),
    functions: FUNCTIONS.flatMap(({ name, queue }) => [name, `${name} of ${queue}`]),
    'stack resources and queues': templateNames(),
    'environment variables': [
      ...matches(
        /\benv(?:\.|\[')([A-Z][A-Z0-9_]+)\b/g,
        'functions',
        'shared',
        'infra/build',
        'infra/aws',
      ),
      ...matches(/'(SLUICE_[A-Z_]+)'/g, 'functions', 'shared', 'infra/aws'),
    ],
    'Event reasons': matches(/'([A-Z][a-z]+(?:[A-Z][a-z]+)*)'/g, 'functions/watch'),
    metrics: metrics.map(({ name }) => name),
    'metric labels': metrics.flatMap(({ labelNames }) => labelNames),
    'log fields': logFields(),
    commands: root.commands.flatMap((command) => spelling(command, '')),
    'field managers': matches(/_MANAGER = '([^']+)'/g, 'functions/watch', 'shared/kubernetes'),
    'paths of the watcher': matches(/'(\/(?:healthz|readyz|metrics))'/g, 'functions/watch'),
  };
  return Object.fromEntries(
    Object.entries(all).map(([list, names]) => [list, [...new Set(names)].toSorted()]),
  );
}
