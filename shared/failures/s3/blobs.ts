/** Blobs as objects of one bucket below one prefix. The only code that speaks to S3. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AT_THE_BEGINNING, handlerLimits, TotalTimeout, withinTotal } from '../../runtime/aws.ts';
import { within } from '../../runtime/shared-call.ts';
import { errorMessage, errorName } from '../../telemetry/errors.ts';
import type { BlobEntry, Blobs, Condition } from '../blobs.ts';
import { ReplayError } from '../error.ts';
import { checkedKey, checkedPrefix } from '../keys.ts';

export interface S3BlobsOptions {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  /** For an S3-compatible server; absent for AWS. */
  readonly endpoint?: string | undefined;
  /** Absent: the SDK's own chain. */
  /** How long a server may be silent, in milliseconds; default 30 000. */
  readonly silence?: number | undefined;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

const TIMEOUT_MS = 30_000;

function createClient(options: S3BlobsOptions, silence: number): S3Client {
  const client = new S3Client({
    region: options.region,
    maxAttempts: 3,
    requestHandler: handlerLimits(silence),
    // Compatible servers seldom have a host name for each bucket.
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });
  // One that is silent is tried again.
  client.middlewareStack.add(withinTotal(2 * silence), AT_THE_BEGINNING);
  return client;
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;
}

/** 409 is S3's answer to two conditional writes at the same moment: neither condition was decided, the caller looks again. */
function conditionFailed(error: unknown): boolean {
  return statusOf(error) === 412 || statusOf(error) === 409;
}

function headersOf(condition: Condition): { IfNoneMatch?: string; IfMatch?: string } {
  if (condition === undefined) return {};
  return condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.tag };
}

export function createS3Blobs(options: S3BlobsOptions): Blobs {
  const { bucket: Bucket, prefix, silence = TIMEOUT_MS } = options;
  const client = createClient(options, silence);
  const where = `s3://${Bucket}/${prefix}`;
  const below = (key: string): string => (prefix === '' ? key : `${prefix}/${key}`);
  const nameOf = (key: string): string => below(checkedKey(key, where));
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw new ReplayError(
        'RPL700',
        `The failure store ${where} cannot be used (${errorName(error)}: ${errorMessage(error)}). Check failures.bucket and failures.region, and the rights of this process on it.`,
        { cause: error },
      );
    }
  };
  const page = async (
    under: string,
    token: string | undefined,
  ): Promise<{ readonly entries: readonly BlobEntry[]; readonly next: string | undefined }> => {
    const answer = await guard(
      client.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix: below(checkedPrefix(under, where)),
          ContinuationToken: token,
        }),
      ),
    );
    const cut = below('').length;
    return {
      entries: (answer.Contents ?? []).map(({ Key = '', ETag = '' }) => ({
        key: Key.slice(cut),
        tag: ETag,
      })),
      next: answer.NextContinuationToken,
    };
  };
  return {
    where,
    get: async (key) => {
      const Key = nameOf(key);
      const read = async (): Promise<{ text: string; tag: string }> => {
        const answer = await client.send(new GetObjectCommand({ Bucket, Key }));
        const text = await within(
          answer.Body?.transformToString('utf-8') ?? Promise.resolve(''),
          2 * silence,
          () => new TotalTimeout(2 * silence),
        );
        return { text, tag: answer.ETag ?? '' };
      };
      return guard(
        read().catch((error: unknown) => {
          if (
            errorName(error) === 'NoSuchKey' ||
            (statusOf(error) === 404 && errorName(error) !== 'NoSuchBucket')
          )
            return undefined;
          throw error;
        }),
      );
    },
    put: async (key, text, condition) => {
      const sent = client.send(
        new PutObjectCommand({
          Bucket,
          Key: nameOf(key),
          Body: text,
          ContentType: 'application/json',
          ...headersOf(condition),
        }),
      );
      return guard(
        sent.then(
          (answer) => answer.ETag ?? '',
          (error: unknown) => {
            // What the condition named is gone: it does not hold.
            if (
              condition !== undefined &&
              (conditionFailed(error) || errorName(error) === 'NoSuchKey')
            )
              return undefined;
            throw error;
          },
        ),
      );
    },
    delete: async (key) => {
      await guard(client.send(new DeleteObjectCommand({ Bucket, Key: nameOf(key) })));
    },
    list: async (under) => {
      const all: BlobEntry[] = [];
      for (let token: string | undefined, more = true; more; more = token !== undefined) {
        const { entries, next } = await page(under, token);
        all.push(...entries);
        token = next;
      }
      return all;
    },
    close: async () => client.destroy(),
  };
}
