/** Queries of the demo, to the cluster and to the device. */
import type { DeviceRow } from './device.ts';
import type { Seen } from './check.ts';
import type { ApiObject, KubernetesApi } from './kubernetes-api.ts';

/** Path of the ingress gateway Service. */
export const INGRESS_SERVICE = '/api/v1/namespaces/istio-system/services/istio-ingressgateway';
/** Path of the gateway pods and their neighbours. */
export const INGRESS_PODS = '/api/v1/namespaces/istio-system/pods';

interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  readonly nodePort?: number;
}

interface ManagedFields {
  readonly manager: string;
  readonly fieldsV1?: object;
}

function ports(service: ApiObject): readonly ServicePort[] {
  return (service['spec'] as { readonly ports?: readonly ServicePort[] }).ports ?? [];
}

/** The field manager of the Service port, as recorded by the API server. */
function writerOf(service: ApiObject, port: number): string {
  const fields = (service.metadata?.['managedFields'] ?? []) as readonly ManagedFields[];
  return (
    fields.find((f) => JSON.stringify(f.fieldsV1 ?? {}).includes(`"k:{\\"port\\":${port},`))
      ?.manager ?? 'unknown'
  );
}

/** Expects the Service to have the port. */
export async function servicePort(api: KubernetesApi, port: number): Promise<Seen<ServicePort>> {
  const service = await api.get(INGRESS_SERVICE);
  const found = ports(service).find((p) => p.port === port);
  if (!found)
    return {
      instead: `the Service has the ports ${ports(service)
        .map((p) => p.port)
        .join(', ')}`,
    };
  const by = writerOf(service, port);
  if (by === 'kubectl' || by === 'unknown')
    return { instead: `port ${port} is there, but its owner is ${by}` };
  return {
    ok: found,
    say:
      `Service port ${found.name} ${found.port} → ${found.targetPort}, node port ` +
      `${found.nodePort ?? 'none'}, added by ${by}`,
  };
}

/** Expects the address in the status of the Service. */
export async function serviceAddress(api: KubernetesApi, address: string): Promise<Seen<string>> {
  const { status } = (await api.get(INGRESS_SERVICE)) as {
    status?: { loadBalancer?: { ingress?: readonly { ip?: string; ipMode?: string }[] } };
  };
  const shown = status?.loadBalancer?.ingress ?? [];
  const found = shown.find((i) => i.ip === address);
  if (!found)
    return {
      instead: `EXTERNAL-IP is ${shown.length === 0 ? '<pending>' : shown.map((i) => i.ip).join(', ')}`,
    };
  return {
    ok: address,
    say: `Service status: EXTERNAL-IP ${address} (ipMode ${found.ipMode ?? 'not set'})`,
  };
}

interface EventObject {
  readonly reason?: string;
  readonly message?: string;
  readonly note?: string;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
  readonly regarding?: { readonly kind?: string; readonly name?: string };
}

/** An Event that somebody should see. */
export interface WantedEvent {
  readonly on: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly reason: string;
  /** Text that its message must contain. */
  readonly says: string;
}

/** Events of both API groups. */
export async function eventOn(
  api: KubernetesApi,
  { on: { kind, namespace, name }, reason, says }: WantedEvent,
): Promise<Seen<string>> {
  const events = (await api.list(
    `/api/v1/namespaces/${namespace}/events`,
  )) as readonly EventObject[];
  const own = events
    .filter((e) => (e.involvedObject ?? e.regarding)?.name === name)
    .map((e) => ({ reason: e.reason ?? '', text: e.message ?? e.note ?? '' }));
  const found = own.find((e) => e.reason === reason && e.text.includes(says));
  if (!found)
    return {
      instead:
        own.length === 0
          ? `no event on ${kind} ${name}`
          : `events: ${own.map((e) => `${e.reason}: ${e.text}`).join(' | ')}`,
    };
  return { ok: found.text, say: `Event on the ${kind}: ${reason}: ${found.text}` };
}

/** The addresses and ports that a pool should contain. */
export function poolHolds(
  rows: readonly DeviceRow[],
  virtual: string,
  wanted: readonly string[],
): Seen<DeviceRow> {
  const row = rows.find((r) => r.virtual === virtual);
  if (!row)
    return {
      instead: `virtual servers on the device: ${rows.map((r) => r.virtual).join(', ') || 'none'}`,
    };
  const members = row.members
    .filter((m) => m.enabled)
    .map((m) => m.member)
    .sort();
  if (members.join() !== [...wanted].sort().join())
    return {
      instead: `the pool of ${virtual} sends new connections to ${members.join(', ') || 'no member'}`,
    };
  return {
    ok: row,
    say: `virtual server ${virtual} in partition ${row.partition} sends new connections to ${members.join(', ')}`,
  };
}

/** Expects the balancing method at the pool of the virtual server. */
export function balances(
  rows: readonly DeviceRow[],
  virtual: string,
  method: string,
): Seen<string> {
  const balance = rows.find((r) => r.virtual === virtual)?.balance;
  return balance === method
    ? { ok: method, say: `its pool balances by ${method}` }
    : {
        instead:
          balance === undefined ? 'there is no such virtual server' : `the pool uses ${balance}`,
      };
}

/** Expects that the virtual server is gone. */
export function noVirtual(rows: readonly DeviceRow[], virtual: string): Seen<true> {
  if (rows.some((r) => r.virtual === virtual))
    return { instead: `${virtual} is still on the device` };
  return { ok: true, say: `virtual server ${virtual} is gone from the device` };
}

/** Expects a refused connection. */
export function nobodyAnswers(answer: string, where: string): Seen<true> {
  return answer === '(connection refused)'
    ? { ok: true, say: `nothing answers at ${where}` }
    : { instead: answer };
}

/** Expects exactly this answer. */
export function answered(answer: string, wanted: string, where: string): Seen<string> {
  return answer === wanted
    ? { ok: answer, say: `a real TCP connection was answered: ${answer} (${where})` }
    : { instead: answer };
}
