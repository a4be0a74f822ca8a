/** The bucket and the prefix of all keys in it. */
export interface S3BlobsOptions {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  /** URL of an S3-compatible server; absent for AWS. */
  readonly endpoint?: string | undefined;
  /** Milliseconds without data after which a request is aborted; default 30 000. */
  readonly silenceMs?: number | undefined;
  /** Default: the credential chain of the SDK. */
  readonly credentials?:
    | {
        readonly accessKeyId: string;
        readonly secretAccessKey: string;
        readonly sessionToken?: string;
      }
    | undefined;
}

/** Location of the blobs, for messages. */
export function s3Location({ bucket, prefix }: Pick<S3BlobsOptions, 'bucket' | 'prefix'>): string {
  return `s3://${bucket}/${prefix}`;
}
