/* The line above the top view: what is chosen, and what can be done with it. */
import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../i18n/floor';
import { Icon } from '../icons';
import { kits } from '../state';
import type { FloorObject } from '../wire';
import type { Edit } from './edit';
import type { Scene } from './scene';

const NEW = ['box', 'circle', 'lamp', 'line'] as const;
const TURN = Math.PI / 12;

interface Props {
	scene: Scene;
	edit: Edit;
	selected: Signal<string | null>;
	canEdit: boolean;
	isSmall: boolean; /* on a bench: only to look and to drag */
}

export function Tools({ scene, edit, selected, canEdit, isSmall }: Props): JSX.Element {
	const objects = scene.objects.value.filter(({ type }) => type !== 'room');
	const gone = useSignal<FloorObject | null>(null);
	const room = scene.room;
	const nameOf = ({ id, type }: FloorObject): string =>
		(type === 'room' ? id : `${t(`floor.${type}`)} ${id.replace(/^\w+-/, '')}`);
	return (
		<>
			<div class="floor-bar">
				<h2 id="floor-title">{t('floor')}</h2>
				<select aria-label={t('floor.select')} value={selected.value ?? ''}
					onChange={(event) => { selected.value = event.currentTarget.value || null; }}>
					<option value="">{t('floor.nothing')}</option>
					<optgroup label={t('floor.robots')}>
						{scene.ids.value.map((id) => {
							const row = kits.value.get(id)?.row.value;
							return <option key={id} value={id}>{[row?.seat, row?.label ?? id].filter(Boolean).join(' · ')}</option>;
						})}
					</optgroup>
					<optgroup label={t('floor.things')}>
						{objects.map((one) => <option key={one.id} value={one.id}>{nameOf(one)}</option>)}
					</optgroup>
				</select>
				{canEdit && <Changes scene={scene} edit={edit} selected={selected} gone={gone} />}
				<span class="push" />
				<button class="button" onClick={() => scene.clearTrails()}><Icon name="clear" /> {t('floor.trails')}</button>
			</div>
			{canEdit && !isSmall && (
				<div class="floor-bar">
					{NEW.map((type) => (
						<button key={type} class="button" data-add={type} onClick={() => { selected.value = edit.add(type); }}>
							+ {t(`floor.${type}`)}
						</button>
					))}
					<label class="floor-slider">
						<span>{t('floor.daylight')}</span>
						<input type="range" min="0" max="1" step="0.01" value={room.daylight}
							onInput={(event) => edit.change({ id: 'room', daylight: Number(event.currentTarget.value) })} />
					</label>
					{gone.value && (
						<span class="floor-gone" role="status">
							{t('floor.gone', { name: nameOf(gone.value) })}
							<button class="button" data-test="undo" onClick={() => {
								edit.restore(gone.value!);
								selected.value = gone.value!.id;
								gone.value = null;
							}}>{t('floor.undo')}</button>
						</span>
					)}
				</div>
			)}
			{canEdit && !isSmall && <p class="muted floor-hint">{t('floor.hint')}</p>}
		</>
	);
}

/* What can be done with the thing that is chosen. */
function Changes({ scene, edit, selected, gone }: Pick<Props, 'scene' | 'edit' | 'selected'> & {
	gone: Signal<FloorObject | null>;
}): JSX.Element | null {
	const id = selected.value;
	const object = scene.objects.value.find((one) => one.id === id);
	const isRobot = id !== null && scene.ids.value.includes(id);
	if (id === null || !isRobot && !object) {
		return null;
	}
	const key = (label: string, text: string, act: () => void): JSX.Element => (
		<button class="button" aria-label={label} title={label} onClick={act}>{text}</button>
	);
	return (
		<>
			{(isRobot || object?.type === 'box') && (
				<>
					{key(t('floor.left'), '↺', () => edit.turn(id, TURN))}
					{key(t('floor.right'), '↻', () => edit.turn(id, -TURN))}
				</>
			)}
			{(object?.type === 'box' || object?.type === 'circle') && (
				<>
					{key(t('floor.smaller'), '−', () => edit.scale(id, 1 / 1.25))}
					{key(t('floor.larger'), '+', () => edit.scale(id, 1.25))}
				</>
			)}
			{object?.type === 'lamp' && (
				<label class="floor-slider">
					<span>{t('floor.brightness')}</span>
					<input type="range" min="0" max="1" step="0.01" value={object.brightness ?? 1}
						onInput={(event) => edit.change({ id, brightness: Number(event.currentTarget.value) })} />
				</label>
			)}
			{object && object.type !== 'room' && (
				<button class="button" data-test="remove" onClick={() => {
					gone.value = edit.remove(id) ?? null;
					selected.value = null;
				}}><Icon name="close" /> {t('floor.remove')}</button>
			)}
		</>
	);
}
