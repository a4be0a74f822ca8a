/**
 * What is cut out of packages and of Node, as plugins of esbuild: code that no function uses, and
 * that would be compiled, run and held in each.
 */
import type { Plugin } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';

/**
 * Sluice uses only the access code of the Kubernetes client (kubeconfig and credentials). The
 * client's index and the index of its generated code import the models of every kind: 2,742
 * modules, which take 12 seconds to resolve and memory for the lifetime of the process. In bundles,
 * these two modules are reduced to what access needs; the types are unchanged.
 */
const CLIENT_ACCESS: Readonly<Record<string, string>> = {
  'dist/index.js': "import './polyfill.js';export * from './config.js';",
  'dist/gen/index.js':
    "export { createConfiguration } from './configuration.js';export { ServerConfiguration } from './servers.js';",
};

const cutClient: Plugin = {
  name: 'cut-kubernetes-client',
  setup: (build) => {
    build.onLoad(
      { filter: /@kubernetes[\\/]client-node[\\/]dist[\\/](gen[\\/])?index\.js$/ },
      ({ path }) => {
        const file = path.replaceAll('\\', '/').split('@kubernetes/client-node/').at(-1) ?? '';
        const contents = CLIENT_ACCESS[file];
        return contents === undefined ? undefined : { contents, resolveDir: dirname(path) };
      },
    );
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
 * The package's index loads everything that it has: fetch, caches, mocks. Only these are used. What
 * the Kubernetes client could fetch is loaded when it does.
 */
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

const cutUndici: Plugin = {
  name: 'cut-undici',
  setup: (build) => {
    build.onLoad({ filter: /node_modules[\\/]undici[\\/]index\.js$/ }, ({ path }) => ({
      contents: UNDICI,
      resolveDir: dirname(path),
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

/** What zod decides at each object, and what it decides in bundles. */
const COMPILES_AT_ONCE = ['let fastpass;', 'ctx.jitless !== true) {'] as const;
const COMPILES_LATER = [
  'let fastpass; let parsed = 0;',
  'ctx.jitless !== true && (parsed += 1) > 100) {',
] as const;

/**
 * Zod compiles a parser for an object schema when it is first used. That takes almost a millisecond
 * and saves a thousandth of one for each object: 60 ms of a start of `sluice up`, for 90 schemas of
 * which most parse a few objects. Bundles compile those that have parsed a hundred.
 */
const compileLater: Plugin = {
  name: 'compile-later',
  setup: (build) => {
    build.onLoad(
      { filter: /node_modules[\\/]zod[\\/]v4[\\/]core[\\/]schemas\.js$/ },
      ({ path }) => {
        const contents = COMPILES_AT_ONCE.reduce(
          (code, words, n) => {
            if (code.split(words).length !== 2)
              throw new Error(`infra/build/cuts.ts: ${path} has not exactly once: ${words}`);
            return code.replace(words, COMPILES_LATER[n] ?? '');
          },
          readFileSync(path, 'utf8'),
        );
        return { contents };
      },
    );
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

const isWord = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name) && name !== 'default';

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
        `const whole = process.getBuiltinModule('node:${path}');`,
        'export default whole;',
        ...Object.getOwnPropertyNames(process.getBuiltinModule(`node:${path}`))
          .filter(isWord)
          .map((name) => `export const ${name} = /* @__PURE__ */ Reflect.get(whole, '${name}');`),
      ].join('\n'),
    }));
  },
};

/** All of them. */
export const cuts: readonly Plugin[] = [
  cutClient,
  cutUndici,
  cutPino,
  leanNode,
  shakeYaml,
  shakeZod,
  compileLater,
];
