/* Seats, their USB sockets and the kits there: the table, and what is done to single rows of it. */
import { signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n/lab';
import { Icon } from '../icons';
import { Problem, useTask, type Task } from '../parts/problem';
import { kits } from '../state';
import { GoneKits } from './decide';
import { KitName } from './name';
import { bind, sortedSeats, table, undo, walk, type Binding } from './seats';
import type { Plug } from './wire';
import { seatNames, WalkPanel } from './walk';

const last = signal<Binding | null>(null); /* what can be undone */

export function SeatsPart(): JSX.Element {
	const task = useTask();
	const isEmpty = sortedSeats.value.length === 0;
	return (
		<>
			<WalkPanel />
			{isEmpty && !walk.value && <NoSeats />}
			{task.error.value && <Problem error={task.error.value} what={t('seats.failed')} />}
			{last.value && !walk.value && <Undo binding={last.value} task={task} />}
			{!isEmpty && <Table task={task} />}
			<Loose task={task} />
			<p class="muted lab-needs">{t('seats.needs')}</p>
			<GoneKits />
		</>
	);
}

function NoSeats(): JSX.Element {
	return (
		<section class="panel lab-panel" data-test="no-seats">
			<h2>{t('seats.empty')}</h2>
			<ol>
				<li>{t('seats.empty.1')}</li>
				<li>{t('seats.empty.2')}</li>
				<li>{t('seats.empty.3')}</li>
			</ol>
		</section>
	);
}

function Undo({ binding, task }: { binding: Binding; task: Task }): JSX.Element {
	const { seat, socket, gone } = binding;
	return (
		<p class="lab-undo" role="status">
			<Icon name="ready" />
			{seat ? t('seats.bound.done', { seat, socket }) : t('seats.unbound.done', { seat: gone[0]?.seat ?? '' })}
			<button class="button" data-test="undo" disabled={task.isBusy.value}
				onClick={() => void task.run(async () => {
					await undo(binding);
					last.value = null;
				})}>
				{t('lab.undo')}
			</button>
		</p>
	);
}

function Table({ task }: { task: Task }): JSX.Element {
	return (
		<section class="panel lab-panel">
			<table class="lab-table" data-test="seats">
				<caption><h2>{t('seats.table')}</h2></caption>
				<thead>
					<tr>
						<th>{t('seats.seat')}</th>
						<th>{t('seats.socket')}</th>
						<th>{t('seats.kit')}</th>
						<th><span class="hidden">{t('seats.unbind')}</span></th>
					</tr>
				</thead>
				<tbody>
					{sortedSeats.value.map(({ seat, socket, kit }) => (
						<tr key={seat} data-seat={seat}>
							<td><span class="seat">{seat}</span></td>
							<td><code>{socket}</code></td>
							<td><KitThere id={kit} /></td>
							<td>
								<button class="button" disabled={task.isBusy.value || walk.value !== null} data-test="unbind"
									aria-label={`${t('seats.unbind')}: ${t('room.seat', { seat })}`}
									onClick={() => void task.run(async () => { last.value = await bind(socket, ''); })}>
									{t('seats.unbind')}
								</button>
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function KitThere({ id }: { id: string | null }): JSX.Element {
	const kit = id === null ? undefined : kits.value.get(id);
	return kit ? <KitName kit={kit} hasSeat={false} /> : <span class="muted">{id ?? t('seats.nothing')}</span>;
}

function Loose({ task }: { task: Task }): JSX.Element | null {
	const loose = table.value?.unbound ?? [];
	if (loose.length === 0) {
		return null;
	}
	return (
		<section class="panel lab-panel" data-test="loose">
			<h2>{t('seats.loose')}</h2>
			<ul class="lab-list">{loose.map((one) => <LooseKit key={one.socket} one={one} task={task} />)}</ul>
		</section>
	);
}

function LooseKit({ one: { socket, kit }, task }: { one: Plug; task: Task }): JSX.Element {
	const seat = useSignal('');
	const taken = new Map(sortedSeats.value.map((row) => [row.seat, row.socket]));
	return (
		<li data-socket={socket}>
			<span class="lab-kit"><KitThere id={kit} /> <code>{socket}</code></span>
			<span class="inline">
				<select aria-label={t('seats.choose', { kit: kit ?? socket })} value={seat.value}
					onChange={(event) => { seat.value = event.currentTarget.value; }}>
					<option value="">{t('seats.choose.none')}</option>
					{seatNames().map((name) => (
						<option key={name} value={name}>
							{taken.has(name) ? t('seats.choose.bound', { seat: name, socket: taken.get(name)! }) : name}
						</option>
					))}
				</select>
				<button class="button" data-test="bind" disabled={!seat.value || task.isBusy.value || walk.value !== null}
					onClick={() => void task.run(async () => { last.value = await bind(socket, seat.value); })}>
					{t('seats.bind')}
				</button>
			</span>
		</li>
	);
}
