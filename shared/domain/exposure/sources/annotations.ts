/** Annotations on Gateways and Services: those F5 users know, and Sluice's own for the rest. */
import { shorten } from '../../shorten.ts';
import { nearest } from '../../text/nearest.ts';
import {
  ANNOTATION_READERS,
  type AnnotationTarget,
  type AnnotationReader,
} from './annotation-values.ts';
import { EXPOSE_ANNOTATION } from './expose-annotation.ts';
import { LONGEST_PROBLEM, QUOTED } from '../setting-json.ts';
import type { SettingName } from '../settings/settings.ts';
import {
  type SettingsLayer,
  type Note,
  type ExposureRefusal,
  sameValue,
  showValue,
} from '../settings/layers.ts';

interface AnnotationRow {
  readonly name: string;
  readonly setting: SettingName;
  readonly read: AnnotationReader;
  readonly help: string;
}

/** Where two names set the same thing on one object, the one higher up counts. */
export const ANNOTATIONS: readonly AnnotationRow[] = [
  {
    name: 'sluice.io/virtual-address',
    setting: 'virtualAddress',
    read: ANNOTATION_READERS.addressOrAuto,
    help: 'Virtual address; `auto` or `auto:<pool>` takes a free one from a pool of sluice.yaml.',
  },
  {
    name: 'virtual-server.f5.com/ip',
    setting: 'virtualAddress',
    read: ANNOTATION_READERS.address,
    help: 'Virtual address; `controller-default` leaves it to sluice.yaml.',
  },
  {
    name: 'cis.f5.com/ip',
    setting: 'virtualAddress',
    read: ANNOTATION_READERS.address,
    help: 'Virtual address.',
  },
  {
    name: 'sluice.io/port',
    setting: 'port',
    read: ANNOTATION_READERS.port,
    help: 'Virtual port: `31400` with one gateway port, else a map `32400=31400,443=8443`.',
  },
  {
    name: 'virtual-server.f5.com/http-port',
    setting: 'port',
    read: ANNOTATION_READERS.httpPort,
    help: 'Virtual port of the plain HTTP server.',
  },
  {
    name: 'virtual-server.f5.com/https-port',
    setting: 'port',
    read: ANNOTATION_READERS.httpsPort,
    help: 'Virtual port of the HTTPS or TLS server.',
  },
  {
    name: 'sluice.io/partition',
    setting: 'partition',
    read: ANNOTATION_READERS.partition,
    help: 'Partition, one of the device’s in sluice.yaml.',
  },
  {
    name: 'virtual-server.f5.com/partition',
    setting: 'partition',
    read: ANNOTATION_READERS.partition,
    help: 'Partition.',
  },
  {
    name: 'cis.f5.com/partition',
    setting: 'partition',
    read: ANNOTATION_READERS.partition,
    help: 'Partition.',
  },
  {
    name: 'sluice.io/mode',
    setting: 'mode',
    read: ANNOTATION_READERS.mode,
    help: '`tcp`, `fastl4`, `http` or `udp`.',
  },
  {
    name: 'sluice.io/balance',
    setting: 'balance',
    read: ANNOTATION_READERS.balance,
    help: 'Load balancing method.',
  },
  {
    name: 'virtual-server.f5.com/balance',
    setting: 'balance',
    read: ANNOTATION_READERS.balance,
    help: 'Load balancing method.',
  },
  {
    name: 'sluice.io/snat',
    setting: 'snat',
    read: ANNOTATION_READERS.snat,
    help: '`auto`, `none`, `self` or the path of a SNAT pool.',
  },
  {
    name: 'sluice.io/persistence',
    setting: 'persistence',
    read: ANNOTATION_READERS.persistence,
    help: '`none`, or methods and profile paths separated by commas.',
  },
  {
    name: 'sluice.io/irules',
    setting: 'iRules',
    read: ANNOTATION_READERS.paths,
    help: '`none`, or paths separated by commas, in order.',
  },
  {
    name: 'sluice.io/proxy-protocol',
    setting: 'proxyProtocol',
    read: ANNOTATION_READERS.path,
    help: 'Path of the iRule that sends the PROXY protocol header.',
  },
  {
    name: 'sluice.io/profile-tcp',
    setting: 'profileTcp',
    read: ANNOTATION_READERS.path,
    help: 'Path of a TCP profile.',
  },
  {
    name: 'sluice.io/profile-http',
    setting: 'profileHttp',
    read: ANNOTATION_READERS.path,
    help: 'Path of an HTTP profile.',
  },
  {
    name: 'sluice.io/profile-l4',
    setting: 'profileL4',
    read: ANNOTATION_READERS.path,
    help: 'Path of a FastL4 profile.',
  },
  {
    name: 'sluice.io/profile-udp',
    setting: 'profileUdp',
    read: ANNOTATION_READERS.path,
    help: 'Path of a UDP profile.',
  },
  {
    name: 'sluice.io/vlans',
    setting: 'vlans',
    read: ANNOTATION_READERS.paths,
    help: '`none` for every VLAN, or paths separated by commas.',
  },
  {
    name: 'sluice.io/connection-limit',
    setting: 'connectionLimit',
    read: ANNOTATION_READERS.limit,
    help: 'Concurrent connections; 0 is unlimited.',
  },
  {
    name: 'sluice.io/reselect-tries',
    setting: 'reselectTries',
    read: ANNOTATION_READERS.tries,
    help: 'How many other members are tried when the one picked for a connection cannot be reached.',
  },
  {
    name: 'sluice.io/monitors',
    setting: 'monitors',
    read: ANNOTATION_READERS.monitors,
    help: '`none`, types such as `tcp`, or a JSON list.',
  },
  {
    name: 'virtual-server.f5.com/health',
    setting: 'monitors',
    read: ANNOTATION_READERS.ingressHealth,
    help: 'JSON list of health checks (`type` defaults to http).',
  },
  {
    name: 'cis.f5.com/health',
    setting: 'monitors',
    read: ANNOTATION_READERS.serviceHealth,
    help: 'JSON health check or list (`type` defaults to tcp).',
  },
];

