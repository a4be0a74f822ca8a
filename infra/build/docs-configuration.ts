import * as z from 'zod';
import { SluiceConfig } from '../../shared/config/schema.ts';
import { SERVICE_BUNDLE_ANNOTATION } from '../../shared/domain/exposure/settings/service-bundles.ts';
import {
  EXPOSE_ANNOTATION,
  ANNOTATIONS,
} from '../../shared/domain/exposure/sources/annotations.ts';

export interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly enum?: readonly (string | number | boolean)[];
  readonly const?: string | number | boolean;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Section {
  readonly path: string;
  readonly rows: readonly string[];
}

function formsOf(node: Node): readonly Node[] {
  const forms = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return forms.length === 0 ? [node] : forms.flatMap(formsOf);
}

const MAX_SAFE = Number.MAX_SAFE_INTEGER;

function rangeOf({ minimum, maximum }: Node): string {
  const low = minimum !== undefined && minimum > -MAX_SAFE ? String(minimum) : '';
  const high = maximum !== undefined && maximum < MAX_SAFE ? String(maximum) : '';
  return low === '' && high === '' ? '' : ` ${low}${high === '' ? ' or more' : ` to ${high}`}`;
}

export function typeOf(node: Node): string {
  const forms = formsOf(node);
  if (forms.length > 1) return [...new Set(forms.map(typeOf))].join(' or ');
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.type === 'array') return `list of ${typeOf(node.items ?? {})}`;
  if (node.type === 'object') return 'map';
  if (node.type === 'string' && node.format !== undefined) return node.format;
  return `${String(node.type ?? 'anything')}${rangeOf(node)}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function defaultOf(node: Node, required: boolean): string {
  if (node.default !== undefined && JSON.stringify(node.default) !== '{}')
    return `\`${JSON.stringify(node.default)}\``;
  return required ? '**required**' : '';
}

/** Required keys that the loader fills in. */
const FILLED = ['generation'];

function sectionsOf(node: Node, path: string): readonly Section[] {
  return formsOf(node).flatMap((form): readonly Section[] => {
    if (form.type === 'array') return sectionsOf(form.items ?? {}, `${path}[]`);
    if (form.properties === undefined) return [];
    const entries = Object.entries(form.properties);
    const rows = entries.map(([key, child]) => {
      const required = (form.required ?? []).includes(key) && !FILLED.includes(key);
      return `| \`${key}\` | ${cell(typeOf(child))} | ${cell(defaultOf(child, required))} | ${cell(child.description ?? '')} |`;
    });
    const below = entries.flatMap(([key, child]) =>
      sectionsOf(child, path === '' ? key : `${path}.${key}`),
    );
    return [{ path, rows }, ...below];
  });
}

const HEAD = `# Configuration

Generated from \`shared/config/schema.ts\` and the catalogue of settings by \`npm run docs\`; do not edit. [An example](../sluice.example.yaml);
[a JSON Schema](sluice.schema.json) for editors: \`# yaml-language-server: $schema=…\` in the first line.

One file, \`sluice.yaml\` (YAML or JSON), says which BIG-IPs, clusters and ingresses there are. It is read once and strictly: an unknown key, a
repeated key or a contradiction stops the start, and the message lists every problem with its path. Secrets are references:
\`env:NAME\`, \`file:PATH\` (a trailing line end is cut), \`secretsmanager:ID[#key]\` (\`#key\` picks from a JSON secret) or \`ssm:NAME\`.
`;

