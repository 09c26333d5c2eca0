/* Starts the pages: the connection, the keys that work everywhere, the first drawing. */
import { render } from 'preact';
import { App, prefetchPages } from './app';
import { resumeFloor } from './floor';
import { pressStop, resumeRoom } from './room';
import { loadRuns, refollow } from './runs';
import { resumeState, socket, useFactory } from './state';
import './styles/base.css';
import './styles/shell.css';
import './styles/room.css';

if (import.meta.env.DEV) {
	const { replay } = await import('../dev/replay');
	useFactory(replay);
}

/* Each on its own: an answer of one kind that is missing must not stop the others. */
socket.onOpen = () => {
	for (const resume of [resumeState, loadRuns, refollow, resumeRoom, resumeFloor]) {
		resume().catch(() => undefined);
	}
};
socket.start();
addEventListener('load', () => setTimeout(prefetchPages, 1000));

const ESC_WITHIN_MS = 1000;
let escapedAt = -Infinity;
addEventListener('keydown', (event) => {
	/* An Escape that closed a menu or a list of names is not half a stop. */
	if (event.key !== 'Escape' || event.repeat || event.defaultPrevented) {
		return;
	}
	if (event.timeStamp - escapedAt < ESC_WITHIN_MS) { /* when it was pressed, not when we came to it */
		escapedAt = -Infinity;
		void pressStop();
	} else {
		escapedAt = event.timeStamp;
	}
});

render(<App />, document.getElementById('app')!);
