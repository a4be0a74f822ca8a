/** The API for single applications, which merges into the stored tenant and has no lock key. */
import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import { classOf, isObject, ofClass, withoutKeys } from '../json.ts';
import type { Json } from '../json.ts';
import { Refused } from './answers.ts';
import { jobOf } from './body.ts';
import { answer } from './respond.ts';
import { currentOf, tenantsOf } from './stored.ts';

/** The parts of the path. Without an application, the request concerns all of the tenant. */
export interface ApplicationTarget {
  readonly tenant: string;
  readonly application: string | undefined;
}

/**
 * Answers GET, POST and DELETE on applications. Unlike a declare of a tenant, it leaves the
 * other applications alone.
 */
export async function applicationsRoute(
  device: Device,
  request: LabRequest,
  target: ApplicationTarget,
): Promise<Reply> {
  const stored = tenantsOf(currentOf(device.condition.stored)).get(target.tenant);
  switch (request.method) {
    case 'GET':
      return read(stored, target);
    case 'POST':
      if (target.application !== undefined) throw new Refused(400, 'Bad Request: Invalid path');
      return write(device, request, {
        tenant: target.tenant,
        content: { class: 'Tenant', ...stored, ...posted(request.body) },
      });
    case 'DELETE':
      if (target.application === undefined) throw new Refused(400, 'Bad Request: Invalid path');
      // Unlike for a tenant, AS3 fails for a missing application.
      if (stored?.[target.application] === undefined)
        throw new Refused(500, "Cannot read properties of undefined (reading 'controls')");
      return write(device, request, {
        tenant: target.tenant,
        content: withoutApplication(stored, target.application),
      });
    default:
      throw new Refused(405, 'Method Not Allowed');
  }
}

function read(stored: Json | undefined, { tenant, application }: ApplicationTarget): Reply {
  if (stored === undefined)
    throw new Refused(404, `specified Tenant(s) '${tenant}' not found in declaration`);
  const applications = Object.fromEntries(ofClass(stored, 'Application'));
  if (application === undefined) return { status: 200, body: applications };
  if (applications[application] === undefined)
    throw new Refused(404, `specified Application '${application}' not found in '${tenant}'`);
  return { status: 200, body: { [application]: applications[application] } };
}

function posted(body: unknown): Json {
  if (!isObject(body) || classOf(body) !== undefined)
    throw new Refused(422, 'declaration is invalid', [
      'a per-application body holds schemaVersion and applications, and no class',
    ]);
  const rest = withoutKeys(body, 'schemaVersion', 'controls', 'id', '$schema');
  const other = Object.keys(rest).find((key) => classOf(rest[key]) !== 'Application');
  if (other !== undefined)
    throw new Refused(422, 'declaration is invalid', [`/${other}: should be an Application`]);
  return rest;
}

/** Removing the last application deletes the tenant. */
function withoutApplication(stored: Json, application: string): Json {
  const rest = withoutKeys(stored, application);
  return ofClass(rest, 'Application').length === 0 ? { class: 'Tenant' } : rest;
}

async function write(
  device: Device,
  request: LabRequest,
  change: { readonly tenant: string; readonly content: Json },
): Promise<Reply> {
  const job = jobOf(
    device,
    { class: 'ADC', schemaVersion: '3.0.0', [change.tenant]: change.content },
    { scope: [change.tenant], query: request.query },
  );
  if (job === 'retrieve') throw new Refused(400, 'Bad Request');
  return answer(device, request, job);
}
