/**
 * An object of F5 CIS that was handed over to Sluice. It stays in the cluster with another value of
 * the label by which CIS finds it, and says itself how it was before.
 */
import * as z from 'zod';
import type { RawObject } from '../../kubernetes/index.ts';

/** The annotation with the {@link HandedOver} as JSON. */
export const HANDED_OVER_ANNOTATION = 'sluice.io/handed-over';
/** Value of the label while the object is handed over. */
export const HANDED_OVER_VALUE = 'handed-over';
const MAX_CHARACTERS = 16_384;

/** A Gateway that exposes less while an address is given back. */
export const WithheldGateway = z.strictObject({
  api: z.enum(['istio', 'gateway-api']),
  /** `namespace/name` */
  gateway: z.string().min(3).max(507),
  /** Value of `sluice.io/expose` before; null: the annotation was not there. */
  expose: z.string().max(4_096).nullable(),
});
export type WithheldGateway = Readonly<z.infer<typeof WithheldGateway>>;

/** How an object was before, and for which address it was handed over. */
export const HandedOver = z.strictObject({
  address: z.string().min(2).max(64),
  label: z.strictObject({ name: z.string().min(1).max(317), value: z.string().min(1).max(63) }),
  at: z.iso.datetime(),
  by: z.string().max(200),
  /** Set while the address is being given back. */
  withheld: z.array(WithheldGateway).max(100).exactOptional(),
});
export type HandedOver = Readonly<z.infer<typeof HandedOver>>;

/** Undefined without the annotation; a problem if it is not what Sluice wrote. */
export function handedOverIn({
  metadata: { annotations = {} },
}: RawObject): HandedOver | { readonly problem: string } | undefined {
  const text = annotations[HANDED_OVER_ANNOTATION];
  if (text === undefined) return undefined;
  const parsed = text.length > MAX_CHARACTERS ? undefined : readJson(text);
  const read = HandedOver.safeParse(parsed);
  if (read.success) return read.data;
  return {
    problem:
      `annotation ${HANDED_OVER_ANNOTATION} is not what Sluice wrote; ` +
      'set the label by which F5 CIS finds the object by hand, and remove the annotation',
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The object as F5 CIS knew it: with its label, if it is handed over. */
export function asCisKnewIt(object: RawObject): RawObject {
  const over = handedOverIn(object);
  if (over === undefined || 'problem' in over) return object;
  const { metadata } = object;
  const labels = { ...metadata.labels, [over.label.name]: over.label.value };
  return { ...object, metadata: { ...metadata, labels } };
}

/** Merge patch with which F5 CIS lets go of the object, unless it is newer than `version`. */
export function handingOver(over: HandedOver, version?: string): object {
  return {
    metadata: {
      ...(version !== undefined && { resourceVersion: version }),
      labels: { [over.label.name]: HANDED_OVER_VALUE },
      annotations: { [HANDED_OVER_ANNOTATION]: JSON.stringify(over) },
    },
  };
}

/** Merge patch with which F5 CIS finds the object again; `kept`: what is still to be undone. */
export function givingBack({ label }: Pick<HandedOver, 'label'>, kept?: HandedOver): object {
  return {
    metadata: {
      labels: { [label.name]: label.value },
      annotations: { [HANDED_OVER_ANNOTATION]: kept === undefined ? null : JSON.stringify(kept) },
    },
  };
}
