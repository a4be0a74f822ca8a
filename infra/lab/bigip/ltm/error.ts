/** A refusal with mcpd's message: `01070333:3: Virtual Server ... illegally shares ...`. */
export class McpError extends Error {
  readonly status: number;

  /** What iControl REST refuses by itself has no code. */
  constructor(status: number, code: string | undefined, text: string) {
    super(code === undefined ? text : `${code}: ${text}`);
    this.name = 'McpError';
    this.status = status;
  }
}

/** What a reference leads to is not there. */
export function missing(kind: string, path: string): McpError {
  return new McpError(400, '01020036:3', `The requested ${kind} (${path}) was not found.`);
}
