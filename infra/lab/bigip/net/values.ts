/** Reads the values in the bodies of writes to network objects. */
import type { Json } from '../json.ts';
import { textOf } from '../json.ts';
import { McpError } from '../ltm/error.ts';
import { formatAddress, formatBlock, networkOf, parseAddress, parseBlock } from './address.ts';

/** iControl REST itself refuses it, without a code of mcpd. */
export function invalidValue(property: string, value: unknown): McpError {
  return new McpError(400, undefined, `invalid property value "${property}":"${textOf(value)}"`);
}

/** Refuses properties that only `create` takes, even with the value that they have. */
export function refuseChanges(body: Json, properties: readonly string[]): void {
  const property = properties.find((one) => body[one] !== undefined);
  if (property !== undefined)
    throw new McpError(
      400,
      undefined,
      `"${property}" may not be specified in the context of the "modify" command. ` +
        `"${property}" may be specified using the following commands: create, list, show`,
    );
}

/** Undefined if it is absent. Throws 400 for what is no text. */
export function textIn(body: Json, property: string): string | undefined {
  const value = body[property];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalidValue(property, value);
  return value;
}

/** Undefined if it is absent. Throws 400 for what is no whole number from 0. */
export function numberIn(body: Json, property: string): number | undefined {
  const value = body[property];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw invalidValue(property, value);
  return value;
}

const MAC = /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}$/;

/** In the form that BIG-IP shows: lower case with two digits each. */
export function macIn(value: unknown, property: string): string {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (!MAC.test(text)) throw invalidValue(property, value);
  return text
    .split(':')
    .map((part) => part.padStart(2, '0'))
    .join(':');
}

/** In its canonical form; `%0` is not shown. */
export function addressIn(body: Json, property: string, family?: 4 | 6): string {
  const value = body[property];
  const placed = typeof value === 'string' ? parseAddress(value) : undefined;
  if (placed === undefined || (family !== undefined && placed.ip.family !== family))
    throw invalidValue(property, value);
  return formatAddress(placed);
}

/** An address with the length of its network. */
export function blockIn(body: Json, property: string): string {
  const value = body[property];
  const block = typeof value === 'string' ? parseBlock(value) : undefined;
  if (block === undefined) throw invalidValue(property, value);
  return formatBlock(block);
}

/** `default` and `default-inet6` are the networks of all addresses. */
const DEFAULTS: Readonly<Record<string, string>> = {
  default: '0.0.0.0',
  'default-inet6': '::',
};

/** A network, which must have no host bits. */
export function networkIn(body: Json, property: string): string {
  const given = textIn(body, property) ?? '';
  const [, word = '', domain = ''] = /^(default(?:-inet6)?)(%\d+)?$/.exec(given) ?? [];
  const block = parseBlock(word === '' ? given : `${DEFAULTS[word]}${domain}/0`);
  if (block === undefined || networkOf(block) !== formatBlock(block))
    throw invalidValue(property, given);
  return networkOf(block);
}
