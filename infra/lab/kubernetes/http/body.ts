/** Reads request bodies: JSON, YAML, and protocol buffers where kubectl requires them. */
import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { badRequest, unsupportedMedia } from '../errors.ts';
import { isFields } from '../fields.ts';
import type { Resource } from '../resources/resource.ts';
import type { KubernetesObject } from '../types.ts';
import { readProtobuf } from './protobuf.ts';

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Rejects with 400 for a body that is larger than the API server takes. */
export async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw badRequest(`the request is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const spoken = ['application/json', 'application/yaml', PROTOBUF];

/** Patches are `application/...-patch+json` or `+yaml`; the YAML parser reads both. */
export function parseBody(bytes: Buffer, contentType: string, kind = 'object'): unknown {
  if (contentType === PROTOBUF) return readProtobuf(bytes);
  const text = bytes.toString();
  const yaml = contentType.endsWith('yaml');
  const json = contentType === '' || contentType.endsWith('json');
  if (!yaml && !json) throw unsupportedMedia(spoken);
  try {
    return yaml ? readYaml(text) : JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    if (yaml) throw badRequest(`unable to decode the body as YAML: ${message}`);
    const why = message.charAt(0).toLowerCase() + message.slice(1);
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get ` +
        `version/kind; json parse error: ${why} (${text})`,
    );
  }
}

/** Clients mostly write JSON, which is YAML too, and its parser takes far less time. */
function readYaml(text: string): unknown {
  if (!text.startsWith('{')) return parse(text);
  try {
    return JSON.parse(text);
  } catch {
    return parse(text);
  }
}

/** What the path says about the object in the body. */
export interface Expected {
  readonly resource: Resource;
  readonly apiVersion: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** An object of the kind in the path, which fills in missing fields. */
export function readObject(
  value: unknown,
  { resource, apiVersion, namespace, name }: Expected,
): KubernetesObject {
  if (!isFields(value)) throw badRequest(`the body must be an object of kind ${resource.kind}`);
  const given = { apiVersion, kind: resource.kind, ...value };
  if (given.apiVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${given.apiVersion}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (given.kind !== resource.kind) {
    throw badRequest(
      `the kind in the data (${given.kind}) does not match the expected kind (${resource.kind})`,
    );
  }
  const metadata = isFields(value['metadata']) ? value['metadata'] : {};
  refuseOther('name', metadata['name'], name);
  refuseOther('namespace', metadata['namespace'], namespace);
  const object = {
    ...given,
    metadata: { ...metadata, ...(name && { name }), ...(namespace && { namespace }) },
  };
  return object as unknown as KubernetesObject;
}

function refuseOther(what: string, given: unknown, expected: string | undefined): void {
  if (given === undefined || given === '' || expected === undefined || given === expected) return;
  throw badRequest(
    `the ${what} of the provided object does not match the ${what} sent on the request`,
  );
}
