/** The PATCH request that restores a property. A class, so that `writeBack` recognises its own. */
export class Patch {
  /** Of iControl REST. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(path: string, body: Patch['body']) {
    this.path = path;
    this.body = body;
  }
}
