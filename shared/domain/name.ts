import * as z from 'zod';

/**
 * The name of something, as other messages, records and the log repeat it: an owner has 190 characters at most, `namespace/name` of an object
 * of Kubernetes 317.
 */
export const Name = z.string().max(512);
