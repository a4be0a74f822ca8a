import { randomUUID } from 'node:crypto';
import type { Device } from '../device.ts';
import { classOf, isObject, ofClass, textOf, without } from '../json.ts';
import type { Json } from '../json.ts';
import { Refused } from './answers.ts';
import type { Job } from './declare.ts';
import { applyPatch } from './patch.ts';
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

function invalid(error: string): Refused {
  return new Refused(422, 'declaration is invalid', [error]);
}

/** The job that a body requests, or `retrieve`. */
export function jobOf(device: Device, body: unknown, frame: Frame): Job | 'retrieve' {
  if (classOf(body) === 'ADC') return deploy(device, { class: 'AS3' }, body as Json, frame);
  if (classOf(body) !== 'AS3')
    throw new Refused(422, 'declaration is invalid', [
      '/class: should be equal to one of the allowed values (AS3, ADC)',
    ]);
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
      return patched(device, wrapper['patchBody'], frame);
    default:
      return deploy(device, wrapper, declarationOf(wrapper), frame);
  }
}

function declarationOf(wrapper: Json): Json {
  const { declaration } = wrapper;
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

/** AS3 refuses versions newer than its own. */
function checkAdc(device: Device, adc: Json): void {
  const tenants = new Set(ofClass(adc, 'Tenant').map(([name]) => name));
  const unknown = Object.keys(adc).find((key) => !ADC_KEYS.has(key) && !tenants.has(key));
  if (unknown !== undefined)
    throw invalid(`/${unknown}: should be a Tenant (should NOT have additional properties)`);
  const version = adc['schemaVersion'];
  if (typeof version !== 'string') throw invalid(": should have required property 'schemaVersion'");
  const minor = Number(/^3\.(\d{1,2})(\.\d+)?$/.exec(version)?.[1] ?? Number.NaN);
  const installed = Number(device.settings.as3Version.split('.')[1]);
  if (Number.isNaN(minor) || minor > installed)
    throw invalid(
      `/schemaVersion: should match pattern of versions up to ${device.settings.as3Version}`,
    );
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
  return deploy(device, wrapper, without(found, 'controls'), frame);
}

/** AS3 reads its stored declaration, patches it and deploys the result. */
export function patched(device: Device, operations: unknown, frame: Frame): Job {
  const current = currentOf(device.condition.stored);
  if (current === undefined) throw new Refused(404, 'no declaration to patch');
  const adc = applyPatch(without(current, 'controls'), operations);
  const gone = [...tenantsOf(current).keys()].filter((name) => !tenantsOf(adc).has(name));
  return deploy(device, { class: 'AS3' }, { ...adc, ...emptied(gone) }, frame);
}
