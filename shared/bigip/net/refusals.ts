/** What BIG-IP means when it refuses an entry. */
import type { DeviceErrorCode, FaultClass } from '../../device/errors.ts';
import { DeviceError } from '../../device/errors.ts';

interface RefusalRow {
  /** Matches the message of BIG-IP. */
  readonly text: RegExp;
  readonly code: DeviceErrorCode;
  readonly fault: FaultClass;
  /** A clause for messages, with what to correct. */
  readonly says: string;
}

/** By mcpd's code and words; the first row that fits decides. */
const ROWS: readonly RefusalRow[] = [
  {
    text: /\b01070330:/,
    code: 'BIP472',
    fault: 'content',
    says: 'the gateway is in no network of a self IP',
  },
  {
    text: /different route domain/i,
    code: 'BIP473',
    fault: 'content',
    says: 'the node and the tunnel are in different route domains',
  },
  // Written in the same moment by a process that is late: read again.
  {
    text: /\b01020066:/,
    code: 'BIP430',
    fault: 'transient',
    says: 'another client wrote it in the meantime',
  },
  {
    text: /already exists for \//i,
    code: 'BIP471',
    fault: 'content',
    says: 'another object has the same network or address',
  },
  {
    text: /\b01020036:.*tunnel/i,
    code: 'BIP477',
    fault: 'content',
    says: 'the tunnel does not exist',
  },
];

/** The refusal in the terms of paths; all other errors stay as they are. */
export function refusalOf(device: string, what: string, error: unknown): unknown {
  if (!(error instanceof DeviceError) || error.fault !== 'content') return error;
  const row = ROWS.find(({ text }) => text.test(error.response));
  const { code, fault, says } = row ?? {
    code: 'BIP470' as const,
    fault: 'content' as const,
    says: 'BIG-IP refuses it',
  };
  const { response } = error;
  return new DeviceError(code, fault, `${device}: ${what}: ${says}`, { response, cause: error });
}
