/** Pods, reduced to what Sluice reads. */
import type { JsonObject } from '../../domain/json-object.ts';
import { parse } from 'yaml';
import type { Pod } from '../../domain/snapshot/objects.ts';
import { metaOf } from './meta.ts';
import { expectsProxyProtocol } from './mesh-config.ts';
import {
  compact,
  readList,
  readNumber,
  readRecord,
  readRecords,
  stringMap,
  readText,
  readTexts,
} from './read.ts';

/** Init containers that keep running (native sidecars) can open ports too. */
function runningContainers(spec: JsonObject): readonly JsonObject[] {
  return [
    ...readRecords(spec['containers']),
    ...readRecords(spec['initContainers']).filter(
      (container) => container['restartPolicy'] === 'Always',
    ),
  ];
}

/** Roles of Istio's agent: gateways are routers. */
const ROLES: Readonly<Record<string, Pod['proxy']>> = { router: 'router', sidecar: 'sidecar' };

/** The argument after `proxy` on the agent's command line. */
function roleOf(container: JsonObject): Pod['proxy'] | undefined {
  const words = [...readTexts(container['command']), ...readTexts(container['args'])];
  return words.flatMap((word, i) => (words[i - 1] === 'proxy' ? (ROLES[word] ?? []) : []))[0];
}

/** Without arguments, the injection template decides: it uses `proxy router` for gateways. */
function roleByTemplate(annotations: Readonly<Record<string, string>>): Pod['proxy'] {
  const templates = (annotations['inject.istio.io/templates'] ?? '')
    .split(',')
    .map((name) => name.trim());
  return templates.includes('gateway') ? 'router' : 'unknown';
}

/**
 * The first value in the order of the containers; values from Secrets or ConfigMaps are not known.
 */
function envOf(containers: readonly JsonObject[], name: string): string | undefined {
  return containers.flatMap((container) =>
    readRecords(container['env']).flatMap((variable) =>
      variable['name'] === name ? (readText(variable['value']) ?? []) : [],
    ),
  )[0];
}

/** As in Go's strconv.ParseBool. */
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);

/** Empty if it is no YAML object: a broken annotation must not hide the pod. */
function parsed(document: string | undefined): JsonObject {
  if (document === undefined) return {};
  try {
    return readRecord(parse(document, { logLevel: 'silent' }));
  } catch {
    return {};
  }
}

/**
 * The pod's own proxy configuration overrides the mesh's at injection, which writes the result into
 * PROXY_CONFIG.
 */
function proxyProtocolOf(
  annotations: Readonly<Record<string, string>>,
  containers: readonly JsonObject[],
): Pick<Pod, 'proxyProtocol' | 'meshDefaults'> {
  const injected = envOf(containers, 'PROXY_CONFIG');
  const configs = [parsed(annotations['proxy.istio.io/config']), parsed(injected)];
  const own = configs.find((config) => config['gatewayTopology'] !== undefined);
  if (own !== undefined) return { proxyProtocol: expectsProxyProtocol(own) };
  return { proxyProtocol: false, ...(injected === undefined && { meshDefaults: true }) };
}

/** The declared ports of these containers; TCP by default. */
function portsOf(containers: readonly JsonObject[]): Pod['containerPorts'] {
  const ports = containers.flatMap((container) =>
    readRecords(container['ports']).flatMap((port) => {
      const containerPort = readNumber(port['containerPort']);
      return containerPort === undefined
        ? []
        : [
            {
              name: readText(port['name']) ?? '',
              port: containerPort,
              protocol: readText(port['protocol']) ?? 'TCP',
            },
          ];
    }),
  );
  return compact(ports);
}

/** `podIP` first, then those of the other family, each once. */
function ipsOf(status: JsonObject): string[] {
  const ips = [
    readText(status['podIP']),
    ...readRecords(status['podIPs']).map((item) => readText(item['ip'])),
  ];
  return [...new Set(ips.filter((ip) => ip !== undefined && ip !== ''))] as string[];
}

/** Ended pods keep their labels but do not listen. */
export function hasEnded(value: unknown): boolean {
  const phase = readRecord(readRecord(value)['status'])['phase'];
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Includes the ports of native sidecars (init containers with `restartPolicy: Always`). */
export function normalisePod(value: unknown): Pod {
  const raw = readRecord(value);
  const [metadata, spec, status] = [
    readRecord(raw['metadata']),
    readRecord(raw['spec']),
    readRecord(raw['status']),
  ];
  const annotations = stringMap(metadata['annotations']);
  const containers = runningContainers(spec);
  const role = containers.flatMap((container) => roleOf(container) ?? [])[0];
  return {
    meta: metaOf(raw),
    ips: ipsOf(status),
    nodeName: readText(spec['nodeName']) ?? '',
    containerPorts: portsOf(containers),
    proxy: role ?? roleByTemplate(annotations),
    unprivileged: TRUE.has(envOf(containers, 'ISTIO_META_UNPRIVILEGED_POD') ?? ''),
    ready: readList(status['conditions']).some(
      (condition) =>
        readRecord(condition)['type'] === 'Ready' && readRecord(condition)['status'] === 'True',
    ),
    terminating:
      metadata['deletionTimestamp'] !== undefined && metadata['deletionTimestamp'] !== null,
    ...proxyProtocolOf(annotations, containers),
  };
}
