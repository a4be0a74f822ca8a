/** Generates docs/reference/configuration.md from the JSON Schema of `sluice.yaml`. */
import * as z from 'zod';
import { SluiceConfig } from '../../shared/config/schema.ts';
import { SERVICE_BUNDLE_ANNOTATION } from '../../shared/domain/exposure/settings/service-bundles.ts';
import {
  EXPOSE_ANNOTATION,
  ANNOTATIONS,
} from '../../shared/domain/exposure/sources/annotations.ts';

/** A node of the JSON Schema, as far as the page shows it. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  /** The sentence of `describe` in the schema, for the last column. */
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  /** Names among `properties`. */
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  /** Alternatives, such as a word or a path; each is shown. */
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly enum?: readonly (string | number | boolean)[];
  readonly const?: string | number | boolean;
  /** An empty object is not shown: its keys have defaults of their own. */
  readonly default?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  /** Of numbers; limits of what JavaScript can count are not shown. */
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Section {
  readonly path: string;
  readonly rows: readonly string[];
}

function formsOf(node: SchemaNode): readonly SchemaNode[] {
  const forms = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return forms.length === 0 ? [node] : forms.flatMap(formsOf);
}

const MAX_SAFE = Number.MAX_SAFE_INTEGER;

function rangeOf({ minimum, maximum }: SchemaNode): string {
  const low = minimum !== undefined && minimum > -MAX_SAFE ? String(minimum) : '';
  const high = maximum !== undefined && maximum < MAX_SAFE ? String(maximum) : '';
  return low === '' && high === '' ? '' : ` ${low}${high === '' ? ' or more' : ` to ${high}`}`;
}

/** The type of a value, in words for the page. */
export function typeInWords(node: SchemaNode): string {
  const forms = formsOf(node);
  if (forms.length > 1) return [...new Set(forms.map(typeInWords))].join(' or ');
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.type === 'array') return `list of ${typeInWords(node.items ?? {})}`;
  if (node.type === 'object') return 'map';
  if (node.type === 'string' && node.format !== undefined) return node.format;
  return `${String(node.type ?? 'anything')}${rangeOf(node)}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function defaultOf(node: SchemaNode, required: boolean): string {
  if (node.default !== undefined && JSON.stringify(node.default) !== '{}')
    return `\`${JSON.stringify(node.default)}\``;
  return required ? '**required**' : '';
}

/** Required keys that the loader fills in. */
const FILLED = ['generation'];

/**
 * A table for each object of the schema, the outer ones first. Keys with a default are not
 * required.
 */
function sectionsOf(node: SchemaNode, path: string): readonly Section[] {
  return formsOf(node).flatMap((form): readonly Section[] => {
    if (form.type === 'array') return sectionsOf(form.items ?? {}, `${path}[]`);
    if (form.properties === undefined) return [];
    const entries = Object.entries(form.properties);
    const rows = entries.map(([key, child]) => {
      const required = (form.required ?? []).includes(key) && !FILLED.includes(key);
      return (
        `| \`${key}\` | ${cell(typeInWords(child))} | ${cell(defaultOf(child, required))} | ` +
        `${cell(child.description ?? '')} |`
      );
    });
    const below = entries.flatMap(([key, child]) =>
      sectionsOf(child, path === '' ? key : `${path}.${key}`),
    );
    return [{ path, rows }, ...below];
  });
}

const HEAD = `# Configuration

Generated from \`shared/config/schema.ts\` and the catalogue of settings by \`npm run docs\`; do not edit.
See also [an example](../sluice.example.yaml), and [a JSON Schema](sluice.schema.json) for editors, which the first line of the
example refers to: \`# yaml-language-server: $schema=…\`.

One file, \`sluice.yaml\` (YAML or JSON), lists the BIG-IPs, clusters and ingresses. It is read once and strictly: an unknown key, a
repeated key or a contradiction prevents the start, and the message lists every problem with its path. Secrets are references:
\`env:NAME\`, \`file:PATH\` (a trailing line end is removed), \`secretsmanager:ID[#key]\` (\`#key\` selects a key of a JSON
secret) or \`ssm:NAME\`.
`;

