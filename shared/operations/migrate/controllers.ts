/** The Deployments of F5 CIS in a cluster, with the arguments that matter here. */
import * as z from 'zod';
import type { RawObject } from '../../kubernetes/index.ts';

/** A label by which F5 CIS finds its objects. */
export interface CisLabel {
  readonly name: string;
  readonly value: string;
}

/** One Deployment of F5 CIS. */
export interface CisController {
  /** `namespace/name` */
  readonly name: string;
  /** Whether a pod is ready. */
  readonly running: boolean;
  /** `--bigip-partition`, where it writes. */
  readonly partitions: readonly string[];
  readonly agent: string;
  /** `--pool-member-type`. */
  readonly members: string;
  /** `--custom-resource-label`; undefined if it is no single label. */
  readonly label: CisLabel | undefined;
}

const IMAGE = 'k8s-bigip-ctlr';
const USUAL_LABEL: CisLabel = { name: 'f5cr', value: 'true' };

const Words = z.array(z.string()).catch([]);
const Container = z
  .object({ image: z.string().catch(''), command: Words, args: Words })
  .catch({ image: '', command: [], args: [] });
/** Tolerant: of a Deployment that is none of F5 CIS, nothing is needed. */
const Deployment = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(Container) }) }),
  }),
  status: z.object({ readyReplicas: z.number().catch(0) }).catch({ readyReplicas: 0 }),
});

/** `raw`: Deployments as the API server lists them. */
export function controllersIn(raw: readonly RawObject[]): readonly CisController[] {
  return raw.filter(({ kind }) => kind === 'Deployment').flatMap(controllerOf);
}

function controllerOf(object: RawObject): readonly CisController[] {
  const { data } = Deployment.safeParse(object);
  const own = data?.spec.template.spec.containers.find(({ image }) => image.includes(IMAGE));
  if (data === undefined || own === undefined) return [];
  const { name, namespace = '' } = object.metadata;
  const words = [...own.command, ...own.args];
  const [agent = 'as3'] = valuesOf(words, 'agent');
  const [members = 'nodeport'] = valuesOf(words, 'pool-member-type');
  const [label] = valuesOf(words, 'custom-resource-label');
  return [
    {
      name: `${namespace}/${name}`,
      running: data.status.readyReplicas > 0,
      partitions: valuesOf(words, 'bigip-partition'),
      agent,
      members,
      label: label === undefined ? USUAL_LABEL : labelIn(label),
    },
  ];
}

/** `--name=value` and `--name value`, as the flag may be repeated. */
function valuesOf(words: readonly string[], flag: string): readonly string[] {
  return words.flatMap((word, i) => {
    const name = word.replace(/^--?/, '');
    if (word === name) return [];
    if (name === flag) return words[i + 1] ?? [];
    return name.startsWith(`${flag}=`) ? [name.slice(flag.length + 1)] : [];
  });
}

/** `name=value` or `name in (value)`; anything else would have to be judged as a selector. */
function labelIn(text: string): CisLabel | undefined {
  const found = /^([\w./-]+)\s*(?:==?\s*([\w.-]+)|in\s*\(\s*([\w.-]+)\s*\))$/.exec(text.trim());
  const [, name, equal, within] = found ?? [];
  const value = equal ?? within;
  return name === undefined || value === undefined ? undefined : { name, value };
}
