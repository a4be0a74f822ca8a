/** What a device shows after a step, flat and without what differs between any two devices. */
import * as z from 'zod';
import type { Answer, Subject } from './subject.ts';

/** Values as JSON, by their path within the part. */
export type Fields = Readonly<Record<string, string>>;
/** By `answer`, `declared` or the kind and the path of an object. */
export type Reading = Readonly<Record<string, Fields>>;

const KINDS = [
  'virtual',
  'pool',
  'node',
  'virtual-address',
  'snatpool',
  'monitor/http',
  'monitor/https',
  'monitor/tcp',
  'monitor/tcp-half-open',
  'monitor/udp',
  'monitor/gateway-icmp',
  'monitor/icmp',
];

/** Identities, times and links, which only one device has, or has in its own way. */
const IGNORED = new Set(
  (
    'selfLink generation kind link isSubcollection nameReference poolReference ver ' +
    'creationTime lastModifiedTime runTime host id declarationId archiveTimestamp ' +
    'archiveId created username version'
  ).split(' '),
);

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists of objects are compared by name, and other lists as a whole. */
export function flat(value: unknown, at = ''): Fields {
  if (Array.isArray(value) && value.some(isObject))
    return Object.assign(
      {},
      ...value.map((one: unknown, index) => flat(one, `${at}[${nameIn(one, index)}]`)),
    ) as Fields;
  if (!isObject(value)) return value === undefined ? {} : { [at]: JSON.stringify(value) };
  return Object.assign(
    {},
    ...Object.entries(value)
      .filter(([key]) => !IGNORED.has(key))
      .map(([key, inner]) => flat(inner, at === '' ? key : `${at}.${key}`)),
  ) as Fields;
}

function nameIn(one: unknown, index: number): string {
  const { fullPath, name, tenant } = isObject(one) ? one : {};
  const found = [fullPath, name, tenant].find((text) => typeof text === 'string');
  return typeof found === 'string' ? found : String(index);
}

/** The answer to a step: of each tenant what became of it, and of a look what was found. */
export function answerOf({ status, body }: Answer): Fields {
  const { results, declaration: _declaration, ...rest } = isObject(body) ? body : {};
  const said = Array.isArray(results) ? { results: results.map(spoken) } : spoken(rest);
  return { status: String(status), ...flat(said) };
}

/** Of an object, only what it says of a refusal: the objects are read on their own. */
function spoken(one: unknown): Json {
  if (!isObject(one)) return {};
  const { tenant, code, message, response, errors, lineCount, dryRun } = one;
  return {
    tenant,
    code,
    message: numberless(message),
    response: numberless(response),
    errors,
    lineCount,
    dryRun,
  };
}

/** Without the number that a device gives each of its calls. */
function numberless(text: unknown): unknown {
  return typeof text === 'string' ? text.replace(/"restOperationId":\d+,/, '') : text;
}

const Items = z
  .object({ items: z.array(z.looseObject({ fullPath: z.string() })).default([]) })
  .catch({ items: [] });

/** Of a list in iControl REST; none if the device refused it. */
export function itemsOf({ body }: Answer): z.infer<typeof Items>['items'] {
  return Items.parse(body).items;
}

function isShipped(path: string): boolean {
  return /^\/Common\/[a-zA-Z_]/.test(path);
}

/** All objects of LTM that a declaration can make. */
async function objectsOf({ send }: Subject): Promise<Reading> {
  const lists = await Promise.all(
    KINDS.map(async (kind) => {
      return itemsOf(await send('GET', `/mgmt/tm/ltm/${kind}?expandSubcollections=true`))
        .filter(({ fullPath }) => !isShipped(fullPath))
        .map((item) => [`${kind} ${item.fullPath}`, flat(item)] as const);
    }),
  );
  return Object.fromEntries(lists.flat());
}

/** What is stored of each tenant, and of the declaration around them. */
function declaredOf({ body }: Answer): Reading {
  if (!isObject(body)) return {};
  const isTenant = ([, value]: readonly [string, unknown]): boolean =>
    isObject(value) && value['class'] === 'Tenant';
  const entries = Object.entries(body);
  const tenants = entries.filter(isTenant);
  return {
    'declared ADC': flat(Object.fromEntries(entries.filter((one) => !isTenant(one)))),
    ...Object.fromEntries(tenants.map(([name, one]) => [`declared ${name}`, flat(one)])),
  };
}

/** Reads only. */
export async function readAfter(answer: Answer, subject: Subject): Promise<Reading> {
  const declared = declaredOf(await subject.send('GET', '/mgmt/shared/appsvcs/declare'));
  return { answer: answerOf(answer), ...declared, ...(await objectsOf(subject)) };
}
