import manifest from '../../package.json' with { type: 'json' };

/** The release that this process is of, such as `0.1.0`. */
export const VERSION: string = manifest.version;

/** A release as others note it: `1.2.3`, or with a suffix `1.2.3-rc.1`. */
export const RELEASE_TEXT = /^\d{1,6}\.\d{1,6}\.\d{1,6}(-[0-9A-Za-z.-]{1,40})?$/;
