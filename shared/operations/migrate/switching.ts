/** What taking an address over and giving it back have in common. */
import type { RawObject } from '../../kubernetes/index.ts';
import type { Author, OperationContext } from '../context.ts';
import { resourceOfObject } from './kinds.ts';
import type { MigrationSite } from './read.ts';

/** What a switch needs; `say` is called before each step that takes time. */
export interface Switching {
  readonly context: Pick<OperationContext, 'runtime'> & {
    readonly audit: Pick<OperationContext['audit'], 'record'>;
  };
  readonly site: Pick<MigrationSite, 'client' | 'device'>;
  readonly author: Author;
  readonly say: (step: string) => void;
}

/** Merges into an object of the cluster. */
export async function patch(
  { client }: Pick<MigrationSite, 'client'>,
  raw: RawObject,
  change: object,
): Promise<void> {
  const { name, namespace } = raw.metadata;
  await client.merge(
    resourceOfObject(raw),
    { name, ...(namespace !== undefined && { namespace }) },
    change,
  );
}
