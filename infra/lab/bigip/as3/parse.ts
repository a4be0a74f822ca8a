import type * as z from 'zod';
import { classOf, isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { APPLICATION_KEYS, Constants, ITEM_CLASSES, TENANT_KEYS } from './schema.ts';
import type { Item } from './schema.ts';

/** A parsed application: its objects by name. */
export interface Application {
  readonly name: string;
  readonly remark?: string;
  readonly items: ReadonlyMap<string, Item>;
}

/** A parsed tenant: what is rendered, and what `show=full` returns. */
export interface Tenant {
  readonly name: string;
  readonly applications: readonly Application[];
  /** With AS3's defaults, as `show=full` returns it. */
  readonly full: Json;
}

/** Refused by the schema or AS3's additional checks; `path` in AS3's format. */
export class Invalid extends Error {
  /** The tenant that the path starts with. */
  readonly tenant: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'Invalid';
    this.tenant = path.split('/')[1] ?? '';
  }
}

/** A property that its class does not have; AS3 names neither tenant nor path. */
export class UnknownProperty extends Invalid {
  constructor(path: string, name: string) {
    super(path, name);
    this.message = `Invalid data property: ${name}`;
    this.name = 'UnknownProperty';
  }
}

const TENANT_NAME = /^[A-Za-z][0-9A-Za-z_.-]*$/;
const ITEM_NAME = /^[A-Za-z]([0-9A-Za-z_.-]{0,188}[0-9A-Za-z_.])?$/;
const CONSTANT_NAME = /^[A-Za-z][0-9A-Za-z_]{0,63}$/;
const MAX_NAME_CHARACTERS = 190;

const TENANT_WORDS = new Set([...Object.keys(TENANT_KEYS.shape), 'constants']);
const APPLICATION_WORDS = new Set([...Object.keys(APPLICATION_KEYS.shape), 'constants']);

/** Throws `Invalid` with the path of the first wrong property, in the words of AS3. */
export function parseTenant(name: string, raw: unknown): Tenant {
  const path = `/${name}`;
  checkName(path, name, TENANT_NAME);
  const keys = parseWith(TENANT_KEYS, raw, path);
  parseConstants(keys['constants'], path);
  const parsed = Object.entries(keys)
    .filter(([key]) => !TENANT_WORDS.has(key))
    .map(([key, value]) => parseApplication(path, key, value));
  return {
    name,
    applications: keys.enable ? parsed.filter((p) => p.enabled).map((p) => p.application) : [],
    full: { ...keys, ...Object.fromEntries(parsed.map((p) => [p.application.name, p.full])) },
  };
}

interface ParsedApplication {
  readonly application: Application;
  readonly enabled: boolean;
  readonly full: Json;
}

function parseApplication(parent: string, name: string, raw: unknown): ParsedApplication {
  const path = `${parent}/${name}`;
  if (classOf(raw) !== 'Application')
    throw new Invalid(
      path,
      'should be an Application (only "constants" and applications may stand in a tenant)',
    );
  checkName(path, name, ITEM_NAME);
  const keys = parseWith(APPLICATION_KEYS, raw, path);
  if ((name === 'Shared') !== (keys.template === 'shared'))
    throw new Invalid(
      `${path}/template`,
      'should be "shared" for the application Shared and for no other',
    );
  parseConstants(keys['constants'], path);
  const items = new Map(
    Object.entries(keys)
      .filter(([key]) => !APPLICATION_WORDS.has(key))
      .map(([key, value]) => [key, parseItem(`${path}/${key}`, key, value)] as const),
  );
  const remark = keys.remark === undefined ? {} : { remark: keys.remark };
  return {
    application: {
      name,
      ...remark,
      items: new Map([...items].filter(([, item]) => enabled(item))),
    },
    enabled: keys.enable,
    full: { ...keys, ...Object.fromEntries(items) },
  };
}

function enabled(item: Item): boolean {
  return !('enable' in item) || item.enable;
}

function parseItem(path: string, name: string, raw: unknown): Item {
  const className = classOf(raw);
  if (className === undefined) throw new Invalid(path, "should have required property 'class'");
  const schema = ITEM_CLASSES[className as keyof typeof ITEM_CLASSES];
  if (schema === undefined)
    throw new Invalid(
      `${path}/class`,
      `"${className}" is not a class that the lab plays (${Object.keys(ITEM_CLASSES).join(', ')})`,
    );
  checkName(path, name, ITEM_NAME);
  return parseWith<z.ZodType<Item>>(schema, raw, path);
}

function checkName(path: string, name: string, pattern: RegExp): void {
  if (name.length > MAX_NAME_CHARACTERS || !pattern.test(name))
    throw new Invalid(
      path,
      `propertyName "${name}" should match pattern ${pattern.source} and be no longer than ${MAX_NAME_CHARACTERS}`,
    );
}

function parseConstants(raw: unknown, path: string): void {
  if (raw === undefined) return;
  const constants = parseWith(Constants, raw, `${path}/constants`);
  const wrong = Object.entries(constants).find(
    ([key, value]) => !CONSTANT_NAME.test(key) || value === null,
  );
  if (wrong !== undefined)
    throw new Invalid(
      `${path}/constants/${wrong[0]}`,
      `should be named ${CONSTANT_NAME.source} and not be null`,
    );
}

function parseWith<S extends z.ZodType>(schema: S, raw: unknown, path: string): z.infer<S> {
  if (!isObject(raw)) throw new Invalid(path, 'should be object');
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = unknownKey(issue);
  if (unknown !== undefined) throw new UnknownProperty(path, unknown);
  throw new Invalid([path, ...(issue?.path ?? []).map(String)].join('/'), problemOf(issue));
}

function unknownKey(issue: z.core.$ZodIssue | undefined): string | undefined {
  if (issue?.code === 'unrecognized_keys') return issue.keys[0];
  return issue?.code === 'invalid_union' ? unknownKey(issue.errors.flat()[0]) : undefined;
}

function problemOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'is not valid';
  if (issue.code === 'invalid_union') return problemOf(issue.errors.flat()[0]);
  return issue.message;
}
