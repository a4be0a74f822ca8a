import * as z from 'zod';

/** Where a secret is; the configuration never has the secret itself. */
export const SecretReference = z
  .string()
  .regex(
    /^(env|file|secretsmanager|ssm):.+/,
    'must be a reference: env:NAME, file:PATH, secretsmanager:ID or ssm:NAME',
  );
