import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import { classOf, isObject, ofClass } from '../json.ts';
import type { Json } from '../json.ts';
import { tenantReply } from './answers.ts';
import { runJob } from './declare.ts';
import type { Job } from './declare.ts';

/** Synchronous, as a task, or synchronous until it takes too long. */
export async function answer(device: Device, request: LabRequest, job: Job): Promise<Reply> {
  const names = [...job.tenants.keys()];
  const running = noted(device, request, job);
  if (request.query.get('async') === 'true')
    return tenantReply(background(device, running, job.declarationId), names);
  const slow = Symbol('slow');
  const first = await Promise.race([
    running,
    device.wait(device.timings.syncLimit).then(() => slow),
  ]);
  if (typeof first !== 'symbol') return first;
  return tenantReply(background(device, running, job.declarationId), names);
}

async function noted(device: Device, request: LabRequest, job: Job): Promise<Reply> {
  if (job.dryRun) return runJob(device, job);
  const end = device.journal.begin({
    bytes: Buffer.byteLength(request.text),
    servers: serversOf(job),
  });
  const reply = await runJob(device, job);
  end(reply);
  return reply;
}

function serversOf({ tenants }: Job): number {
  return [...tenants.values()]
    .flatMap((tenant) => ofClass(tenant, 'Application'))
    .flatMap(([, application]) => Object.values(application))
    .filter((item) => classOf(item)?.startsWith('Service_')).length;
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
