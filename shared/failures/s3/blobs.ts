/** Blobs as objects in a bucket. The only code that uses S3. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AT_THE_BEGINNING, handlerOptions, TotalTimeout, withinTotal } from '../../runtime/aws.ts';
import { within } from '../../runtime/shared-call.ts';
import { errorMessage, errorName } from '../../telemetry/errors.ts';
import { isInRange } from '../blobs.ts';
import type { Blob, BlobEntry, Blobs, Condition, KeyRange } from '../blobs.ts';
import { ReplayError } from '../error.ts';
import { checkedKey, checkedPrefix } from '../keys.ts';
import { s3Location, type S3BlobsOptions } from './options.ts';

/** Silence after which a request is given up; a whole call may take twice as long. */
const TIMEOUT_MS = 30_000;

/** `silence` in milliseconds limits each attempt, twice that the whole call. */
function createClient(options: S3BlobsOptions, silence: number): S3Client {
  const client = new S3Client({
    region: options.region,
    maxAttempts: 3,
    requestHandler: handlerOptions(silence, { service: 's3', ...options }),
    // Compatible servers rarely support a host name per bucket.
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });
  // Aborted requests are retried.
  client.middlewareStack.add(withinTotal(2 * silence), AT_THE_BEGINNING);
  return client;
}

function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;
}

/**
 * S3 answers 409 to concurrent conditional writes. Neither condition was evaluated, so the caller
 * tries again.
 */
function conditionFailed(error: unknown): boolean {
  return statusOf(error) === 412 || statusOf(error) === 409;
}

/** S3 evaluates the condition and writes in one step. */
function headersOf(condition: Condition): { IfNoneMatch?: string; IfMatch?: string } {
  if (condition === undefined) return {};
  return condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.tag };
}

/** Errors become RPL700. The server must support If-Match and If-None-Match. */
export function createS3Blobs(options: S3BlobsOptions): Blobs {
  return new S3Blobs(options);
}

/** Where an object is in S3. */
interface ObjectName {
  readonly Bucket: string;
  /** With the prefix of the store; keys of blobs are without it. */
  readonly Key: string;
}

class S3Blobs implements Blobs {
  readonly where: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #silenceMs: number;
  readonly #client: S3Client;

  constructor(options: S3BlobsOptions) {
    const { bucket, prefix, silenceMs = TIMEOUT_MS } = options;
    this.where = s3Location(options);
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#silenceMs = silenceMs;
    this.#client = createClient(options, silenceMs);
  }

  get(key: string): Promise<Blob | undefined> {
    return this.#run(async () => {
      try {
        return await this.#read(this.#nameOf(key));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    });
  }

  put(key: string, text: string, condition?: Condition): Promise<string | undefined> {
    return this.#run(async () => {
      try {
        const answer = await this.#client.send(
          new PutObjectCommand({
            ...this.#nameOf(key),
            Body: text,
            ContentType: 'application/json',
            ...headersOf(condition),
          }),
        );
        return answer.ETag ?? '';
      } catch (error) {
        // The blob that the condition named does not exist, so the condition is not met.
        if (condition !== undefined && (conditionFailed(error) || errorName(error) === 'NoSuchKey'))
          return undefined;
        throw error;
      }
    });
  }

  async delete(key: string): Promise<void> {
    await this.#run(() => this.#client.send(new DeleteObjectCommand(this.#nameOf(key))));
  }

  /**
   * All entries below a prefix within the range, in order. Stops reading pages behind the end of
   * the range.
   */
  async list(under: string, range: KeyRange = {}): Promise<readonly BlobEntry[]> {
    const all: BlobEntry[] = [];
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const { entries, next } = await this.#page(under, { token, after: range.after });
      all.push(...entries.filter(({ key }) => isInRange(key, range)));
      // They come sorted, so nothing behind the end is asked for.
      token = isInRange(entries.at(-1)?.key ?? '', { before: range.before }) ? next : undefined;
    }
    return all;
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  #nameOf(key: string): ObjectName {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${checkedKey(key, this.where)}` };
  }

  /**
   * Reads a blob within twice the silence limit: a body that trickles in must not hold up the
   * caller.
   */
  async #read(name: ObjectName): Promise<Blob> {
    const answer = await this.#client.send(new GetObjectCommand(name));
    const limit = 2 * this.#silenceMs;
    const text = await within(
      answer.Body?.transformToString('utf-8') ?? Promise.resolve(''),
      limit,
      () => new TotalTimeout(limit),
    );
    return { text, tag: answer.ETag ?? '' };
  }

  /** Up to 1,000 entries, and the token for the next ones. */
  async #page(
    under: string,
    { token, after }: { readonly token: string | undefined; readonly after: string | undefined },
  ): Promise<{ readonly entries: readonly BlobEntry[]; readonly next: string | undefined }> {
    const Prefix = `${this.#prefix}${checkedPrefix(under, this.where)}`;
    const answer = await this.#run(() =>
      this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix,
          ContinuationToken: token,
          ...(after !== undefined && { StartAfter: `${this.#prefix}${after}` }),
        }),
      ),
    );
    const entries = (answer.Contents ?? []).map(({ Key = '', ETag = '', LastModified }) => ({
      key: Key.slice(this.#prefix.length),
      tag: ETag,
      // Without a time it counts as new, so that nothing is removed because of its age.
      written: LastModified?.getTime() ?? Number.MAX_SAFE_INTEGER,
    }));
    return { entries, next: answer.NextContinuationToken };
  }

  /** Converts errors and timeouts of S3 to RPL700. */
  async #run<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ReplayError) throw error;
      throw new ReplayError(
        'RPL700',
        `The failure store ${this.where} cannot be used (${errorName(error)}: ` +
          `${errorMessage(error)}). ` +
          'Check failures.bucket, failures.region ' +
          'and the permissions of this process on the bucket.',
        { cause: error },
      );
    }
  }
}

/** A missing bucket is no missing object: it is an error of the configuration. */
function isMissing(error: unknown): boolean {
  return (
    errorName(error) === 'NoSuchKey' ||
    (statusOf(error) === 404 && errorName(error) !== 'NoSuchBucket')
  );
}
