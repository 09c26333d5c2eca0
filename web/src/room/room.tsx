/* The home page: one tile a bench, in the room's order; which need help is seen at a glance. */
import { computed, signal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { onFloor } from '../floor';
import { t, type Key } from '../i18n';
import { Icon } from '../icons';
import { lazy } from '../lazy';
import { activeRun, needsHelp } from '../parts/badge';
import { remember, remembered } from '../prefs';
import { isLoaded, kits, partNames, seats, watchValues, type Kit } from '../state';
import { FreeSeat, Tile } from './tile';

type Filter = 'all' | 'running' | 'help';
const floor = lazy(async () => (await import('../world/floor')).FloorPanel);
const isFloorOpen = signal(remembered('floor') === 'open');
const filter = signal<Filter>('all');
const fits: Record<Filter, (kit: Kit) => boolean> = {
	all: () => true,
	running: (kit) => activeRun(kit) !== null,
	help: needsHelp,
};

const byNumber = new Intl.Collator('en', { numeric: true });

/* Kits by seat; free seats stand where they are in the room; kits without a seat come last. */
const places = computed(() => {
	const all = [...kits.value.values()].map((kit) => ({ kit, seat: kit.row.value.seat, id: kit.id }));
	const taken = new Set(all.map(({ seat }) => seat));
	const free = seats.value.filter((seat) => !taken.has(seat)).map((seat) => ({ kit: null, seat, id: seat }));
	return [...all, ...free].sort((a, b) =>
		Number(a.seat === null) - Number(b.seat === null)
		|| byNumber.compare(a.seat ?? '', b.seat ?? '') || byNumber.compare(a.id, b.id));
});

export function RoomPage(): JSX.Element {
	useSignalEffect(() => {
		const names = new Set<string>();
		for (const kit of kits.value.values()) {
			partNames(kit.description.value, 'setting', 'status', 'data').forEach((name) => names.add(name));
		}
		watchValues({ kit: '*', properties: [...names].sort() });
	});
	useEffect(() => () => watchValues(null), []);

	if (!isLoaded.value) {
		return <Loading />;
	}
	if (places.value.length === 0) {
		return <NoKits />;
	}
	const shown = places.value.filter(({ kit }) => (kit ? fits[filter.value](kit) : filter.value === 'all'));
	return (
		<>
			<div class="room-head">
				<h1>{t('room.title')}</h1>
				<span class="muted">{t('room.count', { kits: kits.value.size })}</span>
				{onFloor.value.size > 0 && (
					<button class="chip" aria-pressed={isFloorOpen.value} data-test="floor-key" onClick={() => {
						isFloorOpen.value = !isFloorOpen.value;
						remember('floor', isFloorOpen.value ? 'open' : 'closed');
					}}>
						<Icon name="map" size={16} /> {t('room.floor')}
					</button>
				)}
				<div class="filters">
					<FilterKey name="all" text="room.all" />
					<FilterKey name="running" text="room.running" />
					<FilterKey name="help" text="room.help" />
				</div>
			</div>
			{onFloor.value.size > 0 && isFloorOpen.value && <floor.page id="" />}
			{shown.length === 0 ? (
				<div class="empty">
					<p>{t('room.nomatch')}</p>
					<button class="button" onClick={() => { filter.value = 'all'; }}>{t('room.showall')}</button>
				</div>
			) : (
				<ul class={places.value.length > 20 ? 'tiles dense' : 'tiles'}>
					{shown.map(({ kit, seat, id }) => (
						kit ? <Tile key={id} kit={kit} /> : <FreeSeat key={`free ${id}`} seat={seat!} />
					))}
				</ul>
			)}
		</>
	);
}

function FilterKey({ name, text }: { name: Filter; text: Key }): JSX.Element {
	const count = [...kits.value.values()].filter(fits[name]).length;
	return (
		<button class={name === 'help' && count > 0 ? 'chip chip-help' : 'chip'}
			aria-pressed={filter.value === name} onClick={() => { filter.value = name; }}>
			{name === 'help' && count > 0 && <Icon name="warning" size={16} />}
			{t(text)} <b>{count}</b>
		</button>
	);
}

function Loading(): JSX.Element {
	return (
		<>
			<div class="room-head"><h1>{t('room.title')}</h1></div>
			<p class="muted" role="status">{t('room.loading')}</p>
			<div class="tiles" aria-hidden="true">
				{[1, 2, 3, 4, 5, 6].map((n) => <div key={n} class="tile tile-wait" />)}
			</div>
		</>
	);
}

function NoKits(): JSX.Element {
	return (
		<div class="empty">
			<Icon name="plug" size={40} />
			<h1>{t('room.empty')}</h1>
			<p>{t('room.empty.saw')}</p>
			<ol>
				<li>{t('room.empty.1')}</li>
				<li>{t('room.empty.2')}</li>
				<li>{t('room.empty.3')}</li>
			</ol>
			<p>{t('room.empty.virtual')}</p>
			<pre><code>kitlabd --open-lab --virtual default</code></pre>
		</div>
	);
}
