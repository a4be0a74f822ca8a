/**
 * The calls as they may be made to a cluster in use: in namespaces of the oracle, with Services of
 * a class and Gateways with a selector that nobody else has.
 */
import { mapped, type Row } from './rows.ts';

/** What the oracle creates in a cluster begins with this. */
export const OURS = 'sluice-oracle';

/** No controller takes a Service of this class. */
export const NO_CLASS = `${OURS}.example.com/none`;

const NAMES: Readonly<Record<string, string>> = {
  cmp: `${OURS}-calls`,
  cmpdel: `${OURS}-ending`,
  nonamespace: `${OURS}-none`,
  default: `${OURS}-other`,
  ingressgateway: OURS,
  'sluice.io/bigip': NO_CLASS,
};

/** The namespaces of the calls. */
export const CALL_NAMESPACES: readonly string[] = [`${OURS}-calls`, `${OURS}-ending`];

/** Until the API server has seen that a namespace is terminating. */
const SEEN_MS = 2_000;

function renamed(text: string): string {
  return (NAMES[text] ?? text).replace(
    /\/namespaces\/([\w-]+)/g,
    (_, name: string) => `/namespaces/${NAMES[name] ?? name}`,
  );
}

interface Spec {
  readonly type?: string;
  readonly loadBalancerClass?: string;
}

/** Without a class, the controller of a cloud would act. */
function classed(body: unknown): unknown {
  const spec = (body as { readonly spec?: Spec } | undefined)?.spec;
  if (spec?.type !== 'LoadBalancer' || spec.loadBalancerClass !== undefined) return body;
  return { ...(body as object), spec: { ...spec, loadBalancerClass: NO_CLASS } };
}

/** The same calls without those that create namespaces; what depends on the controller of namespaces waits for it. */
export function harmless(rows: readonly Row[]): readonly Row[] {
  return rows
    .filter(({ path }) => path !== '/api/v1/namespaces')
    .map((row) => {
      const { answer: _, ...call } = mapped(row, renamed) as Row;
      return {
        ...call,
        ...(call.body !== undefined && { body: classed(call.body) }),
        ...(call.name === 'ns-terminating-event' && { pauseMs: SEEN_MS }),
        ...(call.name === 'ns-held-gw' && { until: 'deletionTimestamp' }),
      };
    });
}
