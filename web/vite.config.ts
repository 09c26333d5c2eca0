import { defineConfig } from 'vite';

// The lab is offline and its PCs are old: everything is bundled, for browsers from 2020 on.
export default defineConfig({
	base: './',
	esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
	build: {
		outDir: '../build/web',
		emptyOutDir: true,
		target: 'es2020',
		modulePreload: { polyfill: false },
		chunkSizeWarningLimit: 600,
	},
});
