/** Makes the calls, and says what came back. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Body } from '../../integration/lab-kubernetes/client.ts';
import { plain, viewed } from './normal.ts';
import { mapped, type Row } from './rows.ts';
import type { Answer, Subject } from './subject.ts';

type Bodies = Map<string, Body>;

function filled(value: unknown, bodies: Bodies): unknown {
  return mapped(value, (text) =>
    text.replace(/\{\{([\w-]+)\.([\w.]+)\}\}/g, (_, name: string, path: string) =>
      String(path.split('.').reduce<Body>((inner, key) => inner?.[key], bodies.get(name))),
    ),
  );
}

function frame({ type, object }: Body): unknown {
  const { kind, code, reason, message, metadata = {} } = object;
  const { name, finalizers, labels, deletionTimestamp } = metadata;
  const deleting = deletionTimestamp !== undefined;
  return { type, kind, code, reason, message, name, deleting, finalizers, labels };
}

/** The frames of a watch that the server ends, and whether each is newer than the one before. */
async function frames(subject: Subject, path: string): Promise<unknown> {
  const { code, text } = await subject.send('GET', path);
  // The recorder failed at an answer without frames.
  if (code !== 200) return { frames: [{ status: code }, { end: 'TypeError' }], ascending: true };
  const seen: readonly Body[] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const versions = seen.flatMap(({ object }) =>
    object.metadata?.resourceVersion === undefined ? [] : [Number(object.metadata.resourceVersion)],
  );
  const ascending = versions.every((version, at) => at === 0 || version > (versions[at - 1] ?? 0));
  return { frames: [{ status: 200 }, ...seen.map(frame)], ascending };
}

const PATIENCE = 50;

async function answerOnce(subject: Subject, asked: Row): Promise<Answer> {
  const { method = 'GET', path = '', type, accept, body, pauseMs = 0 } = asked;
  if (pauseMs > 0) await pause(pauseMs);
  return subject.send(method, path, { type, accept, body: type === undefined ? undefined : body });
}

async function ask(subject: Subject, asked: Row): Promise<Answer> {
  const { until } = asked;
  const answer = await answerOnce(subject, asked);
  if (until === undefined) return answer;
  for (let tries = 0; tries < PATIENCE; tries += 1) {
    const again = await answerOnce(subject, asked);
    if (again.body?.metadata?.[until] !== undefined) return again;
    await pause(200);
  }
  return answer;
}

function versionOf(body: Body): string {
  return body?.metadata?.resourceVersion;
}

async function answerTo(subject: Subject, row: Row, bodies: Bodies): Promise<unknown> {
  const asked = filled(row, bodies) as Row;
  if (asked.watch !== undefined) return frames(subject, asked.watch);
  const { name = '' } = asked;
  const answer = await ask(subject, asked);
  const found: Body = answer.body ?? answer.text;
  bodies.set(name, found);
  if (name === 'ssa-noop-keeps-rv')
    return versionOf(found) === versionOf(bodies.get('ssa-add-port-again'));
  const { 'retry-after': wait = null, warning = null } = answer.headers;
  return { code: answer.code, retryAfter: wait, warning, body: viewed(name, found) };
}

/** The normalised answer to each call that has a name. */
export async function answersOf(
  subject: Subject,
  rows: readonly Row[],
): Promise<ReadonlyMap<string, unknown>> {
  const bodies: Bodies = new Map();
  const answers = new Map<string, unknown>();
  for (const row of rows) {
    const answer = await answerTo(subject, row, bodies);
    if (row.name !== undefined) answers.set(row.name, plain(answer));
  }
  return answers;
}
