import type { Meta } from '../../../shared/domain/snapshot/objects.ts';

/** Labels that change often or are many, and decide nothing. */
const NOISE =
  /^(pod-template-hash|controller-revision-hash|pod-template-generation|helm\.sh\/.*|beta\.kubernetes\.io\/.*|feature\.node\.kubernetes\.io\/.*|nvidia\.com\/.*|csi\..*|topology\.ebs\.csi\..*)$/;

/** As it is kept and sent. The version counts writes, not content: heartbeats would make every snapshot new. Changes carry it instead. */
export function trimLabels<T extends { readonly meta: Meta }>(object: T): T {
  const { labels } = object.meta;
  const names = Object.keys(labels);
  const kept = names.filter((name) => !NOISE.test(name)).sort();
  const same = kept.length === names.length && kept.every((name, i) => name === names[i]);
  const few = same ? labels : Object.fromEntries(kept.map((name) => [name, labels[name]]));
  return { ...object, meta: { ...object.meta, labels: few, resourceVersion: '' } };
}
