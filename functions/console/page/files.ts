/** The files of the page, as the console serves them. */

/** One file. */
export interface PageFile {
  /** `index.html`, or a name with a hash of its content. */
  readonly name: string;
  /** Media type. */
  readonly type: string;
  /** The content, compressed by gzip, in base64. */
  readonly gzip: string;
}

/** The build puts them here (`infra/build/page.ts`); sources run without a page. */
export const PAGE_FILES: readonly PageFile[] = [];
