/*
 * The Lua editor (CodeMirror 6), loaded only on benches. It marks the line of an error and
 * says there what is wrong, and completes the names of the kit's parts.
 */
import { autocompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { indentWithTab } from '@codemirror/commands';
import { HighlightStyle, indentUnit, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { lua } from '@codemirror/legacy-modes/mode/lua';
import { Compartment, EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, keymap, WidgetType } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup } from 'codemirror';

export interface EditorOptions {
	parent: HTMLElement;
	source: string;
	label: string;
	phrases: Record<string, string>;
	onChange: () => void;
	onRun: () => void;
	names: () => { properties: Completion[]; actions: Completion[] };
}

export interface Editor {
	text(): string;
	replace(source: string): void; /* can be undone */
	mark(line: number, message: string): void;
	unmark(): void;
	jump(line: number): void;
	localize(label: string, phrases: Record<string, string>): void;
	destroy(): void;
}

/* ---- the mark of an error ---- */

class Message extends WidgetType {
	constructor(readonly text: string) {
		super();
	}
	eq(other: Message): boolean {
		return other.text === this.text;
	}
	toDOM(): HTMLElement {
		const box = document.createElement('div');
		box.className = 'cm-error-text';
		box.textContent = this.text;
		return box;
	}
}

const setMark = StateEffect.define<{ line: number; message: string } | null>();
const markField = StateField.define<DecorationSet>({
	create: () => Decoration.none,
	update(marks, transaction) {
		let now = marks.map(transaction.changes);
		for (const effect of transaction.effects) {
			if (effect.is(setMark)) {
				now = Decoration.none;
				if (effect.value && effect.value.line <= transaction.state.doc.lines) {
					const line = transaction.state.doc.line(Math.max(1, effect.value.line));
					now = Decoration.set([
						Decoration.line({ class: 'cm-error-line' }).range(line.from),
						Decoration.widget({ widget: new Message(effect.value.message), side: 1, block: true })
							.range(line.to),
					]);
				}
			}
		}
		return now;
	},
	provide: (field) => EditorView.decorations.from(field),
});

/* ---- names ---- */

const words: Completion[] = ['every', 'after', 'spawn', 'sleep', 'now', 'print', 'plot', 'kit.open', 'kit.log']
	.map((label) => ({ label, type: 'function' }));

const complete = (names: EditorOptions['names']) => (context: CompletionContext): CompletionResult | null => {
	const member = context.matchBefore(/\w+([.:])\w*/);
	if (member && !member.text.startsWith('kit.')) {
		const at = member.text.search(/[.:]/);
		const { properties, actions } = names();
		return {
			from: member.from + at + 1,
			options: member.text[at] === ':' ? actions : properties,
			validFor: /^\w*$/,
		};
	}
	const word = context.matchBefore(/[\w.]+/);
	return word || context.explicit ? { from: word?.from ?? context.pos, options: words, validFor: /^[\w.]*$/ } : null;
};

/* ---- look ---- */

const highlight = HighlightStyle.define([
	{ tag: tags.keyword, color: 'var(--code-keyword)', fontWeight: '600' },
	{ tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
	{ tag: [tags.number, tags.bool, tags.atom], color: 'var(--code-number)' },
	{ tag: tags.comment, color: 'var(--code-comment)' },
	{ tag: [tags.standard(tags.variableName), tags.standard(tags.name)], color: 'var(--code-builtin)' },
]);

export function createEditor(options: EditorOptions): Editor {
	const localizing = new Compartment();
	const localized = (label: string, phrases: Record<string, string>) => [
		EditorState.phrases.of(phrases),
		EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
	];
	const view = new EditorView({
		parent: options.parent,
		state: EditorState.create({
			doc: options.source,
			extensions: [
				Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => { options.onRun(); return true; } }])),
				basicSetup,
				keymap.of([indentWithTab]),
				indentUnit.of('  '),
				EditorView.lineWrapping,
				StreamLanguage.define(lua),
				syntaxHighlighting(highlight),
				autocompletion({ override: [complete(options.names)], icons: false }),
				markField,
				localizing.of(localized(options.label, options.phrases)),
				EditorView.updateListener.of((update) => {
					if (update.docChanged) {
						options.onChange();
					}
				}),
			],
		}),
	});
	return {
		text: () => view.state.doc.toString(),
		replace(source) {
			view.dispatch({
				changes: { from: 0, to: view.state.doc.length, insert: source },
				effects: setMark.of(null),
				userEvent: 'input.paste',
			});
		},
		mark(line, message) {
			view.dispatch({ effects: setMark.of({ line, message }) });
			scrollTo(view, line);
		},
		unmark: () => view.dispatch({ effects: setMark.of(null) }),
		jump(line) {
			const at = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines)));
			view.dispatch({ selection: { anchor: at.from } });
			scrollTo(view, line);
			view.focus();
		},
		localize: (label, phrases) => view.dispatch({ effects: localizing.reconfigure(localized(label, phrases)) }),
		destroy: () => view.destroy(),
	};
}

function scrollTo(view: EditorView, line: number): void {
	if (line >= 1 && line <= view.state.doc.lines) {
		view.dispatch({ effects: EditorView.scrollIntoView(view.state.doc.line(line).from, { y: 'center' }) });
	}
}
