// Puts files into a program: writes an assembler file with their bytes (.incbin)
// and a table `struct embedded_file NAME[]` (daemon/embedded.h) that ends with NULL.
//
//   node embed.mjs plain|gzip TABLE FOLDER OUT.S [SUFFIX]
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const [form, table, folder, out, suffix = ''] = process.argv.slice(2);

function list(dir, prefix = '') {
	return readdirSync(join(dir, prefix)).sort().flatMap((name) => {
		const path = prefix ? `${prefix}/${name}` : name;
		return statSync(join(dir, path)).isDirectory() ? list(dir, path) : [path];
	});
}

const files = list(folder).filter((path) => path.endsWith(suffix));
let text = '\t.section .note.GNU-stack,"",@progbits\n\t.section .rodata\n';
let rows = '';
files.forEach((path, i) => {
	const source = join(folder, path);
	const bytes = readFileSync(source);
	const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
	let from = resolve(source);
	if (form === 'gzip') {
		from = resolve(`${out}.files`, path.replaceAll('/', '_') + '.gz');
		mkdirSync(dirname(from), { recursive: true });
		writeFileSync(from, gzipSync(bytes, { level: 9 }));
	}
	text += `n${i}:\t.asciz ${JSON.stringify(path)}\ne${i}:\t.asciz "${etag}"\n`;
	text += `d${i}:\t.incbin ${JSON.stringify(from)}\ns${i}:\t.byte 0\n`;
	rows += `\t.quad n${i}, d${i}, s${i} - d${i}, e${i}\n`;
});
text += '\t.section .data.rel.ro,"aw"\n\t.balign 8\n';
text += `\t.globl ${table}\n${table}:\n${rows}\t.quad 0, 0, 0, 0\n`;
writeFileSync(out, text);
