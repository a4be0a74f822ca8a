import manifest from '../../package.json' with { type: 'json' };

/** The release that this process is of, such as `0.1.0`. */
export const VERSION: string = manifest.version;
