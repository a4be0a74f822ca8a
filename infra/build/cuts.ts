/**
 * What is cut out of packages and of Node, as plugins of esbuild: code that no function uses, and
 * that would be compiled, run and held in each.
 */
import type { Plugin } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

/** Only these of undici are used. What the Kubernetes client could fetch is loaded when it does. */
const UNDICI = `
  Object.assign(require('./lib/dispatcher/dispatcher').prototype, {
    request: require('./lib/api/api-request'),
    connect: require('./lib/api/api-connect'), // for proxies
  });
  module.exports = {
    Agent: require('./lib/dispatcher/agent'),
    ProxyAgent: require('./lib/dispatcher/proxy-agent'),
    Socks5ProxyAgent: require('./lib/dispatcher/socks5-proxy-agent'),
    buildConnector: require('./lib/core/connect'),
    get fetch() {
      return require('./lib/web/fetch').fetch;
    },
  };`;

const METRICS = ['Counter', 'Gauge', 'Histogram', 'Registry'].map(
  (name) => `exports.${name} = require('./lib/${name.toLowerCase()}');`,
);

/**
 * Files of packages with what bundles have instead. The index of a package loads everything that it
 * has; types are unchanged.
 *
 * - Of the Kubernetes client, only the access code is used: kubeconfig and credentials. The models of
 *   every kind are 2,742 modules. It makes an agent for the proxy of a kubeconfig, which nothing
 *   uses: `credentials.ts` has one of its own.
 * - prom-client would load metrics of Node and OpenTelemetry.
 */
const INSTEAD: Readonly<Record<string, string>> = {
  '@kubernetes/client-node/dist/index.js': "import './polyfill.js';export * from './config.js';",
  '@kubernetes/client-node/dist/gen/index.js':
    "export { createConfiguration } from './configuration.js';export { ServerConfiguration } from './servers.js';",
  'hpagent/index.mjs': 'export class HttpProxyAgent {} export class HttpsProxyAgent {}',
  'prom-client/index.js': METRICS.join(''),
  'socks/build/index.js': 'exports.SocksClient = class {};',
  'socks-proxy-agent/dist/index.js': 'export class SocksProxyAgent {}',
  'undici/index.js': UNDICI,
};

/**
 * Files of packages in which bundles have some words instead of others.
 *
 * - HTTP/2 takes 5 ms to load, and only some proxies speak it.
 * - Zod compiles a parser for an object schema when it is first used. That takes almost a millisecond
 *   and saves a thousandth of one for each object: 60 ms of a start of `sluice up`, for 90 schemas of
 *   which most parse a few objects. Bundles compile those that have parsed a hundred.
 * - A description makes a copy of its schema, 20 µs each. Only the docs read them, from the sources.
 */
const CHANGED: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {
  'undici/lib/dispatcher/client.js': [
    ["= require('./client-h2.js')", "= (...given) => require('./client-h2.js')(...given)"],
  ],
  'zod/v4/core/schemas.js': [
    ['let fastpass;', 'let fastpass; let parsed = 0;'],
    ['ctx.jitless !== true) {', 'ctx.jitless !== true && (parsed += 1) > 100) {'],
  ],
  'zod/v4/classic/schemas.js': [
    [
      `const cl = this.clone();
        core.globalRegistry.add(cl, { description });
        return cl;`,
      'return this;',
    ],
  ],
};

/** The path of a file, from the name of its package on. */
const inPackage = (path: string): string =>
  path.replaceAll('\\', '/').split('node_modules/').at(-1) ?? '';

/** Throws if a package no longer has the words exactly once. */
function change(path: string): string | undefined {
  return CHANGED[inPackage(path)]?.reduce(
    (code, [from, to]) => {
      if (code.split(from).length !== 2)
        throw new Error(`infra/build/cuts.ts: ${path} has not exactly once: ${from}`);
      return code.replace(from, to);
    },
    readFileSync(path, 'utf8'),
  );
}

const cutPackages: Plugin = {
  name: 'cut-packages',
  setup: (build) => {
    build.onLoad({ filter: /node_modules/ }, ({ path }) => {
      const contents = INSTEAD[inPackage(path)] ?? change(path);
      return contents === undefined ? undefined : { contents, resolveDir: dirname(path) };
    });
  },
};

/**
 * For Node, the package exports CommonJS, which is bundled whole: a function for each of its
 * modules. Its other build has the same code as one tree of ES modules.
 */
const shakeYaml: Plugin = {
  name: 'shake-yaml',
  setup: (build) => {
    build.onResolve({ filter: /^yaml$/ }, ({ resolveDir }) => ({
      path: join(
        dirname(createRequire(join(resolveDir, '_')).resolve('yaml/package.json')),
        'browser/dist/index.js',
      ),
      sideEffects: false,
    }));
  },
};

