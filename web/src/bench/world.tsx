/* The world of a virtual kit: daylight, button, knob, obstacle, and faults on demand. */
import { useSignal, type ReadonlySignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { numberText } from '../format';
import { t } from '../i18n/bench';
import { newest, Problem, useTask } from '../parts/problem';
import { Unit } from '../parts/unit';
import { isLive, socket, type Kit } from '../state';
import type { Property, WorldKit } from '../wire';

const ASK_EVERY_MS = 2000;
const FAULTS = ['silence', 'noise', 'unplug', 'slow', 'garbage', 'reboot'] as const;
const SENSOR: Property = { type: 'number', writable: true, kind: 'sensor', class: 'signal', title: '' };
const SLIDERS = [
	{ name: 'light', min: 0, max: 1, step: 0.01, unit: '1' },
	{ name: 'pot', min: 0, max: 1, step: 0.01, unit: '1' },
	{ name: 'temperature', min: -20, max: 60, step: 0.5, unit: 'Cel' },
	{ name: 'distance', min: 2, max: 400, step: 1, unit: 'cm' },
] as const;

export interface KitWorld {
	now: ReadonlySignal<WorldKit | null>; /* null: the kit is none of the virtual classroom */
	change: (part: WorldKit) => void;
	task: ReturnType<typeof useTask>;
}

export function useWorld(kit: Kit): KitWorld {
	const world = useSignal<WorldKit | null>(null);
	const task = useTask();
	const queue = useMemo(() => newest((change: WorldKit) =>
		task.run(() => socket.request('world.set', { kits: { [kit.id]: change } })),
	(waiting, change) => ({ ...waiting, ...change })), []);
	const live = isLive.value;
	useEffect(() => {
		let isGone = false;
		const ask = (): void => {
			if (!isLive.peek() || document.hidden) {
				return;
			}
			socket.request('world.get', {}).then(({ kits }) => {
				const now = kits[kit.id];
				if (!isGone && now && !queue.isBusy()) {
					world.value = now;
				}
			}, () => undefined); /* no virtual world, or not for this person: nothing to show */
		};
		ask();
		const timer = setInterval(ask, ASK_EVERY_MS);
		return () => {
			isGone = true;
			clearInterval(timer);
		};
	}, [live]);
	const change = (part: WorldKit): void => {
		world.value = { ...world.peek(), ...part };
		queue.send(part);
	};
	return { now: world, change, task };
}

/* What of the world the kit feels: on the floor, lamps and obstacles are those of the top view. */
function isFelt(kit: Kit, now: WorldKit, name: string): boolean {
	const properties = kit.description.value?.properties ?? {};
	const isRaw = kit.row.value.wiring === null && Object.values(properties).some(({ kind }) => kind === 'pin');
	return name in now && (isRaw || name in properties) && !(now.pose && (name === 'light' || name === 'distance'));
}

export function World({ kit, world: { now: { value: now }, change, task } }: {
	kit: Kit;
	world: KitWorld;
}): JSX.Element | null {
	const live = isLive.value;
	if (!now) {
		return null;
	}
	return (
		<section class="panel world" aria-labelledby="world-title">
			<h2 id="world-title">{t('world')}</h2>
			<div class="world-grid">
				{SLIDERS.filter(({ name }) => isFelt(kit, now, name)).map(({ name, min, max, step, unit }) => (
					<label key={name} class="world-slider">
						<span>{t(`world.${name}`)}</span>
						<input type="range" min={min} max={max} step={step} value={now[name]} disabled={!live}
							onInput={(event) => change({ [name]: Number(event.currentTarget.value) })} />
						<span class="number">
							{numberText(now[name]!, { ...SENSOR, min, max, unit })}
							<Unit of={unit} />
						</span>
					</label>
				))}
				{isFelt(kit, now, 'button') && !kit.description.value?.properties['button'] && (
					<div class="world-slider">
						<span>{t('world.button')}</span>
						<PressKey isDown={now.button!} isOff={!live} press={(button) => change({ button })} />
					</div>
				)}
				<label class="world-slider">
					<span>{t('world.fault')}</span>
					<select value={now.fault ?? ''} disabled={!live}
						onChange={(event) => change({ fault: event.currentTarget.value || null })}>
						<option value="">{t('world.fault.none')}</option>
						{FAULTS.map((fault) => <option key={fault} value={fault}>{t(`world.fault.${fault}`)}</option>)}
					</select>
				</label>
			</div>
			{now.pose && <p class="muted">{t('world.floor')}</p>}
			{task.error.value && <Problem error={task.error.value} what={t('world.failed')} />}
		</section>
	);
}

/* Down while a finger or key holds it; whatever takes the finger away releases it. */
export function PressKey(props: { isDown: boolean; isOff: boolean; press: (isDown: boolean) => void }): JSX.Element {
	const { isDown, isOff, press } = props;
	const release = (): void => {
		if (isDown) {
			press(false);
		}
	};
	return (
		<button class="button press" aria-pressed={isDown} disabled={isOff} aria-label={`${t('world.button')}: ${t('world.button.hold')}`}
			onPointerDown={(event) => {
				event.currentTarget.setPointerCapture(event.pointerId);
				press(true);
			}}
			onPointerUp={release} onPointerCancel={release} onBlur={release}
			onKeyDown={(event) => {
				if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) {
					press(true);
				}
			}}
			onKeyUp={release} onContextMenu={(event) => event.preventDefault()}>
			{t('world.button.hold')}
		</button>
	);
}
