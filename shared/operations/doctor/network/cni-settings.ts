/** What a CNI's own ConfigMap says about its tunnels. Only `doctor` reads it, if it may. */
import * as z from 'zod';
import { CONFIG_MAPS, KubernetesError, type KubernetesClient } from '../../../kubernetes/index.ts';
import type { TunnelCni } from '../../network/tunnel-cnis.ts';

/** Texts of the ConfigMap and its name, or why there are none. */
export type CniSettings =
  | { readonly values: Readonly<Record<string, string>>; readonly where: string }
  | { readonly unread: string };

/** Texts of a ConfigMap. */
const Values = z.object({ data: z.record(z.string(), z.string()).default({}) });

/** The first ConfigMap that exists. The shipped roles have no right to read it. */
export async function readSettings(
  client: Pick<KubernetesClient, 'get'>,
  { settings }: TunnelCni,
): Promise<CniSettings> {
  const reasons: string[] = [];
  for (const { namespace, name } of settings) {
    const where = `ConfigMap ${namespace}/${name}`;
    try {
      const raw = await client.get(CONFIG_MAPS, name, namespace);
      const { data } = raw === undefined ? {} : Values.safeParse(raw);
      if (data !== undefined) return { values: data.data, where };
      reasons.push(raw === undefined ? `${where} does not exist` : `${where} has no texts`);
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status !== 403) throw error;
      reasons.push(`this account may not read ${where}`);
    }
  }
  return { unread: reasons.join(', and ') };
}

/** The port of the nodes. */
export interface NodePort {
  readonly port: number;
  /** Absent: it is assumed, because nothing could be read. */
  readonly where?: string;
}

const Port = z.coerce.number().int().min(0).max(65_535);
const NetConf = z.object({ Backend: z.object({ Port: Port.optional() }).optional() });

/** Undefined if the ConfigMap does not say it in a known way; 0 is the default. */
const READ: Readonly<
  Record<TunnelCni['name'], (values: Readonly<Record<string, string>>) => number | undefined>
> = {
  flannel: ({ 'net-conf.json': text }) => {
    const read = NetConf.safeParse(text === undefined ? undefined : jsonOf(text));
    return read.success ? (read.data.Backend?.Port ?? 0) : undefined;
  },
  cilium: ({ 'tunnel-port': text = '0' }) => Port.safeParse(text).data,
};

/** The parsed text; undefined if it is not JSON. Annotations are bounded before they are parsed. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.slice(0, 100_000));
  } catch {
    return undefined;
  }
}

/** As the settings say, else the default of the CNI on Linux. */
export function nodePort({ name, port }: TunnelCni, settings: CniSettings | undefined): NodePort {
  if (settings === undefined || 'unread' in settings) return { port };
  const read = READ[name](settings.values);
  return read === undefined ? { port } : { port: read || port, where: settings.where };
}
