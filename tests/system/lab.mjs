/*
 * A daemon with scripted boards on its ports, for one test or one file of tests.
 */
import { connect, start, untilState } from './daemon.mjs';
import { FirmataBoard } from './board.mjs';
import { contract } from './schema.mjs';

/*
 * boards: {label: {board options, keys: SPEC keys, over: "unix" | "pty" | "tcp"}}.
 * Answers {daemon, boards, client, connect()} when all kits are ready (ready: false: at once), and restart():
 * the daemon is killed and started again on the same ports and state; {daemon, client}.
 * `t` is the test or suite whose end ends all of it.
 */
export async function lab(t, boards = { b1: {} }, { args = [], ready = true, ...options } = {}) {
	const made = {};
	const ports = [];
	for (const [label, { keys = {}, over = 'unix', ...rest }] of Object.entries(boards)) {
		const board = new FirmataBoard(rest);
		await { unix: () => board.listen(), pty: () => board.pty(), tcp: () => board.listenTcp() }[over]();
		made[label] = board;
		ports.push('--port', board.spec({ label, ...keys }));
	}
	let daemon = await start({ args: ['--no-scan', ...ports, ...args], ...options });
	const { state } = daemon;
	const clients = [];
	const join = async (more) => {
		const client = await connect(daemon, { validate: contract, ...more });
		clients.push(client);
		return client;
	};
	const client = await join();
	t.after(async () => {
		for (const one of clients) {
			if (one.wrong.length) {
				throw one.wrong[0];
			}
			one.ws.terminate();
		}
		if (!daemon.status) {
			await daemon.stop();
		}
		Object.values(made).forEach((board) => board.unplug());
	});
	if (ready) {
		for (const label of Object.keys(boards)) {
			await untilState(client, label, 'ready');
		}
	}
	const restart = async () => {
		await daemon.kill();
		daemon = await start({ args: ['--no-scan', ...ports, ...args, '--state', state], ...options });
		return { daemon, client: await join() };
	};
	return { daemon, boards: made, client, connect: join, restart, ...made };
}
