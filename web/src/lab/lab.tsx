/* The lab admin's page before and after class: seats, check-ups, firmware, and kits that need a decision. */
import { computed, useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n/lab';
import { Icon, type IconName } from '../icons';
import { Problem } from '../parts/problem';
import { lang } from '../prefs';
import { link, route } from '../router';
import { isLive, isLoaded, isStaff, kits } from '../state';
import type { RpcError } from '../wire';
import '../styles/lab.css';
import { Decisions } from './decide';
import { FirmwarePart } from './firmware';
import { loadFlashes } from './flash';
import { loadReports } from './health';
import { HealthPart } from './health_part';
import { leaveSeats, lookAgain, watchSeats } from './seats';
import { SeatsPart } from './seats_part';

interface Part {
	icon: IconName;
	page: () => JSX.Element;
	load: () => Promise<void>;
}

const parts = {
	seats: { icon: 'plug', page: SeatsPart, load: watchSeats },
	health: { icon: 'ready', page: HealthPart, load: loadReports },
	firmware: { icon: 'chip', page: FirmwarePart, load: loadFlashes },
} satisfies Record<string, Part>;
type PartName = keyof typeof parts;
const names = Object.keys(parts) as PartName[];

const chosen = computed<PartName>(() => {
	const name = route.value.query.get('part');
	return names.find((one) => one === name) ?? 'seats';
});

/* Which kits are here: another answer, and other sockets have kits. */
const presence = computed(() => [...kits.value.values()].map(({ id, row }) => `${id} ${row.value.state}`).sort().join());

export function LabPage(): JSX.Element {
	if (!isStaff.value) {
		return (
			<div class="empty" data-test="no-staff">
				<h1>{t('lab.staff')}</h1>
				<p>{t('lab.staff.do')}</p>
			</div>
		);
	}
	return (
		<>
			<div class="room-head">
				<h1>{t('lab.title')}</h1>
				<nav class="lab-tabs" aria-label={t('lab.parts')}>
					{names.map((name) => (
						<a key={name} href={link.lab(name)} aria-current={name === chosen.value ? 'page' : undefined} data-part={name}>
							<Icon name={parts[name].icon} /> {t(name)}
						</a>
					))}
				</nav>
			</div>
			<Decisions />
			<Loaded key={chosen.value} part={parts[chosen.value]} />
		</>
	);
}

/* What a part shows is asked for anew after each connection, and in the reader's language. */
function Loaded({ part: { page: Page, load } }: { part: Part }): JSX.Element {
	const isThere = useSignal(false);
	const error = useSignal<RpcError | null>(null);
	const turn = useSignal(0);
	useSignalEffect(() => {
		lang.value;
		turn.value;
		if (isLive.value) {
			load().then(() => {
				isThere.value = true;
				error.value = null;
			}, (problem: RpcError) => { error.value = problem; });
		}
	});
	useSignalEffect(() => {
		presence.value;
		if (load === watchSeats && isThere.peek()) {
			lookAgain().catch(() => undefined); /* without a connection: it is asked for after the next one */
		}
	});
	useSignalEffect(() => (load === watchSeats ? leaveSeats : undefined));
	if (!isThere.value || !isLoaded.value) {
		return error.value ? (
			<div class="empty">
				<Problem error={error.value} what={t('lab.failed')} />
				<button class="button" onClick={() => { turn.value++; }}>{t('lab.again')}</button>
			</div>
		) : <p class="muted" role="status">{t('lab.loading')}</p>;
	}
	return <Page />;
}
