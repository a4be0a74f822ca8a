/** An API server as the oracle sees it: a real one, or the lab's. */
import { request, type Dispatcher } from 'undici';
import { createCredentialSource } from '../../../shared/kubernetes/credentials.ts';
import type { Body } from '../../integration/lab-kubernetes/client.ts';

/** `body` is undefined if the answer is no JSON. */
export interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: Body;
}

export interface Ask {
  readonly type?: string | undefined;
  readonly body?: unknown;
  readonly accept?: string | undefined;
}

export interface Subject {
  /** A file that only this account may read. */
  readonly kubeconfig: string;
  /** Rejects if there is no answer, or once the oracle is interrupted. */
  send(method: string, path: string, ask?: Ask): Promise<Answer>;
  close(): Promise<void>;
}

/** The field manager of a write that names none. */
const AGENT = 'sluice';
const LONGEST_ANSWER = 32 * 1024 * 1024;

async function textOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LONGEST_ANSWER) throw new Error('the answer of the API server is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** The API server of the kubeconfig. `signal` ends all calls. */
export async function openSubject(kubeconfig: string, signal?: AbortSignal): Promise<Subject> {
  const source = createCredentialSource({ kubeconfig, env: process.env });
  const { server, headers, createDispatcher } = await source.read();
  const dispatcher = createDispatcher();
  return {
    kubeconfig,
    send: async (method, path, { type = 'application/json', body, accept } = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const answer = await request(`${server}${path}`, {
        dispatcher,
        method,
        headers: {
          ...headers,
          accept: accept ?? 'application/json',
          'user-agent': AGENT,
          ...(body !== undefined && { 'content-type': type }),
        },
        ...(body !== undefined && { body: text }),
        ...(signal !== undefined && { signal }),
      });
      const said = await textOf(answer.body);
      return {
        code: answer.statusCode,
        headers: answer.headers,
        text: said,
        body: String(answer.headers['content-type']).startsWith('application/json')
          ? parsed(said)
          : undefined,
      };
    },
    close: () => dispatcher.close(),
  };
}

/** A watch has one JSON text for each line, so it is none itself. */
function parsed(text: string): Body {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