const SOURCES = `## Settings of an exposure

[Settings](settings.md) lists them. Each comes from the first of these sources that sets it, and the result names the source:

1. annotations on the Gateway, then \`spec.addresses\` of a Gateway API Gateway;
2. an F5 ConfigMap (\`f5type: virtual-server\`, schema v0.1.0 to v0.1.7) for the Service and port that lead to the gateway's port;
3. annotations on the ingress gateway Service;
4. the ingress entry of \`sluice.yaml\`;
5. defaults.

A [service bundle](#service-bundles) comes directly below the source that requests it.

A lower source with another value is reported (GW136, or GW165 for a default of 3 or 4). An invalid value in any source refuses that
exposure and no other: Sluice never publishes anything that differs from the request. An invalid ConfigMap refuses the exposure of the
Service and port that it names, even if its JSON is broken but still shows them; a ConfigMap that configures nothing is reported. If
Gateways share a virtual server, the oldest decides its settings. Settings may refer only to objects on the device that
\`policy.references\` lists.

Default monitors: for pods, an HTTP request to the readiness port (15021 \`/healthz/ready\`) and a TCP connection to the port itself; for
nodes with \`externalTrafficPolicy: Local\`, the health check node port, otherwise a TCP connection. The interval grows with
ports × members × monitors: 5 s up to 500 probes per round, 10 s up to 1000, 20 s up to 2000, 30 s up to 3000, then 60 s. The timeout
is three intervals and one second.

### Automatic addresses

\`virtualAddress: auto\` of an ingress, or the annotation \`sluice.io/virtual-address: auto\` on a Gateway or on the ingress gateway
Service, requests an address from a pool:

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

\`auto:web\` names the pool. \`auto\` alone means the pool that the ingress names in sluice.yaml, or else the first of \`addressPools\`. An
ingress gets one address of a pool on each device, for all of its Gateways that request one. If two Gateways request the same port there,
the older one gets it, as at any address (GW135). Two ingresses never get the same address, unless their clusters are in one fleet and
the ingresses have the same name: then they share it. A Gateway that names an address itself may name one of a pool.

The address is the first of these:

1. the address that the ingress already has on the device, if it is in the ranges of the pool, reserved or not;
2. the address that Sluice wrote into the status of the Service, if it is free;
3. the address of the ingress with the same name in another cluster of the fleet;
4. the next free address, starting at a position that depends on the name of the ingress.

An address is free if no other ingress has or waits for it in any partition of Sluice on the device, and no other client has a virtual
server or virtual address with it. So the address survives restarts, replays and changes of the configuration. If the configuration of a
device is lost, the address is restored from the status of the Service, which needs \`loadBalancerClass: sluice.io/bigip\` or
\`writeStatus\` (otherwise GW156). It becomes free when its last exposure is removed.

An ingress on several devices gets an address on each: the same one if it is free on all of them. The status shows each address.

If no address is free, the exposure waits (OWN350) and is retried with every snapshot, at most five minutes later. If the ranges no longer
contain the address of an ingress, it moves to another one (OWN352); without a free one, it stays (OWN351). The policy applies to a pool as
a whole: it must allow the request at every address that the pool can assign. \`sluice addresses\` shows pools, addresses and owners.

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

PROXY protocol: if the gateway pods expect it, BIG-IP must send it, which needs an iRule on the device. Without one the exposure is refused
(GW141).

### Annotations

Annotations of Gateways and of the ingress gateway Service. If two annotations of one object set the same thing, the one higher in the table
counts. A misspelt \`sluice.io/\` or F5 name refuses the exposure.
`;

/** The reference page about every key of `sluice.yaml`. */
export function configurationPage(): string {
  const root = z.toJSONSchema(SluiceConfig, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  }) as SchemaNode;
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
    `| \`${EXPOSE_ANNOTATION}\` | | \`true\`, \`false\`, or the gateway ports that are ` +
      `meant, such as \`443,8443\`; on the Service a list says nothing of other ports. |`,
    `| \`${SERVICE_BUNDLE_ANNOTATION}\` | | Name of one of \`serviceBundles\` in sluice.yaml. |`,
    ...ANNOTATIONS.map(
      ({ name, setting, help }) => `| \`${name}\` | \`${setting}\` | ${cell(help)} |`,
    ),
    '',
  ].join('\n');
  return [HEAD, ...sections, SOURCES, annotations].join('\n');
}
