/* An error for a person: what happened and what to do; the technical text is one click away. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { peopleText } from '../format';
import { t } from '../i18n';
import { Icon } from '../icons';
import type { RpcError } from '../wire';

export function Problem({ error, what }: { error: RpcError; what?: string }): JSX.Element {
	return (
		<div class="problem" role="alert">
			<Icon name="warning" size={18} />
			<div>
				{what && <strong>{what}</strong>} {error.hint ? peopleText(error.hint) : t(`error.${error.reason}`)}
				<details>
					<summary>{t('detail')}</summary>
					<code>{error.reason}{error.code ? ` (${error.code})` : ''}: {error.message}</code>
				</details>
			</div>
		</div>
	);
}

/* One thing at a time that may go wrong: its running and its error. */
export interface Task {
	isBusy: Signal<boolean>;
	error: Signal<RpcError | null>;
	run(work: () => Promise<unknown>): Promise<boolean>;
}

export function useTask(): Task {
	const isBusy = useSignal(false);
	const error = useSignal<RpcError | null>(null);
	return {
		isBusy,
		error,
		async run(work) {
			isBusy.value = true;
			try {
				await work();
				error.value = null;
				return true;
			} catch (problem) {
				error.value = problem as RpcError;
				return false;
			} finally {
				isBusy.value = false;
			}
		},
	};
}

/* Sends set-points of a control that is being moved: one on its way, of the rest the newest. */
export function newest<T>(
	send: (value: T) => Promise<unknown>,
	merge: (waiting: T, value: T) => T = (_waiting, value) => value,
): { send: (value: T) => void; isBusy: () => boolean } {
	let waiting: { value: T } | null = null;
	let isSending = false;
	const next = (): void => {
		const now = waiting;
		waiting = null;
		isSending = now !== null;
		if (now) {
			void send(now.value).finally(next);
		}
	};
	return {
		send(value) {
			waiting = { value: waiting ? merge(waiting.value, value) : value };
			if (!isSending) {
				next();
			}
		},
		isBusy: () => isSending,
	};
}
