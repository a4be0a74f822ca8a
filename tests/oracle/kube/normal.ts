/** Answers without what each run has anew, so that two can be compared. */
import type { Body } from '../../integration/lab-kubernetes/client.ts';

const REPLACED = new Set(
  'uid creationTimestamp resourceVersion time clusterIP clusterIPs firstTimestamp lastTimestamp deletionTimestamp nodePort'.split(
    ' ',
  ),
);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function normalised(value: unknown): unknown {
  if (typeof value === 'string')
    return value
      .replace(UUID, '<uid>')
      .replace(/resource version: \d+/gi, 'resource version: N')
      .replace(/(current: |N \()\d+/g, '$1N');
  if (Array.isArray(value)) return value.map(normalised);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, normalisedField(key, inner)]),
  );
}

function normalisedField(key: string, value: unknown): unknown {
  if (REPLACED.has(key) && value !== undefined) return `<${key}>`;
  // The order of two managers depends on whether they wrote within one second.
  if (key === 'managedFields' && Array.isArray(value))
    return value.map(normalised).toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1));
  return normalised(value);
}

function rank(entry: Body): string {
  return [entry.operation, entry.manager, entry.subresource ?? ''].join();
}

/** As JSON, so that an undefined field equals a missing one. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(normalised(value) ?? null));
}

/** The compared parts of some answers, where the rest is irrelevant. A refusal may have none. */
const VIEWS: Readonly<Record<string, (body: Body) => unknown>> = {
  'np-tcp-udp': (body) => ({
    same: body.spec?.ports[0].nodePort === body.spec?.ports[1].nodePort,
    ...body,
  }),
  'etp-local': (body) => ({
    ...body,
    hc: typeof body.spec?.healthCheckNodePort,
    spec: { ...body.spec, healthCheckNodePort: 0 },
  }),
  'list-limit': ({ items, kind, metadata }) => ({
    n: items?.length,
    kind,
    cont: metadata?.continue !== undefined,
    rem: metadata?.remainingItemCount,
    itemKind: items?.[0]?.kind,
  }),
  'ev-long': (body) => ({ ...body, message: `len ${body.message?.length}` }),
  'ev-select': ({ items }) => ({ n: items?.length }),
  'pod-phase-selector': ({ items, kind }) => ({ kind, n: items?.length }),
  'cm-size': ({ kind, message, reason }) => ({ kind, message, reason }),
  'ev-get-table': ({ kind, columnDefinitions, rows }) => ({
    kind,
    cols: columnDefinitions?.map((one: Body) => one.name),
    row: rows?.[0]?.cells.slice(1),
  }),
};

export function viewed(name: string, body: Body): unknown {
  return VIEWS[name]?.(body) ?? body;
}
