/** Reads the values in the bodies of writes. */
import type { LabRequest } from '../http-types.ts';
import type { Json } from '../json.ts';
import { isObject, textOf } from '../json.ts';
import { McpError } from './error.ts';
import type { AdminState, Metadata, MonitorRule, Session } from './model.ts';

/** Throws 400 unless the body is a JSON object. */
export function bodyOf(request: Pick<LabRequest, 'body'>): Json {
  if (!isObject(request.body))
    throw new McpError(400, '01070734:3', 'Configuration error: the body should be a JSON object');
  return request.body;
}

/** Throws 400 for a missing name. */
export function nameIn(body: Json): string {
  const { name } = body;
  if (typeof name !== 'string' || name === '')
    throw new McpError(
      400,
      '01070734:3',
      'Configuration error: one or more properties must be specified: name',
    );
  return name;
}

/** mcpd's 400 for a value that a property cannot have. */
export function badValue(property: string, value: unknown): McpError {
  return new McpError(
    400,
    '01070734:3',
    `Configuration error: invalid property value "${property}":"${textOf(value)}"`,
  );
}

function oneOf<T extends string>(
  body: Json,
  property: string,
  values: readonly T[],
): T | undefined {
  const value = body[property];
  if (value === undefined) return undefined;
  const found = values.find((known) => known === value);
  if (found === undefined) throw badValue(property, value);
  return found;
}

/** Only values that users may set: read-only values (`up`, `monitor-enabled`) are refused. */
export function adminOf(body: Json): { session?: Session; state?: AdminState } {
  const session = oneOf(body, 'session', ['user-enabled', 'user-disabled'] as const);
  const state = oneOf(body, 'state', ['user-up', 'user-down'] as const);
  return {
    ...(session === undefined ? {} : { session }),
    ...(state === undefined ? {} : { state }),
  };
}

/** These properties, if the body has them. Throws 400 for what is no whole number. */
export function numbers(body: Json, properties: readonly string[]): Json {
  return Object.fromEntries(
    properties.flatMap((property) => {
      const value = body[property];
      if (value === undefined) return [];
      if (typeof value !== 'number' || !Number.isInteger(value)) throw badValue(property, value);
      return [[property, value]];
    }),
  );
}

/** These properties, if the body has them. Throws 400 for what is no text. */
export function texts(body: Json, properties: readonly string[]): Json {
  return Object.fromEntries(
    properties.flatMap((property) => {
      const value = body[property];
      if (value === undefined) return [];
      if (typeof value !== 'string') throw badValue(property, value);
      return [[property, value]];
    }),
  );
}

const WORDS = { yes: ['yes', 'no'], enabled: ['enabled', 'disabled'] } as const;

/** Properties that are booleans in the model, with the word that means true. */
export function flags(body: Json, words: Readonly<Record<string, keyof typeof WORDS>>): Json {
  return Object.fromEntries(
    Object.entries(words).flatMap(([property, word]) => {
      const value = oneOf(body, property, WORDS[word]);
      return value === undefined ? [] : [[property, value === word]];
    }),
  );
}

/** An empty description removes the present one. */
export function withDescription<T extends { readonly description?: string }>(
  record: T,
  body: Json,
): T {
  const given = body['description'];
  if (given === undefined) return record;
  const { description: _old, ...rest } = record;
  return (
    given === '' || given === 'none' || given === null
      ? rest
      : { ...rest, description: textOf(given) }
  ) as T;
}

/** Undefined if the body has none, which leaves it as it is. */
export function metadataIn(body: Json): readonly Metadata[] | undefined {
  const { metadata } = body;
  if (!Array.isArray(metadata)) return undefined;
  return metadata.filter(isObject).map((entry) => ({
    name: textOf(entry['name']),
    value: textOf(entry['value']),
    persist: textOf(entry['persist'] ?? 'true') === 'true',
  }));
}

/** The same as a part of a record. */
export function metadataOf(body: Json): { metadata?: readonly Metadata[] } {
  const metadata = metadataIn(body);
  return metadata === undefined ? {} : { metadata };
}

/** Members and virtual servers without a limit show `disabled`. */
export function rateOf(body: Json): { rateLimit?: number } {
  const given = body['rateLimit'];
  if (given === undefined) return {};
  return { rateLimit: given === 'disabled' ? -1 : Number(given) };
}

/** The record with the monitors of the body, if it has some. */
export function monitored<T extends { readonly monitor?: MonitorRule }>(record: T, body: Json): T {
  if (body['monitor'] === undefined) return record;
  const { monitor: _old, ...rest } = record;
  const rule = monitorRule(body['monitor']);
  return (rule === undefined ? rest : { ...rest, monitor: rule }) as T;
}

/** From `/Common/tcp and /Common/http` or `min 1 of { … }`; undefined for `none` and `default`. */
export function monitorRule(value: unknown): MonitorRule | undefined {
  if (typeof value !== 'string' || value.trim() === '' || value === 'none') return undefined;
  if (value === 'default') return undefined;
  const minimum = /^min (\d+) of \{ (.*) \}$/.exec(value.trim());
  if (minimum?.[2] !== undefined)
    return { monitors: minimum[2].split(/\s+/), minimum: Number(minimum[1]) };
  return {
    monitors: value
      .trim()
      .split(/ and /)
      .map((path) => path.trim()),
    minimum: 'all',
  };
}
