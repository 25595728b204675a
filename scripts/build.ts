// Bundles the program into dist/: one entry and the chunks that only some commands or machines need, with source
// maps. It starts faster than from node_modules and takes less memory. The SDK is bundled by itself, into dist/sdk/,
// with its types in dist/types/.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { MANIFESTS } from './manifests.ts';

/**
 * client-node does not say that its modules do nothing by being imported, so all of its 900 generated models would
 * come along with KubeConfig. They do nothing by being imported.
 */
const clientNodeHasNoSideEffects: Plugin = {
  name: 'client-node-has-no-side-effects',
  setup: (context) => {
    context.onResolve({ filter: /./ }, async (args) => {
      if (args.pluginData === 'resolving') return undefined;
      const found = await context.resolve(args.path, {
        importer: args.importer,
        resolveDir: args.resolveDir,
        kind: args.kind,
        pluginData: 'resolving',
      });
      return found.path.includes('/@kubernetes/client-node/') ? { ...found, sideEffects: false } : undefined;
    });
  },
};

/**
 * The entry of undici is CommonJS, so all of it would come along: fetch, WebSocket, caches, mocks. What our own files
 * import of it is taken from where it stands; an import of anything else fails the build.
 */
const ofUndiciWhatIsUsed: Plugin = {
  name: 'of-undici-what-is-used',
  setup: (context) => {
    context.onResolve({ filter: /^undici$/ }, ({ importer, resolveDir }) =>
      importer.includes('node_modules') ? undefined : { path: 'undici', namespace: 'undici', pluginData: resolveDir },
    );
    context.onLoad({ filter: /./, namespace: 'undici' }, ({ pluginData }: { pluginData: string }) => ({
      resolveDir: pluginData,
      contents: `
        import api from 'undici/lib/api/index.js';
        import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
        Object.assign(Dispatcher.prototype, api);
        export { default as ProxyAgent } from 'undici/lib/dispatcher/proxy-agent.js';
      `,
    }));
  },
};

/**
 * An `import` of one of Node's own modules reads all that it exports, and that of node:http makes what is made only
 * when somebody reads it, Node's fetch and WebSocket, of 13 MB. What is used of a module is read by itself.
 */
const ofNodeWhatIsUsed: Plugin = {
  name: 'of-node-what-is-used',
  setup: (context) => {
    context.onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === 'import-statement' && isBuiltin(path) ? { path, namespace: 'node' } : undefined,
    );
    context.onLoad({ filter: /./, namespace: 'node' }, ({ path }) => {
      const names = Object.keys(require(path)).filter((name) => name !== 'default');
      const exported = names.map(
        (name) => `const _${name} = /* @__PURE__ */ of('${name}'); export { _${name} as ${name} };`,
      );
      const start = `const it = process.getBuiltinModule('${path}'); const of = (name) => it[name]; export default it;`;
      return { contents: [start, ...exported].join('\n') };
    });
  },
};

/** `watchbridge validate` knows the CRD by heart: the program runs where there are no manifests. */
const textOfDefinition: Plugin = {
  name: 'text-of-definition',
  setup: (context) => {
    const file = join(MANIFESTS, 'crds', 'apiserversources.yaml');
    context.onLoad({ filter: /[\\/]preview[\\/]definition-text\.ts$/ }, () => ({
      contents: `export const DEFINITION_TEXT = ${JSON.stringify(readFileSync(file, 'utf8'))};`,
      watchFiles: [file],
    }));
  },
};

/**
 * The adapter is a bundle of its own: a chunk that commands share holds what any of them needs of a library, which
 * costs the adapter 50 MB at full speed.
 */
const adapterByItself: Plugin = {
  name: 'adapter-by-itself',
  setup: (context) => {
    context.onResolve({ filter: /^\.\/commands\/adapter\.ts$/ }, () => ({
      path: './adapter/adapter.js',
      external: true,
    }));
  },
};

const require = createRequire(import.meta.url);
const PLUGINS = [ofNodeWhatIsUsed, clientNodeHasNoSideEffects, ofUndiciWhatIsUsed, textOfDefinition];

const OPTIONS: BuildOptions = {
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minify: true,
  sourcemap: 'linked',
  plugins: PLUGINS,
  // CommonJS packages inside the bundle call require for Node's own modules.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  logLevel: 'info',
};

// The names of chunks change with their content, and those of an earlier build would stay.
rmSync('dist', { recursive: true, force: true });
await build({
  ...OPTIONS,
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  plugins: [...PLUGINS, adapterByItself],
});
await build({ ...OPTIONS, entryPoints: ['src/commands/adapter.ts'], outdir: 'dist/adapter' });
await build({ ...OPTIONS, entryPoints: ['src/sdk.ts'], outdir: 'dist/sdk' });
const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
const types = spawnSync(process.execPath, [tsc, '--project', 'tsconfig.sdk.json'], { stdio: 'inherit' });
if (types.status !== 0) throw new Error('The types of the SDK could not be written.');
