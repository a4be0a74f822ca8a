/** Reads secrets by reference: environment, files, Secrets Manager, Parameter Store. */
import { describeErrorCode, errorMessage } from '../telemetry/errors.ts';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { handlerOptions, TotalTimeout } from '../runtime/aws.ts';
import { within } from '../runtime/shared-call.ts';
import { ConfigError } from './error.ts';
import type { SluiceConfig } from './schema.ts';

/** Resolves secret references. The configuration contains only references. */
export interface Secrets {
  /**
   * Resolves `env:NAME`, `file:PATH`, `secretsmanager:ID[#key]` or `ssm:NAME`; throws a ConfigError
   * that names the reference, never the value.
   */
  resolve(reference: string): Promise<string>;
}

/** Sources of secrets; tests inject their own. */
export interface SecretSources {
  /** For `env:NAME`. */
  readonly env: NodeJS.ProcessEnv;
  /** For `file:PATH`; default: the file system. */
  readonly readFile?: (path: string) => Promise<string>;
  /** Returns the text of the secret, or undefined if it has none. */
  readonly secretsManager?: (id: string) => Promise<string | undefined>;
  /** Returns the value of the parameter. */
  readonly ssm?: (name: string) => Promise<string | undefined>;
  /** AWS region of secrets whose reference is no ARN; default: the one of the environment. */
  readonly region?: string | undefined;
  /** Milliseconds to resolve one secret; default 15 000. */
  readonly limitMs?: number;
}

/** The AWS region that the configuration names; those of compatible servers are no AWS regions. */
export function awsRegion({
  queue,
  failures,
}: Pick<SluiceConfig, 'queue' | 'failures'>): string | undefined {
  for (const one of [queue, failures])
    if ('region' in one && one.endpoint === undefined) return one.region;
  return undefined;
}

/** Milliseconds: maximum silence of a service, and maximum total time for a secret. */
const SILENCE_MS = 5_000;
const TOTAL_MS = 15_000;

/** The region in an ARN; undefined for a name. */
const regionOf = (id: string): string | undefined => /^arn:[^:]*:[^:]*:([a-z0-9-]+):/.exec(id)?.[1];

/** Without a region, the SDK looks for one in the environment and in its files. */
const clientOptions = (service: string, region: string | undefined) => ({
  requestHandler: handlerOptions(SILENCE_MS, { service, region }),
  ...(region !== undefined && { region }),
});

/**
 * The AWS clients are loaded only if a reference needs them, because loading them takes longer than
 * everything else.
 */
async function fromSecretsManager(
  id: string,
  defaultRegion: string | undefined,
): Promise<string | undefined> {
  const { GetSecretValueCommand, SecretsManagerClient } =
    await import('@aws-sdk/client-secrets-manager');
  const region = regionOf(id) ?? defaultRegion;
  const client = new SecretsManagerClient(clientOptions('secretsmanager', region));
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: id }));
    return answer.SecretString;
  } finally {
    client.destroy();
  }
}

/** Parameters of type SecureString are decrypted. */
async function fromParameterStore(
  name: string,
  defaultRegion: string | undefined,
): Promise<string | undefined> {
  const { GetParameterCommand, SSMClient } = await import('@aws-sdk/client-ssm');
  const client = new SSMClient(clientOptions('ssm', regionOf(name) ?? defaultRegion));
  try {
    const answer = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
    return answer.Parameter?.Value;
  } finally {
    client.destroy();
  }
}

/** Opened non-blocking, because opening a pipe without a writer would block a thread forever. */
async function readSecretFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = await file
      .stat()
      .then((stat) => (stat.isFile() ? stat : Promise.reject(new NotAFile())));
    if (size > MAX_FILE_BYTES) throw new NotAFile();
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Bytes. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Its code becomes the reason in the message. */
class NotAFile extends Error {
  readonly code = 'not a regular file of at most 1 MiB';
}

/** Throws GW102. The reference is named, the value never. */
function fail(reference: string, message: string, cause?: unknown): never {
  throw new ConfigError(
    'GW102',
    `secret ${reference}`,
    [{ path: '', message }],
    cause === undefined ? {} : { cause },
  );
}

/** Errors of the JSON parser quote the text, which is the secret, so they are not used. */
function pickKey(reference: string, text: string, key: string): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail(reference, `is not a JSON object, so #${key} cannot be picked from it`);
  }
  const value =
    typeof json === 'object' && json !== null && Object.hasOwn(json, key)
      ? (json as Record<string, unknown>)[key]
      : undefined;
  return typeof value === 'string' ? value : fail(reference, `has no string under the key ${key}`);
}

/** What the SDK says without any region; it has no code. */
const NO_REGION = 'Region is missing';
/** The remedy where the AWS client would only say that a region is missing. */
const SET_REGION = 'no AWS region is known: set AWS_REGION, or refer to the secret by its ARN';

/** Only the kind of error: messages of files and services may contain the secret. */
function nameOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'name' in error && typeof error.name === 'string' ? error.name : 'unknown error';
}

/** Gets the part behind the colon, and the whole reference for messages. */
type Resolver = (rest: string, reference: string) => Promise<string | undefined>;

/** By the kind of reference. A line break at the end of a file is not part of the secret. */
function resolvers(sources: SecretSources): Readonly<Record<string, Resolver>> {
  const {
    env,
    readFile = readSecretFile,
    region,
    secretsManager = (id) => fromSecretsManager(id, region),
    ssm = (name) => fromParameterStore(name, region),
  } = sources;
  return {
    env: async (name) => env[name],
    file: async (path) => (await readFile(path)).replace(/\r?\n$/, ''),
    secretsmanager: async (rest, reference) => {
      const cut = rest.lastIndexOf('#');
      if (cut < 0) return secretsManager(rest);
      const text = await secretsManager(rest.slice(0, cut));
      return text === undefined ? undefined : pickKey(reference, text, rest.slice(cut + 1));
    },
    ssm,
  };
}

/** What to do if a secret cannot be read or is empty, by the kind of reference. */
const REMEDIES: Readonly<Record<string, string>> = {
  env: 'set the environment variable',
  file: 'put the secret into the file, and let this process read it',
  secretsmanager: 'create the secret, and allow secretsmanager:GetSecretValue to this role',
  ssm: 'create the parameter, and allow ssm:GetParameter (and kms:Decrypt) to this role',
};

/** Resolves on every call, without a cache, so that rotated secrets are used. */
export function createSecrets(sources: SecretSources): Secrets {
  const byKind = resolvers(sources);
  const { limitMs = TOTAL_MS } = sources;
  return {
    async resolve(reference) {
      const cut = reference.indexOf(':');
      const kind = reference.slice(0, cut);
      const resolver = Object.hasOwn(byKind, kind) ? byKind[kind] : undefined;
      // The reference may be the secret itself by mistake, so it is not repeated.
      if (resolver === undefined)
        return fail(
          '(not shown)',
          'is not a reference; write env:NAME, file:PATH, secretsmanager:ID[#key] or ssm:NAME',
        );
      let value: string | undefined;
      try {
        value = await within(
          resolver(reference.slice(cut + 1), reference),
          limitMs,
          () => new TotalTimeout(limitMs),
        );
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        if (errorMessage(error) === NO_REGION)
          return fail(reference, `cannot be read; ${SET_REGION}`);
        return fail(
          reference,
          `cannot be read (${describeErrorCode(nameOf(error))}); ${REMEDIES[kind]}`,
          error,
        );
      }
      return value === undefined || value === ''
        ? fail(reference, `is empty or missing; ${REMEDIES[kind]}`)
        : value;
    },
  };
}
