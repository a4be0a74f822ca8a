import { lazily } from '../../runtime/lazy.ts';
import type { Blobs } from '../blobs.ts';
import { s3Location, type S3BlobsOptions } from './options.ts';

/** Blobs in a bucket. The client of S3 is imported with the first call. */
export function lazyS3Blobs(options: S3BlobsOptions): Blobs {
  const blobs = lazily(async () => {
    const { createS3Blobs } = await import('./blobs.ts');
    return createS3Blobs(options);
  });
  return {
    where: s3Location(options),
    get: async (key) => (await blobs.get()).get(key),
    put: async (key, text, condition) => (await blobs.get()).put(key, text, condition),
    delete: async (key) => (await blobs.get()).delete(key),
    list: async (prefix, range) => (await blobs.get()).list(prefix, range),
    close: () => blobs.close((opened) => opened.close()),
  };
}
