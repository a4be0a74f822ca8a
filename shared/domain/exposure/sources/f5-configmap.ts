/** Reads ConfigMaps labelled `f5type: virtual-server` as a source of settings. */
import { isJsonObject } from '../../json-object.ts';
import type { ConfigMap } from '../../snapshot/objects.ts';
import { shorten } from '../../text/shorten.ts';
import { type F5VirtualServer, f5Schema, schemaMinor } from './f5-schema.ts';
import { nearest } from '../../text/nearest.ts';
import { MAX_PROBLEM_CHARACTERS, readSettingJson } from '../setting-json.ts';
import type { AnnotationValue } from '../settings/annotation-values.ts';
import { CATALOGUE, SETTING_ROWS, type SettingName } from '../settings/catalogue/catalogue.ts';
import type { SettingsLayer, Note, ExposureRefusal } from '../settings/layers.ts';

/** Settings, target and problems of one ConfigMap. */
export interface ConfigMapReading {
  readonly namespace: string;
  readonly created: string;
  /**
   * The Service and port that it configures; absent if they cannot be determined, so that only a
   * note is possible.
   */
  readonly service: string | undefined;
  readonly port: number | undefined;
  readonly layer: SettingsLayer;
}

/** The Service port that the ConfigMap is for. */
interface Target {
  readonly service: string | undefined;
  readonly port: number | undefined;
}

/**
 * Extracts the two names even from invalid JSON, so that a mistake in one ConfigMap refuses only
 * its own exposure.
 */
function guessTarget(text: string): Target {
  const port = /"servicePort"\s*:\s*"?(\d{1,5})/.exec(text)?.[1];
  return {
    service: /"serviceName"\s*:\s*"([^"]+)"/.exec(text)?.[1],
    port: port === undefined ? undefined : Number(port),
  };
}

/**
 * Read before the schema is checked, so that the problems of an invalid ConfigMap are reported at
 * its own port.
 */
function targetOf(json: unknown): Target | undefined {
  const virtualServer = isJsonObject(json) ? json['virtualServer'] : undefined;
  const backend = isJsonObject(virtualServer) ? virtualServer['backend'] : undefined;
  if (!isJsonObject(backend)) return undefined;
  const { serviceName, servicePort } = backend;
  if (typeof serviceName !== 'string' || typeof servicePort !== 'number') return undefined;
  return { service: serviceName, port: servicePort };
}

/** Keys of the schema; an unknown key is compared with them. */
const KEYS = [
  'virtualServer',
  'backend',
  'frontend',
  'serviceName',
  'servicePort',
  'healthMonitors',
  'protocol',
  'interval',
  'timeout',
  'send',
  'recv',
  'partition',
  'mode',
  'balance',
  'virtualAddress',
  'bindAddr',
  'port',
  'sslProfile',
  'f5ProfileName',
  'f5ProfileNames',
];

/** For instance `virtualServer.frontend.balance`. */
function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) =>
      typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}

/** Validates against F5's schema of this version. Unknown keys are problems, as for F5. */
function schemaProblems(
  minor: number,
  json: unknown,
): { readonly found?: F5VirtualServer; readonly problems: readonly string[] } {
  const result = f5Schema(minor).safeParse(json);
  if (result.success) return { found: result.data.virtualServer, problems: [] };
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [`${pathOf(issue.path)}: ${issue.message}`];
    return issue.keys.map((key) => {
      const meant = nearest(
        key,
        KEYS.filter((known) => known !== key),
      );
      return (
        `${pathOf([...issue.path, key])}: ` +
        `unknown key${meant === undefined ? ` in v0.1.${minor}` : `; did you mean ${meant}?`}`
      );
    });
  });
  return { problems };
}

/** What is collected while the fields are read. */
interface Draft {
  readonly object: string;
  readonly wanted: Partial<Record<SettingName, unknown>>;
  readonly refusals: ExposureRefusal[];
  readonly notes: Note[];
}

/** The text of a ConfigMap may be long, so problems are cut. */
function refuse(draft: Draft, code: string, message: string): void {
  draft.refusals.push({
    code,
    message: `${draft.object}: ${shorten(message, MAX_PROBLEM_CHARACTERS)}`,
  });
}

/** The value of a field such as `frontend.balance`. */
function fieldIn(server: F5VirtualServer, field: string): unknown {
  return field
    .split('.')
    .reduce<unknown>((at, key) => (isJsonObject(at) ? at[key] : undefined), server);
}

