/*
 * The Markdown that guides use - headings, paragraphs, lists, code, tables, quotes; bold, italic,
 * code and links inside - made straight into elements. There is no way to raw HTML: what we do not
 * know stays text.
 */
import { Fragment, h, type ComponentChildren, type JSX } from 'preact';

export function Markdown({ text }: { text: string }): JSX.Element {
	return <>{blocks(text.replace(/\r\n?/g, '\n').split('\n'))}</>;
}

/* A page that shows the title itself leaves out the guide's own. */
export const withoutTitle = (text: string): string => text.replace(/^\s*# .*\n/, '');

const FENCE = /^(```|~~~)/;
const HEADING = /^(#{1,5})\s+(.*?)\s*#*$/;
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
const QUOTE = /^>\s?/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

function blocks(lines: string[]): JSX.Element[] {
	const out: JSX.Element[] = [];
	for (let i = 0; i < lines.length;) {
		const line = lines[i]!;
		const heading = HEADING.exec(line);
		let end = i + 1;
		if (line.trim() === '') {
			i++;
			continue;
		} else if (FENCE.test(line)) {
			const fence = line.slice(0, 3);
			while (end < lines.length && !lines[end]!.startsWith(fence)) {
				end++;
			}
			out.push(<pre class="source" tabIndex={0}><code>{lines.slice(i + 1, end).join('\n')}</code></pre>);
			end++;
		} else if (heading) {
			/* h1 is the page's own title. */
			out.push(h(`h${Math.max(2, heading[1]!.length)}`, {}, inline(heading[2]!)));
		} else if (ITEM.test(line)) {
			end = listEnd(lines, i);
			out.push(list(lines.slice(i, end)));
		} else if (QUOTE.test(line)) {
			end = until(lines, i, (one) => !QUOTE.test(one));
			out.push(<blockquote>{blocks(lines.slice(i, end).map((one) => one.replace(QUOTE, '')))}</blockquote>);
		} else if (line.includes('|') && TABLE_RULE.test(lines[i + 1] ?? '')) {
			end = until(lines, i, (one) => !one.includes('|'));
			out.push(table(lines.slice(i, end)));
		} else {
			end = until(lines, i + 1, (one) =>
				one.trim() === '' || FENCE.test(one) || HEADING.test(one) || ITEM.test(one) || QUOTE.test(one));
			out.push(<p>{inline(joined(lines.slice(i, end)))}</p>);
		}
		i = end;
	}
	return out;
}

function until(lines: string[], from: number, isEnd: (line: string, next: string) => boolean): number {
	let end = from;
	while (end < lines.length && !isEnd(lines[end]!, lines[end + 1] ?? '')) {
		end++;
	}
	return end;
}

/* A list goes on over its indented lines, and over an empty one if more of it follows. */
function listEnd(lines: string[], from: number): number {
	return until(lines, from, (line, next) => !ITEM.test(line) && !/^\s+\S/.test(line)
		&& !(line.trim() === '' && ITEM.test(next)));
}

function list(lines: string[]): JSX.Element {
	const [, indent = '', mark = '-'] = ITEM.exec(lines[0]!)!;
	const items: string[][] = [];
	for (const line of lines) {
		const item = ITEM.exec(line);
		if (item && item[1]!.length <= indent.length + 1) {
			items.push([item[3]!]);
		} else {
			items[items.length - 1]!.push(line.replace(/^\s{1,4}/, ''));
		}
	}
	const isOrdered = /\d/.test(mark);
	return h(isOrdered ? 'ol' : 'ul', isOrdered ? { start: parseInt(mark, 10) } : {},
		items.map((item) => <li>{tight(blocks(item))}</li>));
}

/* An item of one paragraph needs no paragraph around it. */
const tight = (parts: JSX.Element[]): ComponentChildren =>
	parts.map((part) => (part.type === 'p' ? <Fragment>{part.props.children}</Fragment> : part));

function table(lines: string[]): JSX.Element {
	const cells = (line: string): string[] =>
		line.trim().replace(/^\||\|$/g, '').split('|').map((cell) => cell.trim());
	const [head, , ...rows] = lines;
	return (
		<div class="table-box" tabIndex={0}>
			<table>
				<thead><tr>{cells(head!).map((cell) => <th scope="col">{inline(cell)}</th>)}</tr></thead>
				<tbody>{rows.map((row) => <tr>{cells(row).map((cell) => <td>{inline(cell)}</td>)}</tr>)}</tbody>
			</table>
		</div>
	);
}

/* Chinese lines join without a space. */
const joined = (lines: string[]): string =>
	lines.map((line) => line.trim()).join('\n')
		.replace(/([\u3000-\u9fff\uff00-\uffef])\n(?=[\u3000-\u9fff\uff00-\uffef])/g, '$1').replace(/\n/g, ' ');

const INLINE = /(`+)(.+?)\1|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/;

function inline(text: string): ComponentChildren[] {
	const out: ComponentChildren[] = [];
	let rest = text;
	for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
		const [whole, , code, bold, italic, label, href] = found;
		out.push(rest.slice(0, found.index));
		if (code !== undefined) {
			out.push(<code>{code.trim()}</code>);
		} else if (bold !== undefined) {
			out.push(<strong>{inline(bold)}</strong>);
		} else if (italic !== undefined) {
			out.push(<em>{inline(italic)}</em>);
		} else {
			/* Only ways inside Kitlab and plain web addresses; never javascript: */
			out.push(/^(https?:|#)/.test(href!)
				? <a href={href} rel="noreferrer">{inline(label!)}</a> : <>{inline(label!)}</>);
		}
		rest = rest.slice(found.index + whole.length);
	}
	out.push(rest);
	return out;
}
