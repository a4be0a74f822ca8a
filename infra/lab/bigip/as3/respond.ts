import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import { isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { tenantReply } from './answers.ts';
import { runJob } from './declare.ts';
import type { Job } from './declare.ts';

/** Synchronous, as a task, or synchronous until it takes too long. */
export async function answer(device: Device, request: LabRequest, job: Job): Promise<Reply> {
  const names = [...job.tenants.keys()];
  if (request.query.get('async') === 'true')
    return tenantReply(background(device, runJob(device, job), job.declarationId), names);
  const running = runJob(device, job);
  const slow = Symbol('slow');
  const first = await Promise.race([
    running,
    device.wait(device.timings.syncLimit).then(() => slow),
  ]);
  if (typeof first !== 'symbol') return first;
  return tenantReply(background(device, running, job.declarationId), names);
}

function background(device: Device, running: Promise<Reply>, declarationId: string): Reply {
  const id = device.tasks.add(declarationId);
  const complete = (body: unknown): void => device.tasks.complete(id, isObject(body) ? body : {});
  void running.then(
    (reply) => complete(reply.body),
    (error: unknown) => complete({ code: 500, message: String(error) } satisfies Json),
  );
  return { status: 202, body: device.tasks.submitted(id) };
}
