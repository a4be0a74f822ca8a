/** What `sluice import cis` prints for people: text to paste into sluice.yaml, and commands. */
import type { CisImport } from '../../../shared/domain/exposure/sources/cis/import-cis.ts';
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import { formatTable, yamlOf } from '../terminal/output.ts';

const PORT = 'sluice.io/port';
const SPLIT = '# (its ports have different';

/** A gateway among the files, and the ports it opens. */
interface Opener {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly number[];
}

export function importText(
  { ingresses, annotations, notCarried }: CisImport,
  objects: KubernetesObjects,
): string {
  if (ingresses.length === 0 && notCarried.length === 0)
    return 'No F5 ConfigMap, TransportServer or IngressLink in these files.';
  const openers = openersIn(objects);
  const entries =
    ingresses.length === 0
      ? '# nothing for sluice.yaml'
      : `# for sluice.yaml; each Service must belong to an Istio ingress gateway (--service leaves the others out)\n${yamlOf({ ingresses }).trimEnd()}`;
  const commands = commandsFor(annotations, openers);
  const stay =
    commands.length === 0
      ? []
      : [
          '# You can also keep the F5 ConfigMaps: Sluice reads them, and then needs no annotations.',
        ];
  const lost = notCarried.map((n) => [n.object, n.field, n.reason]);
  const whole = commands.some((text) => text.includes(SPLIT)) ? [] : ['# everything was converted'];
  const rest =
    lost.length === 0
      ? whole
      : [
          `# not converted\n${formatTable(['OBJECT', 'FIELD', 'WHY'], lost).replaceAll(/^/gm, '# ')}`,
        ];
  return [entries, ...stay, ...commands, ...rest].join('\n\n');
}

function openersIn({ gateways, apiGateways }: KubernetesObjects): readonly Opener[] {
  const unique = (ports: readonly number[]): readonly number[] => [...new Set(ports)];
  return [
    ...gateways.map(({ meta, servers }) => ({
      ...meta,
      resource: 'gateways.networking.istio.io',
      ports: unique(
        servers.flatMap((server) => ('malformed' in server ? [] : [server.port.number])),
      ),
    })),
    ...apiGateways.map(({ meta, listeners }) => ({
      ...meta,
      resource: 'gateways.gateway.networking.k8s.io',
      ports: unique(listeners.map(({ port }) => port)),
    })),
  ];
}

interface Wanted {
  /** `Gateway that opens port 32400 of Service a/b` */
  readonly object: string;
  readonly port: number | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

function wantedOf({ object, annotations }: CisImport['annotations'][number]): Wanted {
  const port = /^Gateway that opens port (\d+) /.exec(object)?.[1];
  return { object, annotations, port: port === undefined ? undefined : Number(port) };
}

/** For the gateways in these files that open the ports, the very commands; else one with its name left open. */
function commandsFor(
  annotations: CisImport['annotations'],
  openers: readonly Opener[],
): readonly string[] {
  const wanted = annotations.map(wantedOf);
  const opens = ({ ports }: Opener, { port }: Wanted): boolean =>
    port !== undefined && ports.includes(port);
  const nowhere = wanted.filter((one) => !openers.some((opener) => opens(opener, one)));
  return [
    ...openers.flatMap((opener) =>
      forGateway(
        opener,
        wanted.filter((one) => opens(opener, one)),
      ),
    ),
    ...nowhere.map(
      ({ object, annotations: said }) =>
        `${visible(`# for the ${object} (not in these files: replace NAMESPACE and NAME)`)}\n${command({ resource: 'gateways.networking.istio.io', namespace: 'NAMESPACE', name: 'NAME' }, said)}`,
    ),
  ];
}

function command(
  { resource, namespace, name }: Omit<Opener, 'ports'>,
  annotations: Readonly<Record<string, string>>,
): string {
  const words = Object.entries(annotations).map(([key, value]) => quoted(`${key}=${value}`));
  return `kubectl -n ${word(namespace)} annotate ${resource} ${word(name)} ${words.join(' ')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Names of Kubernetes need no quotes; what is in a file may be no name. */
function word(text: string): string {
  return /^[A-Za-z0-9.-]+$/.test(text) && !text.startsWith('-') ? text : quoted(text);
}

/** One set of annotations for all ports of a gateway: virtual ports add up, everything else has to be the same. */
function forGateway(opener: Opener, wanted: readonly Wanted[]): readonly string[] {
  if (wanted.length === 0) return [];
  const keys = [...new Set(wanted.flatMap(({ annotations }) => Object.keys(annotations)))];
  const values = new Map(
    keys.map((key) => [
      key,
      [...new Set(wanted.flatMap(({ annotations }) => annotations[key] ?? []))],
    ]),
  );
  const split = keys.filter((key) => key !== PORT && (values.get(key)?.length ?? 0) > 1);
  const said = Object.fromEntries(
    keys
      .filter((key) => !split.includes(key))
      .map((key) => [key, values.get(key)?.join(',') ?? '']),
  );
  const more = opener.ports.filter((port) => !wanted.some((one) => one.port === port));
  return [
    [
      ...wanted.map(({ object }) => visible(`# for the ${object}`)),
      ...(more.length === 0
        ? []
        : [
            `# (it also opens ${more.join(', ')}: annotations without a port apply to all of them)`,
          ]),
      ...split.map((key) =>
        visible(
          `${SPLIT} ${key}: ${values.get(key)?.join(' and ')}. An annotation applies to all ports: keep the ConfigMaps, or give each port a separate Gateway)`,
        ),
      ),
      ...(Object.keys(said).length === 0 ? [] : [command(opener, said)]),
    ].join('\n'),
  ];
}
