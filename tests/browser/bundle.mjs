/* Loads a module of web/src into Node, as the pages' own bundler makes it. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './fake_daemon.mjs';

const { build } = createRequire(path.join(root, 'web/package.json'))('esbuild');

export async function load(name, source) {
	const outfile = path.join(root, 'build/web-tests', `${name}.mjs`);
	await build({
		stdin: { contents: source, resolveDir: path.join(root, 'web/src'), loader: 'ts' },
		bundle: true, outfile, charset: 'utf8', format: 'esm', jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'error',
		/* What of the browser is read when a module is loaded. */
		banner: { js: `globalThis.location ??= { hash: '', href: 'http://lab/' };
			globalThis.document ??= { documentElement: { dataset: {} } };
			globalThis.matchMedia ??= () => ({ matches: false, addEventListener() {} });
			globalThis.addEventListener ??= () => {};
			globalThis.navigator ??= { languages: ['en'] };` },
	});
	return import(pathToFileURL(outfile));
}
