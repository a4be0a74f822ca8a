// `node:http` for bundles. An import of it reads all its exports, and three of them load fetch and
// WebSocket of Node, which takes 60 ms. These are left out here, and the others are not imported.
const http = process.getBuiltinModule('node:http');

// oxlint-disable-next-line import/no-default-export -- node:http has one, which packages import
export default http;
export const {
  Agent,
  ClientRequest,
  IncomingMessage,
  METHODS,
  OutgoingMessage,
  STATUS_CODES,
  Server,
  ServerResponse,
  createServer,
  get,
  globalAgent,
  maxHeaderSize,
  request,
  setMaxIdleHTTPParsers,
  validateHeaderName,
  validateHeaderValue,
} = http;
