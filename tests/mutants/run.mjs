/*
 * Switches off each rule of safety, one after the other, in a copy of the source tree,
 * builds that, and demands that a test of the rule fails (mutants.mjs). Without mutation all
 * these tests must pass. Ends with "N killed, N survived".
 *
 *   node tests/mutants/run.mjs [RULE...]      only those rules: 5 6
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const tree = path.join(root, 'build/mutants/tree');
const rules = process.argv.slice(2).map(Number);
const chosen = mutants.filter(({ rule }) => rules.length === 0 || rules.includes(rule));
const PROGRAMS = ['kitlabd', 'kitlab', 'kitlab-runner', 'kitlab-virtual'].map((name) => `build/${name}`);

function copyTree() {
	const isSource = (file) => !/(^|\/)node_modules$/.test(file);
	rmSync(tree, { recursive: true, force: true });
	mkdirSync(path.join(tree, 'build'), { recursive: true });
	for (const name of ['daemon', 'devices', 'lua', 'web', 'examples', 'tests', 'docs', 'packaging', 'Makefile', 'README.md',
		'build/gen', 'build/obj', 'build/web']) {
		if (existsSync(path.join(root, name))) {
			cpSync(path.join(root, name), path.join(tree, name),
				{ recursive: true, preserveTimestamps: true, filter: isSource });
		}
	}
	for (const name of ['web', 'tests']) {
		symlinkSync(path.join(root, name, 'node_modules'), path.join(tree, name, 'node_modules'));
	}
}

const run = (command, args, timeout) => spawnSync(command, args, { cwd: tree, encoding: 'utf8', timeout, killSignal: 'SIGKILL',
	maxBuffer: 64 << 20, env: { ...process.env, CMOCKA_MESSAGE_OUTPUT: 'TAP', BUILD: 'build' } });

function make(targets) {
	const { status, stdout, stderr } = run('make', ['-j2', '--no-print-directory', ...targets], 900000);
	if (status !== 0) {
		throw new Error(`the build fails:\n${stdout}${stderr}`.slice(-3000));
	}
}

/* Names of the tests that failed; a crash and a hang fail, too. */
function failures({ unit = [], system }) {
	const failed = [];
	make([...unit.map((name) => `build/tests/${name}`), ...(system ? [...PROGRAMS, 'build/bench/ptypipe'] : [])]);
	const take = (name, { status, stdout }) => {
		const lines = [...stdout.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, text]) => text);
		failed.push(...lines);
		if (status !== 0 && lines.length === 0) {
			failed.push(`${name} ended with ${status}`);
		}
	};
	for (const name of unit) {
		take(name, run(`build/tests/${name}`, [], 60000));
	}
	if (system) {
		take(system.file, run('node', ['--test', ...system.names.map((name) => `--test-name-pattern=^${name}`),
			`tests/system/${system.file}.test.mjs`], 120000));
	}
	return failed;
}

const isOfRule = ({ rule, fault, any }) => (name) =>
	any || name.startsWith(`safety_S${rule}_`) || (fault && name.startsWith(`fault_${fault}_`));

copyTree();
const clean = failures({ unit: [...new Set(chosen.flatMap(({ unit = [] }) => unit))] });
for (const system of chosen.flatMap((mutant) => (mutant.system ? [mutant.system] : []))) {
	clean.push(...failures({ system }));
}
if (clean.length > 0) {
	console.log(`without any mutation these fail already: ${clean.join(', ')}`);
	process.exit(1);
}
let killed = 0, survived = 0;
for (const mutant of chosen) {
	const file = path.join(tree, mutant.file);
	const text = readFileSync(file, 'utf8');
	if (text.split(mutant.from).length !== 2) {
		throw new Error(`${mutant.file}: this does not stand there once: ${mutant.from}`);
	}
	writeFileSync(file, text.replace(mutant.from, () => mutant.to));
	const failed = failures(mutant);
	const by = failed.find(isOfRule(mutant));
	writeFileSync(file, text);
	killed += by ? 1 : 0;
	survived += by ? 0 : 1;
	console.log(`S${mutant.rule} ${mutant.name}: ${by ? `killed by ${by}` : `SURVIVED (failed: ${failed.join(', ') || 'none'})`}`);
}
console.log(`${killed} killed, ${survived} survived`);
process.exit(survived > 0 ? 1 : 0);
