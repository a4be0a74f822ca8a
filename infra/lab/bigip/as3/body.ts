import { randomUUID } from 'node:crypto';
import type { Device } from '../device.ts';
import { classOf, isObject, ofClass, textOf, withoutKeys } from '../json.ts';
import type { Json } from '../json.ts';
import { Refused } from './answers.ts';
import type { Job } from './declare.ts';
import { applyJsonPatch } from './patch.ts';
import { currentOf, tenantsOf } from './stored.ts';

/** The parts of a request outside its body. */
export interface Frame {
  /** Tenants in the path; empty means all. */
  readonly scope: readonly string[];
  readonly query: URLSearchParams;
}

const ACTIONS = ['deploy', 'dry-run', 'patch', 'redeploy', 'retrieve', 'remove'];
const AS3_KEYS = new Set([
  'class',
  '$schema',
  'action',
  'redeployAge',
  'redeployUpdateMode',
  'persist',
  'syncToGroup',
  'historyLimit',
  'logLevel',
  'trace',
  'retrieveAge',
  'targetHost',
  'targetPort',
  'targetUsername',
  'targetPassphrase',
  'targetTokens',
  'targetTimeout',
  'resourceTimeout',
  'declaration',
  'patchBody',
]);
const ADC_KEYS = new Set([
  'class',
  '$schema',
  'updateMode',
  'schemaVersion',
  'id',
  'target',
  'label',
  'remark',
  'constants',
  'controls',
  'scratch',
]);

/** AS3's checks before those of its schema; the answer names neither host nor tenant. */
function invalidRequest(problem: string): Refused {
  return new Refused(422, `Invalid request: ${problem}`);
}

function noRequest(body: unknown): string {
  if (Array.isArray(body)) return '/: should be object';
  if (!isObject(body)) return '/declaration: should be object';
  return body['class'] === undefined
    ? "/declaration: should have required property 'class'"
    : '/class: should be equal to constant "AS3"';
}

function invalid(error: string): Refused {
  return new Refused(422, 'declaration is invalid', [error]);
}

/** The job that a body requests, or `retrieve`. */
export function jobOf(device: Device, body: unknown, frame: Frame): Job | 'retrieve' {
  if (classOf(body) === 'ADC') return deploy(device, { class: 'AS3' }, body as Json, frame);
  if (classOf(body) !== 'AS3') throw invalidRequest(noRequest(body));
  const wrapper = body as Json;
  const unknown = Object.keys(wrapper).find((key) => !AS3_KEYS.has(key));
  if (unknown !== undefined) throw invalid(`: should NOT have additional properties (${unknown})`);
  const action = wrapper['action'] ?? 'deploy';
  if (typeof action !== 'string' || !ACTIONS.includes(action))
    throw invalid(`/action: should be equal to one of the allowed values (${ACTIONS.join(', ')})`);
  switch (action) {
    case 'retrieve':
      return 'retrieve';
    case 'remove':
      return removal(device, wrapper, frame);
    case 'redeploy':
      return redeploy(device, wrapper, frame);
    case 'patch':
      return deployPatch(device, wrapper['patchBody'], frame);
    default:
      return deploy(device, wrapper, declarationOf(wrapper), frame);
  }
}

function declarationOf(wrapper: Json): Json {
  const { declaration } = wrapper;
  if (declaration === undefined)
    throw new Refused(400, 'for action "deploy", a declaration is required.');
  if (isObject(declaration) && isObject(declaration['class']))
    throw invalidRequest('/declaration/class: should be string');
  if (classOf(declaration) !== 'ADC')
    throw invalid("/declaration: should have required property 'class' equal to ADC");
  return declaration as Json;
}

function deploy(device: Device, wrapper: Json, adc: Json, frame: Frame): Job {
  checkAdc(device, adc);
  const listed = tenantsOf(adc);
  const controls = isObject(adc['controls']) ? adc['controls'] : {};
  const gone =
    adc['updateMode'] === 'complete'
      ? [...tenantsOf(currentOf(device.condition.stored)).keys()].filter(
          (name) => !listed.has(name),
        )
      : [];
  const all = new Map([...listed, ...gone.map((name) => [name, { class: 'Tenant' }] as const)]);
  return {
    adc,
    tenants: new Map(
      [...all].filter(([name]) => frame.scope.length === 0 || frame.scope.includes(name)),
    ),
    declarationId: typeof adc['id'] === 'string' ? adc['id'] : `autogen_${randomUUID()}`,
    dryRun:
      wrapper['action'] === 'dry-run' ||
      controls['dryRun'] === true ||
      frame.query.get('controls.dryRun') === 'true',
    save: wrapper['persist'] !== false,
    traceResponse:
      controls['traceResponse'] === true || frame.query.get('controls.traceResponse') === 'true',
    showHash: frame.query.get('showHash') === 'true',
    historyLimit: typeof wrapper['historyLimit'] === 'number' ? wrapper['historyLimit'] : 4,
    scope: frame.scope,
  };
}

