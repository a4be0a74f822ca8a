import { createHash } from 'node:crypto';
import type { KubernetesObjects } from '../../shared/domain/ingress/objects.ts';

/** What a snapshot says, without when it was said. */
export interface Content {
  readonly objects: KubernetesObjects;
  readonly removed: boolean;
}

/** Equal content has an equal digest; who changed it, and how often, does not count. */
export function digestOf(content: Content): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
