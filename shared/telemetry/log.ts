/** Structured log, one JSON line per outcome; pino implements it. Never log a secret. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  /** Something failed and is tried again, or will be noticed. */
  warn(fields: object, message: string): void;
  /** Somebody has to act. */
  error(fields: object, message: string): void;
  /** A logger that adds these fields to each line. */
  child(fields: object): Logger;
}
