/*
 * The one connection to the daemon. Nothing else knows WebSocket.
 *
 * It asks (request), hears (on), comes back by itself with growing pauses, and says
 * honestly how it is (status). A socket can be dead without a word - daemon frozen, cable
 * pulled - so a quiet line is asked every two seconds, and given up after four.
 * After every (re)connection `onOpen` runs the subscriptions anew.
 */
import { signal } from '@preact/signals';
import {
	RpcError, type Lang, type Method, type Notifications, type Params, type Reason, type Result,
} from './wire';

export interface SocketLike {
	send(text: string): void;
	close(code?: number): void;
	onopen: ((event: never) => void) | null;
	onmessage: ((event: never) => void) | null;
	onclose: ((event: never) => void) | null;
}
export type SocketFactory = () => SocketLike;

export type Status =
	| { phase: 'connecting' }
	| { phase: 'open' }
	| { phase: 'lost'; since: number; retryAt: number; code: number };

interface Waiting {
	resolve: (result: unknown) => void;
	reject: (error: RpcError) => void;
}

const BEAT_MS = 2000;
const DEAD_MS = 4000;
const RETRY_MS = [250, 500, 1000, 2000, 4000];
export const CODE_SILENT = 0; /* not a WebSocket code: we gave up on a line without a word */

export class Socket {
	readonly status = signal<Status>({ phase: 'connecting' });
	readonly latency = signal<number | null>(null);
	readonly role = signal<Result<'hello'>['role']>('none');
	lang: Lang = 'en';
	onOpen: () => void = () => undefined;

	private socket: SocketLike | null = null;
	private isOpen = false; /* the socket takes requests */
	private waiting = new Map<number, Waiting>();
	private handlers = new Map<string, (params: never) => void>();
	private nextId = 1;
	private attempt = 0;
	private lostSince = 0;
	private lostCode = 0;
	private heardAt = 0;
	private beatAt = 0;
	private offset = 0; /* daemon's monotonic clock minus ours, ms */
	private utcOffset = 0;
	private retryTimer: ReturnType<typeof setTimeout> | undefined;

	constructor(private readonly factory: SocketFactory) {}

	start(): void {
		this.connect();
		setInterval(() => this.beat(), 500);
	}

	/* The daemon's clock now: what the `t` of values is compared with. */
	now(): number {
		return performance.now() + this.offset;
	}

	/* The daemon's wall clock now: what `started` of runs is compared with. */
	utc(): number {
		return Date.now() + this.utcOffset;
	}

	on<N extends keyof Notifications>(name: N, handler: (params: Notifications[N]) => void): void {
		this.handlers.set(name, handler);
	}

	request<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
		const socket = this.socket;
		if (!socket || !this.isOpen) {
			return Promise.reject(offline());
		}
		const id = this.nextId++;
		return new Promise<Result<M>>((resolve, reject) => {
			this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
			socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
		});
	}

	/* The same for what must not wait: without a connection one is tried at once, for at most `ms`. */
	async reach<M extends Method>(method: M, params: Params<M>, ms: number): Promise<Result<M>> {
		if (!this.isOpen) {
			const before = this.status.peek();
			await new Promise<void>((resolve, reject) => {
				const end = (isOpen: boolean): void => {
					clearTimeout(timer);
					setTimeout(leave);
					if (isOpen) {
						resolve();
					} else {
						reject(offline());
					}
				};
				const timer = setTimeout(() => end(false), ms);
				const leave = this.status.subscribe((now) => {
					if (now !== before) {
						end(now.phase === 'open');
					}
				});
				this.retryNow();
			});
		}
		return this.request(method, params);
	}

	/* Tells the daemon the language, and learns its clock; also the heart beat. */
	async hello(): Promise<void> {
		const asked = performance.now();
		this.beatAt = asked;
		const hello = await this.request('hello', { lang: this.lang });
		const answered = performance.now();
		this.latency.value = answered - asked;
		this.offset = hello.now.mono_ms - (asked + answered) / 2;
		this.utcOffset = Date.parse(hello.now.utc) - Date.now();
		this.role.value = hello.role;
	}

	retryNow(): void {
		clearTimeout(this.retryTimer);
		this.drop();
		this.connect();
	}

	/* Nothing more is heard of this socket. */
	private drop(): void {
		const { socket } = this;
		if (socket) {
			this.socket = socket.onopen = socket.onmessage = socket.onclose = null;
			socket.close();
		}
	}

	private connect(): void {
		let socket: SocketLike;
		try {
			socket = this.factory();
		} catch {
			this.lose(1006);
			return;
		}
		this.socket = socket;
		this.heardAt = performance.now();
		socket.onopen = () => void this.open(socket);
		socket.onmessage = (event: { data: unknown }) => this.receive(String(event.data));
		socket.onclose = (event: { code: number }) => {
			if (this.socket === socket) {
				this.lose(event.code);
			}
		};
	}

	private async open(socket: SocketLike): Promise<void> {
		this.isOpen = true;
		this.heardAt = performance.now();
		try {
			await this.hello();
		} catch {
			socket.close();
			return;
		}
		this.attempt = 0;
		this.lostSince = 0;
		this.status.value = { phase: 'open' };
		this.onOpen();
	}

	private lose(code: number): void {
		this.socket = null;
		this.isOpen = false;
		this.latency.value = null;
		for (const { reject } of this.waiting.values()) {
			reject(offline());
		}
		this.waiting.clear();
		const pause = RETRY_MS[Math.min(this.attempt++, RETRY_MS.length - 1)]!;
		if (this.lostSince === 0) { /* tries that fail later do not tell why it was lost */
			this.lostSince = Date.now();
			this.lostCode = code;
		}
		this.status.value = {
			phase: 'lost', since: this.lostSince, retryAt: Date.now() + pause, code: this.lostCode,
		};
		this.retryTimer = setTimeout(() => this.connect(), pause);
	}

	private beat(): void {
		const now = performance.now();
		const socket = this.socket;
		if (!socket) {
			return;
		}
		const isAsked = this.beatAt > this.heardAt;
		if (now - (isAsked ? this.beatAt : this.heardAt) > DEAD_MS) {
			this.drop();
			this.lose(CODE_SILENT);
		} else if (this.status.peek().phase === 'open' && !isAsked && now - this.beatAt > BEAT_MS) {
			this.hello().catch(() => undefined);
		}
	}

	private receive(text: string): void {
		this.heardAt = performance.now();
		const message = JSON.parse(text) as {
			id?: number | null;
			method?: string;
			params?: never;
			result?: unknown;
			error?: { code: number; message: string; data?: { reason?: Reason; hint?: string } };
		};
		if (message.method !== undefined) {
			this.handlers.get(message.method)?.(message.params as never);
			return;
		}
		const waiting = this.waiting.get(message.id ?? -1);
		if (!waiting) {
			return;
		}
		this.waiting.delete(message.id!);
		const { error } = message;
		if (error) {
			const reason = error.data?.reason ?? (error.code === -32601 ? 'unsupported' : 'internal');
			waiting.reject(new RpcError(error.code, error.message, reason, error.data?.hint ?? null));
		} else {
			waiting.resolve(message.result);
		}
	}
}

export function offline(): RpcError {
	return new RpcError(0, 'not connected', 'offline', null);
}