/** What the real engine (3.56) says of tenants that have the name of a property. */
const RESERVED: Readonly<Record<string, string>> = {
  constants: '/constants/class: should be equal to constant "Constants"',
  controls: '/controls: should NOT have additional properties',
  remark: '/remark: should be string',
  schemaVersion: '/schemaVersion: should be string',
  scratch: '/scratch: should be string',
  target: '/target: should NOT have more than 1 properties',
  updateMode: '/updateMode: should be string',
};

function checkReserved(adc: Json): void {
  const names = new Set(ofClass(adc, 'Tenant').map(([name]) => name));
  if (names.has('id')) throw new Refused(500, 'id.match is not a function');
  if (names.has('label')) throw new Refused(500, 'declaration.label.match is not a function');
  const [, problem] = Object.entries(RESERVED).find(([name]) => names.has(name)) ?? [];
  if (problem !== undefined) throw invalid(problem);
}

/** AS3's own: versions 3.0 to 3.`minor`, from 3.20 on. */
function versionPattern(minor: number): string {
  const tens = Math.floor(minor / 10);
  const below = Array.from({ length: tens - 1 }, (_, i) => i + 1).join('');
  return `^3[.]([0-9]|[${below}][0-9]|${tens}[0-${minor % 10}])($|[.][0-9]+$)`;
}

/** AS3 refuses versions newer than its own. */
function checkAdc(device: Device, adc: Json): void {
  checkReserved(adc);
  const tenants = new Set(ofClass(adc, 'Tenant').map(([name]) => name));
  const unknown = Object.keys(adc).find((key) => !ADC_KEYS.has(key) && !tenants.has(key));
  if (unknown !== undefined)
    throw invalid(`/${unknown}: should be a Tenant (should NOT have additional properties)`);
  const version = adc['schemaVersion'];
  if (typeof version !== 'string') throw invalid(": should have required property 'schemaVersion'");
  const pattern = versionPattern(Number(device.settings.as3Version.split('.')[1]));
  if (!new RegExp(pattern).test(version))
    throw invalid(`/schemaVersion: data "${version}" should match pattern "${pattern}"`);
  const id = adc['id'];
  if (id !== undefined && (typeof id !== 'string' || !/^[^\p{Cc} "'<>\\^`|]{0,255}$/u.test(id)))
    throw invalid('/id: should match pattern');
}

function emptied(names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, { class: 'Tenant' }]));
}

const BARE = { class: 'ADC', schemaVersion: '3.0.0' };

/** A pitfall of AS3: without a declaration, `remove` removes every tenant, whatever the path. */
function removal(device: Device, wrapper: Json, frame: Frame): Job {
  if (wrapper['declaration'] === undefined) return deleteJob(device, { ...frame, scope: [] });
  const names = [...tenantsOf(declarationOf(wrapper)).keys()];
  return deploy(device, wrapper, { ...BARE, ...emptied(names) }, frame);
}

/** DELETE declares the tenants empty. Without a scope, all tenants that AS3 declared. */
export function deleteJob(device: Device, frame: Frame): Job {
  const names =
    frame.scope.length > 0
      ? frame.scope
      : [...tenantsOf(currentOf(device.condition.stored)).keys()];
  return deploy(device, { class: 'AS3' }, { ...BARE, ...emptied(names) }, frame);
}

function redeploy(device: Device, wrapper: Json, frame: Frame): Job {
  const age = wrapper['redeployAge'] ?? 0;
  const found = device.condition.stored.history[Number(age)];
  if (found === undefined) throw new Refused(404, `declaration with age ${textOf(age)} not found`);
  return deploy(device, wrapper, withoutKeys(found, 'controls'), frame);
}

/** AS3 reads its stored declaration, patches it and deploys the result. */
export function deployPatch(device: Device, operations: unknown, frame: Frame): Job {
  const current = currentOf(device.condition.stored);
  if (current === undefined) throw new Refused(404, 'no declaration to patch');
  const adc = applyJsonPatch(withoutKeys(current, 'controls'), operations);
  const gone = [...tenantsOf(current).keys()].filter((name) => !tenantsOf(adc).has(name));
  return deploy(device, { class: 'AS3' }, { ...adc, ...emptied(gone) }, frame);
}