const SOURCES = `## Settings of an exposure

[Settings](settings.md) has them one by one. Each comes from the highest source that has it, and each has its source in the result:

1. annotations on the Gateway, then \`spec.addresses\` of a Gateway API Gateway;
2. an F5 ConfigMap (\`f5type: virtual-server\`, schema v0.1.0 to v0.1.7) for the Service and port that lead to the gateway's port;
3. annotations on the ingress gateway Service;
4. the ingress entry of \`sluice.yaml\`;
5. defaults.

A [service bundle](#service-bundles) comes directly below what requests it.

A lower source that says something else is reported (GW136, or GW165 for a default of 3 or 4). A value that cannot be used, in whichever
source, refuses that exposure and no other: nothing is ever published that differs from what was asked. A ConfigMap that cannot be used refuses the exposure of the Service and port
it names, even when its JSON is broken but still shows them; a ConfigMap that is for nothing here is reported. Where Gateways share a virtual
server, the oldest decides its settings. Objects on the device are referred to only where \`policy.references\` lists them.

Default monitors: for pods an HTTP request to the readiness port (15021 \`/healthz/ready\`) and a TCP connect to the port itself; for nodes under
\`externalTrafficPolicy: Local\` the health check node port, else a TCP connect. Their interval grows with ports × members × monitors: 5 s up to
500 probes a round, 10 s up to 1000, 20 s up to 2000, 30 s up to 3000, then 60 s; the timeout is three intervals and one second.

### Automatic addresses

\`virtualAddress: auto\` of an ingress, or the annotation \`sluice.io/virtual-address: auto\` on a Gateway or on the ingress gateway Service, takes an
address from a pool:

\`\`\`yaml
addressPools:
  - name: web
    ranges: [10.1.0.0/26, 10.1.4.10-10.1.4.20]
    reserved: [10.1.0.1]
ingresses:
  - cluster: east
    service: istio-system/istio-ingressgateway
    devices: [bigip-1]
    virtualAddress: auto:web
\`\`\`

\`auto:web\` names the pool. \`auto\` alone is the pool that the ingress names in sluice.yaml, else the first of \`addressPools\`. An ingress gets one
address of a pool on each device, for all of its Gateways that ask for one; two that want the same port there are settled as at any address (the
older has it, GW135). Two ingresses never get the same address, unless their clusters are in one fleet and both are called the same: then they
share it. A Gateway that names an address itself may name one of a pool.

Which address it is: the one that the ingress has on the device already, as long as the ranges hold it (a reserved one too); else the one that the
status of the Service holds by Sluice's hand, if it is free; else that of a fellow of the fleet; else the next free one after a place that depends on the
ingress's name. Free means: given to no other ingress in any partition of Sluice's on the device, awaited by none, and neither a virtual
server nor a virtual address of somebody else's there. So the address stays through restarts, replays and a change of the configuration, and after the loss of a device
it comes back from the Service's status, which needs \`loadBalancerClass: sluice.io/bigip\` or \`writeStatus\` (else GW156). It is free again when the last
exposure at it is gone.

An ingress on several devices gets an address on each. They are the same where both are free to give it, and the status shows each of them.

No free address: the exposure is held (OWN350), and tried again with every snapshot, which comes five minutes later at most. Ranges that no longer hold the address of an ingress
make it move, which is said (OWN352); with no address to move to it stays (OWN351). The policy decides for a pool as a whole: what a namespace may open
must be allowed at every address that the pool gives out. \`sluice addresses\` shows pools, addresses and who has them.

### Service bundles

A bundle is a named set of settings:

\`\`\`yaml
serviceBundles:
  - name: public-web
    namespaces: [web, 'shop-*']
    settings: {mode: http, source: 198.51.100.0/24, iRules: [/Common/log-requests]}
policy:
  references: ['/Common/log-*']
  requirements:
    - name: only known clients on the public network
      addresses: [172.16.100.0/24]
      ports: [443]
      bundle: public-web
      settings: [source]
      otherwise: add
\`\`\`

A Gateway or the ingress Service requests it with the annotation \`sluice.io/service-bundle: public-web\`, an ingress with
\`serviceBundle: public-web\`. One bundle applies to an exposure: that of the Gateway, else of the Service, else of the ingress. An object that
requests a bundle and sets one of its settings differently is refused (GW171), and so is a namespace that the bundle does not list (GW170).

\`policy.requirements\` names settings without which nothing is published. With \`otherwise: refuse\` an exposure that lacks one is refused
(GW172); with \`otherwise: add\` it gets the value of the bundle. A default (3 or 4 above) gives way to the required value; a different
value on a Gateway or in a ConfigMap is refused, never replaced. An automatic address counts as every address of its pool. A requirement also
covers a mode that does not support the setting, the second virtual server of HTTP/3, and settings of the fleet that would take the required
one away. A value that means "nothing", such as a limit of 0 or \`source: any\`, does not meet it; a narrower \`source\` and fewer \`vlans\`
do. What was published before stays as last accepted, and its members follow the pods.

PROXY protocol: where the gateway pods expect it, BIG-IP has to send it, which it does only through an iRule on the device. Without one the
exposure is refused (GW141).

### Annotations

On Gateways and on the ingress gateway Service. Where two names set the same thing on one object, the one higher up counts. A misspelt
\`sluice.io/\` or F5 name refuses the exposure.
`;

export function configurationPage(): string {
  const root = z.toJSONSchema(SluiceConfig, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  }) as Node;
  const sections = sectionsOf(root, '').map(({ path, rows }) =>
    [
      `## ${path === '' ? 'Top level' : `\`${path}\``}\n`,
      '| key | type | default | |',
      '|---|---|---|---|',
      ...rows,
      '',
    ].join('\n'),
  );
  const annotations = [
    '| annotation | sets | |',
    '|---|---|---|',
    `| \`${EXPOSE_ANNOTATION}\` | | \`true\`, \`false\`, or the gateway ports that are meant, such as \`443,8443\`; on the Service a list says nothing of other ports. |`,
    `| \`${SERVICE_BUNDLE_ANNOTATION}\` | | Name of one of \`serviceBundles\` in sluice.yaml. |`,
    ...ANNOTATIONS.map(
      ({ name, setting, help }) => `| \`${name}\` | \`${setting}\` | ${cell(help)} |`,
    ),
    '',
  ].join('\n');
  return [HEAD, ...sections, SOURCES, annotations].join('\n');
}
