/** A refusal with mcpd's message: `01070333:3: Virtual Server ... illegally shares ...`. */
export class McpError extends Error {
  readonly status: number;

  constructor(status: number, code: string, text: string) {
    super(`${code}: ${text}`);
    this.name = 'McpError';
    this.status = status;
  }
}
