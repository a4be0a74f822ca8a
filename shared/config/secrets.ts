/** Resolves secret references. The configuration itself holds references only. */
export interface Secrets {
  /** `env:NAME`, `file:PATH`, `secretsmanager:ID[#key]` or `ssm:NAME`; throws a ConfigError that names the reference, never the value. */
  resolve(reference: string): Promise<string>;
}