/** F5 annotations that would make the exposure safer or different in a way Sluice cannot: published without them it would be another thing. */
const REFUSED: Readonly<Record<string, string>> = {
  'virtual-server.f5.com/allow-source-range':
    'source ranges are not supported; use an iRule by reference (sluice.io/irules) or an Istio AuthorizationPolicy',
  'virtual-server.f5.com/waf': 'WAF policies are not supported',
  'virtual-server.f5.com/clientssl':
    'BIG-IP does not terminate TLS for Sluice; let the gateway do it',
  'virtual-server.f5.com/serverssl': 'BIG-IP does not originate TLS for Sluice',
  'virtual-server.f5.com/rewrite-target-url': 'URL rewriting belongs in the VirtualService',
  'virtual-server.f5.com/rewrite-app-root': 'URL rewriting belongs in the VirtualService',
  'cis.f5.com/policyName': 'F5 Policy resources are not supported',
};

/** F5 annotations without a meaning here; saying so is enough. */
const IGNORED: Readonly<Record<string, string>> = {
  'virtual-server.f5.com/translate-server-address': 'Sluice always translates the server address',
  'cis.f5.com/ipamLabel':
    'F5 IPAM has no part in it; an address from a pool of sluice.yaml is asked for by sluice.io/virtual-address: auto:<pool>',
  'cis.f5.com/host': 'hosts come from the gateway',
  'cis.f5.com/multiClusterServices':
    'clusters that share a virtual server are a fleet in sluice.yaml',
};

const PREFIXES = ['sluice.io/', 'virtual-server.f5.com/', 'cis.f5.com/'];
const KNOWN = [EXPOSE_ANNOTATION, ...ANNOTATIONS.map((row) => row.name)];

/** Whether an annotation can matter, and so must be in the snapshot. */
export function isReadAnnotation(name: string): boolean {
  return PREFIXES.some((prefix) => name.startsWith(prefix));
}

interface Heap {
  readonly wanted: Record<string, unknown>;
  readonly words: Partial<Record<SettingName, string>>;
  readonly refusals: ExposureRefusal[];
  readonly notes: Note[];
}

function readRow(
  heap: Heap,
  row: AnnotationRow,
  text: string,
  context: { readonly object: string; readonly at: AnnotationTarget },
): void {
  const words = `${context.object} (${row.name})`;
  const read = row.read(text.trim(), context.at);
  if ('problem' in read) {
    heap.refusals.push({
      code: 'GW120',
      message: `${context.object}: annotation ${row.name}: "${shorten(text, QUOTED)}": ${shorten(read.problem, LONGEST_PROBLEM)}`,
    });
    return;
  }
  if (read.value === undefined) return;
  const earlier = heap.words[row.setting];
  if (earlier === undefined) {
    heap.wanted[row.setting] = read.value;
    heap.words[row.setting] = words;
  } else if (!sameValue(heap.wanted[row.setting], read.value)) {
    const message = `${words} says ${row.setting} ${showValue(read.value)}; ignored, because ${earlier} goes first`;
    heap.notes.push({ object: context.object, code: 'GW136', message });
  }
}

function judgeUnknown(heap: Heap, name: string, object: string): void {
  const refused = REFUSED[name];
  const ignored = IGNORED[name];
  const meant = refused === undefined && ignored === undefined ? nearest(name, KNOWN) : undefined;
  if (refused !== undefined)
    heap.refusals.push({ code: 'GW122', message: `${object}: annotation ${name}: ${refused}` });
  else if (ignored !== undefined)
    heap.notes.push({
      object,
      code: 'GW122',
      message: `annotation ${name} is ignored: ${ignored}`,
    });
  else if (meant === undefined)
    heap.notes.push({
      object,
      code: 'GW121',
      message: `annotation ${name} is ignored: Sluice knows no such annotation`,
    });
  else
    heap.refusals.push({
      code: 'GW121',
      message: `${object}: annotation ${name} is unknown; did you mean ${meant}?`,
    });
}

/** What the annotations of one object say about one server. */
export function readAnnotations(
  object: string,
  annotations: Readonly<Record<string, string>>,
  at: AnnotationTarget,
): SettingsLayer {
  const heap: Heap = { wanted: {}, words: {}, refusals: [], notes: [] };
  for (const row of ANNOTATIONS) {
    const text = annotations[row.name];
    if (text !== undefined) readRow(heap, row, text, { object, at });
  }
  for (const name of Object.keys(annotations).sort()) {
    if (isReadAnnotation(name) && !KNOWN.includes(name)) judgeUnknown(heap, name, object);
  }
  return {
    source: object,
    wanted: heap.wanted,
    words: heap.words,
    refusals: heap.refusals,
    notes: heap.notes,
  };
}
