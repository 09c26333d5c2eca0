/*
 * Plays web/dev/recording.json to the pages as a socket would: answers what was asked when it
 * was recorded, repeats what came by itself, refuses the rest. For `npm run dev`, never in a build.
 */
import type { SocketLike } from '../src/socket';
import recording from './recording.json';

interface Message {
	method: string;
	params: { t?: number; kits?: Record<string, { t: number }> };
}
const answers = recording.answers as Record<string, unknown>;
const messages = recording.messages as unknown as Message[];
const started = performance.now();
const elapsed = (): number => performance.now() - started;

class Replay implements SocketLike {
	onopen: SocketLike['onopen'] = null;
	onmessage: SocketLike['onmessage'] = null;
	onclose: SocketLike['onclose'] = null;
	private lang = 'en';
	private next = 0; /* message to come, counted over all rounds */
	private timer = setInterval(() => this.play(), 50);

	constructor() {
		setTimeout(() => (this.onopen as (() => void) | null)?.());
	}

	send(text: string): void {
		const { id, method, params } = JSON.parse(text) as
			{ id: number; method: string; params: { lang?: string } };
		const { lang, ...rest } = params;
		if (method === 'hello' && lang) {
			this.lang = lang;
		}
		const key = JSON.stringify(rest);
		const result = answers[`${method} ${lang ?? this.lang} ${key}`] ?? answers[`${method} ${key}`] ?? answers[method];
		this.tell(method === 'hello' ? { id, result: this.hello() } : result !== undefined ? { id, result } : {
			id,
			error: {
				code: -32601,
				message: `${method} is not in the recording`,
				data: { reason: 'unsupported', hint: null },
			},
		});
	}

	close(): void {
		clearInterval(this.timer);
	}

	private hello(): unknown {
		return {
			...answers['hello {}'] as object,
			now: { mono_ms: recording.begin + elapsed(), utc: new Date().toISOString() },
		};
	}

	private play(): void {
		for (;;) {
			const round = Math.floor(this.next / messages.length) * recording.length;
			const message = messages[this.next % messages.length]!;
			const t = (message.params.t ?? recording.begin) + round;
			if (t - recording.begin > elapsed()) {
				return;
			}
			this.next++;
			const kits = Object.fromEntries(Object.entries(message.params.kits ?? {})
				.map(([id, frame]) => [id, { ...frame, t: frame.t + round }]));
			this.tell({
				method: message.method,
				params: { ...message.params, t, ...(message.params.kits ? { kits } : {}) },
			});
		}
	}

	private tell(message: object): void {
		(this.onmessage as ((event: { data: string }) => void) | null)?.(
			{ data: JSON.stringify({ jsonrpc: '2.0', ...message }) });
	}
}

export const replay = (): SocketLike => new Replay();
