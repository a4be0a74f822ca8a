/** Credentials from a program, as in kubeconfigs of cloud providers. */
import type { Environment } from '../runtime/process.ts';

/** The `exec` part of a kubeconfig's user. */
export interface ExecConfig {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly apiVersion: string;
  readonly installHint?: string | undefined;
}

/** What the program returned: a token or a client certificate. */
export interface ExecCredential {
  readonly token?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Runs the program when credentials are needed and the cached ones have expired. */
export interface ExecPlugin {
  read(): Promise<ExecCredential>;
  /** Discards the cached credentials. */
  forget(): void;
}

/** The environment of the program and its time limit. */
export interface ExecOptions {
  readonly env: Environment;
  readonly now: () => number;
  /** Milliseconds after which the program is killed. */
  readonly timeout?: number | undefined;
}

/** A plugin may ask a cloud provider; one that asks a person does not end. */
const TIMEOUT_MS = 30_000;
/**
 * Time before expiry at which a credential is renewed, because requests take time and clocks
 * differ.
 */
const MARGIN_MS = 60_000;
/** Of what the plugin prints for people, for the log. */
const MAX_REMARK_CHARACTERS = 500;
/** Characters; a token and a certificate with its key have a few thousand. */
const MAX_OUTPUT_CHARACTERS = 1024 * 1024;

/** Concurrent callers share one run of the program. */
export function createExecPlugin(config: ExecConfig, options: ExecOptions): ExecPlugin {
  let cached: { readonly credential: ExecCredential; readonly until: number } | undefined;
  let asking: Promise<ExecCredential> | undefined;

  async function ask(): Promise<ExecCredential> {
    const { credential, expires } = parse(config, await run(config, options));
    const left = expires - options.now();
    cached = { credential, until: expires - Math.min(MARGIN_MS, left / 2) };
    return credential;
  }

  return {
    read: () => {
      if (cached !== undefined && cached.until > options.now())
        return Promise.resolve(cached.credential);
      // All streams ask at the same time; the program is started once.
      asking ??= ask().finally(() => (asking = undefined));
      return asking;
    },
    forget: () => {
      cached = undefined;
    },
  };
}

/** Runs the program without a terminal. Rejects if it fails or does not end in time. */
async function run(
  config: ExecConfig,
  { env, timeout = TIMEOUT_MS }: ExecOptions,
): Promise<string> {
  // Few kubeconfigs have a plugin, and loading this takes time at each start.
  const { spawn } = await import('node:child_process');
  const { command, args, apiVersion, installHint } = config;
  const extra = Object.fromEntries(config.env.map(({ name, value }) => [name, value]));
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(command, args, {
    env: { ...env, KUBERNETES_EXEC_INFO: info, ...extra },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  const fail = (why: string): void => reject(new Error(`credential plugin ${command} ${why}`));
  const end = (why: string): void => {
    child.kill('SIGKILL');
    // Its children may keep the pipes open, so the end of output is not awaited.
    child.stdout.destroy();
    child.stderr.destroy();
    fail(why);
  };
  const timer = setTimeout(
    () => end(`did not answer within ${timeout / 1000} s; run it by hand to see what it waits for`),
    timeout,
  );
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (piece: string) => {
      said[name] += piece;
      if (said[name].length > MAX_OUTPUT_CHARACTERS)
        end(`printed more than ${MAX_OUTPUT_CHARACTERS} characters; run it by hand to see what`);
    });
  }
  child.once('error', (error) => {
    clearTimeout(timer);
    fail(
      'cannot be started ' +
        `(${error.message})${installHint === undefined ? '; install it, or correct users[].user.exec.command' : `; ${installHint}`}`,
    );
  });
  child.once('close', (code) => {
    clearTimeout(timer);
    if (code === 0) resolve(said.stdout);
    else
      fail(
        `ended with ${code ?? 'a signal'}: ${said.stderr.trim().slice(-MAX_REMARK_CHARACTERS) || 'it printed nothing'}`,
      );
  });
  return promise;
}

/**
 * The credential in the program's output. Without an expiry time it is kept until a request is
 * refused.
 */
function parse(
  { command }: ExecConfig,
  text: string,
): { readonly credential: ExecCredential; readonly expires: number } {
  const status = statusOf(text);
  if (status === undefined)
    throw new Error(
      `credential plugin ${command} printed no ExecCredential with a status; check its version and arguments`,
    );
  const field = (name: string): string | undefined =>
    typeof status[name] === 'string' ? status[name] : undefined;
  const expires = Date.parse(field('expirationTimestamp') ?? '');
  return {
    credential: {
      token: field('token'),
      cert: field('clientCertificateData'),
      key: field('clientKeyData'),
    },
    expires: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires,
  };
}

/** The `status` of an ExecCredential; undefined if the text is not one. */
function statusOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const said = JSON.parse(text) as { status?: Readonly<Record<string, unknown>> } | null;
    return typeof said?.status === 'object' ? said.status : undefined;
  } catch {
    return undefined;
  }
}
