/**
 * Maps AWS errors to codes. Names are matched loosely, because servers use different prefixes and
 * suffixes.
 */
import { QueueError, type QueueErrorCode } from '../port.ts';
import { errorMessage, errorName } from '../../telemetry/errors.ts';

/** Names of the SDK and of compatible servers; the first match counts. */
/** Only files are moved. */
type SqsErrorCode = Exclude<QueueErrorCode, 'Q606'>;

const BY_NAME: readonly (readonly [RegExp, SqsErrorCode])[] = [
  [/NonExistentQueue|QueueDoesNotExist|QueueDeletedRecently/i, 'Q603'],
  [
    /AccessDenied|AccessDeniedException|NotAuthorized|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|IncompleteSignature|InvalidSecurity|ExpiredToken|MissingAuthentication|InvalidAccessKeyId|OptInRequired|CredentialsProviderError|^Forbidden/i,
    'Q602',
  ],
  [/ReceiptHandleIsInvalid|MessageNotInflight/i, 'Q605'],
  [/BatchRequestTooLong|MessageTooLong|RequestEntityTooLarge/i, 'Q604'],
];

/** SQS reports these as InvalidParameterValue, so only the message distinguishes them. */
const BY_MESSAGE: readonly (readonly [RegExp, SqsErrorCode])[] = [
  [/receipt handle has expired|not available for visibility|reason: .*expired/i, 'Q605'],
  [/must be shorter than|message too long|size limit/i, 'Q604'],
];

const REMEDY: Readonly<Record<SqsErrorCode, string>> = {
  Q601: 'Check the endpoint, the network and the state of the service; Sluice retries.',
  Q602: 'Check the permissions of the role on this queue and the credentials of this process.',
  Q603: 'Deploy the queues, or correct queue.prefix and queue.region in the configuration.',
  Q604: 'Send less in one message.',
  Q605: 'Process the message when it is received again.',
};

const SAYING: Readonly<Record<SqsErrorCode, string>> = {
  Q601: 'cannot be reached or returned an error',
  Q602: 'refused access',
  Q603: 'does not exist',
  Q604: 'refused the message as too large',
  Q605: 'no longer knows the receipt',
};

/** The code of an error of SQS, by its name or else by its message; Q601 if neither is known. */
function codeOf(name: string, message: string): SqsErrorCode {
  return (
    BY_NAME.find(([pattern]) => pattern.test(name))?.[1] ??
    BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ??
    'Q601'
  );
}

/** `where` names the queue and its server. */
export function toQueueError(error: unknown, where: string): QueueError {
  if (error instanceof QueueError) return error;
  const [name, message] = [errorName(error), errorMessage(error)];
  const code = codeOf(name, message);
  return new QueueError(
    code,
    `The queue ${where} ${SAYING[code]} (${name}: ${message}). ${REMEDY[code]}`,
    { cause: error },
  );
}
