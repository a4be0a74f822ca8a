/**
 * The calls of `fixtures/kubernetes-answers.json`, in their order, with the answers of a
 * kube-apiserver 1.32. `{{x*100}}` stands for a hundred x, `{{call.path}}` for a value from the
 * answer to an earlier call.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** A call; with `watch` it is a watch of that path. */
export interface Row {
  readonly name?: string;
  readonly method?: string;
  readonly path?: string;
  readonly type?: string;
  readonly body?: unknown;
  readonly accept?: string;
  readonly watch?: string;
  readonly answer?: unknown;
  /** Milliseconds before the call, for what the API server learns by a watch of its own. */
  readonly pauseMs?: number;
  /** Asked again until the answer has this property of its metadata. */
  readonly until?: string;
}

const FIXTURE = resolve(import.meta.dirname, '../../fixtures/kubernetes-answers.json');

export function readRows(): readonly Row[] {
  return mapped(JSON.parse(readFileSync(FIXTURE, 'utf8')), (text) =>
    text.replace(/\{\{(.)\*(\d+)\}\}/g, (_, letter: string, count: string) =>
      letter.repeat(Number(count)),
    ),
  ) as readonly Row[];
}

/** The value with every text in it replaced; keys stay. */
export function mapped(value: unknown, text: (value: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((inner) => mapped(inner, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mapped(inner, text)]),
  );
}