/**
 * The package keeps all of `z` as one value, so that nothing of Zod could be left out of any bundle,
 * such as messages in 60 languages. It uses only this class.
 */
const shakeZod: Plugin = {
  name: 'shake-zod',
  setup: (build) => {
    const path = 'zod-of-openapi';
    build.onResolve({ filter: /^zod$/ }, ({ importer, resolveDir }) =>
      importer.includes('node_modules/@hono/zod-openapi/')
        ? { path, namespace: path, pluginData: resolveDir }
        : undefined,
    );
    build.onLoad({ filter: /^zod-of-openapi$/, namespace: path }, ({ pluginData }) => ({
      contents: "import { ZodType } from 'zod'; export const z = { ZodType };",
      resolveDir: String(pluginData),
    }));
  },
};

/** What the logger has for transports, which are threads, and for its own bugs. */
const CUT_PINO: Readonly<Record<string, string>> = {
  transport: "module.exports = () => { throw new Error('bundles have no transports'); };",
  worker_threads: 'module.exports = { isMainThread: true };',
  assert: 'module.exports = (ok, message) => { if (!ok) throw new Error(message); };',
};

const cutPino: Plugin = {
  name: 'cut-pino',
  setup: (build) => {
    build.onResolve({ filter: /(^|\/)(transport|assert|worker_threads)$/ }, ({ path, importer }) =>
      /node_modules[\\/](pino|sonic-boom)[\\/]/.test(importer)
        ? { path: basename(path), namespace: 'cut-pino' }
        : undefined,
    );
    build.onLoad({ filter: /^/, namespace: 'cut-pino' }, ({ path }) => ({
      contents: CUT_PINO[path] ?? '',
    }));
  },
};

/** Packages that could start programs load this when they do. */
const lateChildProcess: Plugin = {
  name: 'late-child-process',
  setup: (build) => {
    const path = 'late-child-process';
    build.onResolve({ filter: /^(node:)?child_process$/ }, ({ importer }) =>
      importer.includes('node_modules') ? { path, namespace: path } : undefined,
    );
    build.onLoad({ filter: /^/, namespace: path }, () => ({
      contents: `module.exports = new Proxy({}, {
        get: (_, name) => Reflect.get(process.getBuiltinModule('node:child_process'), name),
      });`,
    }));
  },
};

const isWord = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name) && name !== 'default';

/**
 * What few starts call, of modules that take milliseconds to load: those are loaded with the first
 * call.
 */
const LATE: Readonly<Record<string, readonly string[]>> = {
  net: ['BlockList', 'isIP'],
  zlib: ['createBrotliDecompress', 'createGunzip', 'createInflate', 'gunzipSync', 'gzipSync'],
};

/** The code that exports a name of a module of Node. */
function exportOf(path: string, name: string): string {
  if (LATE[path]?.includes(name) !== true)
    return `export const ${name} = /* @__PURE__ */ Reflect.get(whole, '${name}');`;
  const loaded = `process.getBuiltinModule('node:${path}').${name}`;
  return `export function ${name}(...given) {
    return new.target ? Reflect.construct(${loaded}, given) : ${loaded}(...given);
  }`;
}

/**
 * An import of a module of Node reads all that it exports. Some of that is made when it is read,
 * such as fetch, streams and Web Crypto: 60 ms for `node:http`, 4 ms for `node:fs`. Bundles read
 * only what they name.
 */
const leanNode: Plugin = {
  name: 'lean-node',
  setup: (build) => {
    build.onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, kind, importer }) =>
      kind === 'import-statement' && isBuiltin(path)
        ? {
            path: path.replace(/^node:/, ''),
            namespace: 'node',
            sideEffects: false,
            // One for each importer: what several share would be a file of its own.
            suffix: `?${relative(build.initialOptions.absWorkingDir ?? '', importer)}`,
          }
        : undefined,
    );
    build.onLoad({ filter: /^/, namespace: 'node' }, ({ path }) => ({
      contents: [
        `const whole = /* @__PURE__ */ process.getBuiltinModule('node:${path}');`,
        'export default whole;',
        ...Object.getOwnPropertyNames(process.getBuiltinModule(`node:${path}`))
          .filter(isWord)
          .map((name) => exportOf(path, name)),
      ].join('\n'),
    }));
  },
};

/** All of them. */
export const cuts: readonly Plugin[] = [
  cutPackages,
  cutPino,
  lateChildProcess,
  leanNode,
  shakeYaml,
  shakeZod,
];
