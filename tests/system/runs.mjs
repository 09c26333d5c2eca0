/* Runs of scripts as the tests follow them: started, what they said, how they ended. */
import { readdirSync, readFileSync } from 'node:fs';

export const ENDS = ['finished', 'failed', 'stopped', 'killed'];
export const forRun = (run, method) => (p, m) => m === method && p.run === run;

export const go = async (client, source, more = {}) => (await client.call('script.run', { source, ...more })).run;
export const running = (client, run) => client.waitFor((p, m) => forRun(run, 'script.state')(p, m) && p.state === 'running', 10000);
export const ended = (client, run) => client.waitFor((p, m) => forRun(run, 'script.state')(p, m) && ENDS.includes(p.state),
	15000, `the end of run ${run}`).then((n) => n.params);
export const output = (client, run, stream = 'out') => client.notifications
	.filter((n) => forRun(run, 'script.output')(n.params, n.method) && n.params.stream === stream)
	.map((n) => n.params.text).join('');
export const said = (client, run, text, stream) => client.waitFor((p, m) => forRun(run, 'script.output')(p, m) &&
	output(client, run, stream).includes(text), 10000, `${run} to say ${text}`);

export const procStat = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');

/* The pids of a daemon's own processes of that name. */
export const childrenOf = (daemon, name) => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
	try {
		const [state, parent] = procStat(pid);
		return readFileSync(`/proc/${pid}/comm`, 'utf8') === `${name}\n` && Number(parent) === daemon.pid && state !== 'Z';
	} catch {
		return false; /* it ended just now */
	}
}).map(Number);
export const runners = (daemon) => childrenOf(daemon, 'kitlab-runner');