/** Takes the value over, or refuses the exposure with the field in the message. */
function take(draft: Draft, name: SettingName, field: string, read: AnnotationValue): void {
  if ('problem' in read) refuse(draft, 'GW143', `${field}: ${read.problem}`);
  else if (read.value !== undefined) draft.wanted[name] = read.value;
}

/** A ConfigMap without an address may have it in F5's annotation. */
function readPlace(
  draft: Draft,
  { virtualAddress }: F5VirtualServer['frontend'],
  annotations: ConfigMap['meta']['annotations'],
): void {
  const address = annotations['virtual-server.f5.com/ip'];
  if (virtualAddress === undefined && address === undefined) {
    const message =
      'has no virtualAddress (pool-only in CIS); ' +
      'its other settings apply, and address and port come from the next source';
    draft.notes.push({ object: draft.object, code: 'GW144', message });
  }
  if (virtualAddress?.bindAddr !== undefined || address === undefined) return;
  const { read } = CATALOGUE.virtualAddress.configMap;
  take(draft, 'virtualAddress', 'annotation virtual-server.f5.com/ip', read(address));
}

/**
 * Reads the fields that the catalogue knows. A ConfigMap has no mode for HTTP with TLS: with client
 * SSL profiles it is what mode `http` means.
 */
function readSettings(draft: Draft, server: F5VirtualServer): void {
  for (const [name, { configMap }] of SETTING_ROWS) {
    const value = configMap && fieldIn(server, configMap.field);
    if (configMap === undefined || value === undefined) continue;
    take(draft, name, `virtualServer.${configMap.field}`, configMap.read(value));
  }
  if (draft.wanted.mode === 'http' && draft.wanted.clientTls !== undefined)
    draft.wanted.mode = 'https';
}

/** Maximum number of problems listed; a document with more is not a virtual server. */
const MAX_PROBLEMS = 20;

/**
 * Reads the parsed content. iApps are refused; of many schema problems the first ones are reported.
 */
function readBody(
  draft: Draft,
  minor: number,
  json: unknown,
  annotations: ConfigMap['meta']['annotations'],
): void {
  const virtualServer = isJsonObject(json) ? json['virtualServer'] : undefined;
  const frontend = isJsonObject(virtualServer) ? virtualServer['frontend'] : undefined;
  if (minor >= 1 && isJsonObject(frontend) && frontend['iapp'] !== undefined) {
    refuse(
      draft,
      'GW126',
      `deploys the iApp ${JSON.stringify(frontend['iapp'])}; ` +
        'Sluice declares virtual servers only through AS3, so rewrite it as a virtual server',
    );
    return;
  }
  const { found, problems } = schemaProblems(minor, json);
  for (const problem of problems.slice(0, MAX_PROBLEMS))
    refuse(draft, 'GW125', `does not follow v0.1.${minor}: ${problem}`);
  if (problems.length > MAX_PROBLEMS)
    refuse(
      draft,
      'GW125',
      `does not follow v0.1.${minor}: ${problems.length - MAX_PROBLEMS} more problems`,
    );
  if (found === undefined) return;
  readPlace(draft, found.frontend, annotations);
  readSettings(draft, found);
}

/** Never silent: content that cannot be used causes a refusal of its exposure, or a note. */
export function readConfigMap(configMap: ConfigMap): ConfigMapReading {
  const { meta, data } = configMap;
  const object = `ConfigMap ${meta.namespace}/${meta.name}`;
  const draft: Draft = { object, wanted: {}, refusals: [], notes: [] };
  const text = data['data'] ?? '';
  const done = (json?: unknown): ConfigMapReading => ({
    namespace: meta.namespace,
    created: meta.created,
    ...(targetOf(json) ?? guessTarget(text)),
    layer: {
      source: object,
      wanted: draft.wanted as SettingsLayer['wanted'],
      refusals: draft.refusals,
      notes: draft.notes,
    },
  });
  if (data['template'] !== undefined || meta.labels['as3'] !== undefined) {
    refuse(
      draft,
      'GW127',
      'holds an AS3 declaration; Sluice reads only the virtual-server schema, so it is ignored',
    );
    return done();
  }
  const minor = schemaMinor(data['schema'] ?? '');
  if (minor === undefined) {
    const named =
      data['schema'] === undefined ? 'has no data.schema' : `names the schema "${data['schema']}"`;
    refuse(
      draft,
      'GW123',
      `${named}; known are f5schemadb://bigip-virtual-server_v0.1.0.json to v0.1.7.json`,
    );
    return done();
  }
  const read = readSettingJson(text);
  if ('problem' in read) {
    refuse(draft, 'GW124', `data.data ${read.problem}`);
    return done();
  }
  readBody(draft, minor, read.json, meta.annotations);
  return done(read.json);
}
