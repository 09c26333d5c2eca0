/* The top view of the virtual robots' floor, for everybody; teachers change it with a finger or keys. */
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { draw } from '../frame';
import { watchFloor } from '../floor';
import { t } from '../i18n/floor';
import { Problem, useTask } from '../parts/problem';
import { isDark } from '../prefs';
import { isLive, isStaff, kits } from '../state';
import type { Point } from '../wire';
import { Edit } from './edit';
import { inksOf, paintBody, paintRing, paintStill, paintTrail, type Inks, type View } from './paint';
import { Scene, thingAt } from './scene';
import { Tools } from './tools';
import '../styles/floor.css';

const HEIGHT_SHARE = 0.62; /* of the window */
const REACH_PX = 16;
const STEP_M = 0.05;
const TURN = Math.PI / 12;
const ARROWS: Record<string, Point> = {
	ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
};

/* What is on the screen: canvas, its picture of what stands still, and how large it all is. */
class Picture {
	view: View = { width: 0, height: 0, scale: 1 };
	inks: Inks = inksOf();
	selected: string | null = null;
	private canvas: HTMLCanvasElement | null = null;
	private still = document.createElement('canvas');
	private isStillOld = true;

	constructor(private readonly scene: () => Scene) {}

	/* Fits the room into a width. */
	fit(canvas: HTMLCanvasElement, width: number): void {
		const [wide, high] = this.scene().room.size;
		const scale = Math.min(width / wide, innerHeight * HEIGHT_SHARE / high);
		this.view = { width: wide * scale, height: high * scale, scale };
		this.canvas = canvas;
		const sharp = Math.min(2, devicePixelRatio);
		for (const one of [canvas, this.still]) {
			one.width = Math.round(this.view.width * sharp);
			one.height = Math.round(this.view.height * sharp);
			one.getContext('2d')?.scale(sharp, sharp);
		}
		canvas.style.width = `${this.view.width}px`;
		canvas.style.height = `${this.view.height}px`;
		this.renew();
	}

	renew(): void {
		this.isStillOld = true;
		draw(this.paint);
	}

	readonly paint = (): void => {
		const context = this.canvas?.getContext('2d');
		const stillContext = this.still.getContext('2d');
		const { view, inks } = this;
		const scene = this.scene();
		if (!context || !stillContext || view.width === 0) {
			return;
		}
		if (this.isStillOld) {
			this.isStillOld = false;
			paintStill(stillContext, scene, view, inks);
		}
		context.drawImage(this.still, 0, 0, view.width, view.height);
		const thing = scene.objects.peek().find(({ id, at }) => id === this.selected && at);
		if (thing) {
			paintRing(context, thing, view, inks);
		}
		scene.bodies.forEach((body) => paintTrail(context, body, view, inks));
		scene.bodies.forEach((body, id) =>
			paintBody(context, body, kits.peek().get(id)?.row.peek().seat ?? id, id === this.selected, view, inks));
	};

	/* From a place on the canvas to one in the room. */
	metres(event: PointerEvent): Point {
		const box = this.canvas!.getBoundingClientRect();
		return [(event.clientX - box.left) / this.view.scale, (box.bottom - event.clientY) / this.view.scale];
	}

	over(event: PointerEvent): string | null {
		return thingAt(this.scene(), this.metres(event), REACH_PX / this.view.scale);
	}
}

/* `id`: the kit of the bench that this is shown on, or ''. */
export function FloorPanel({ id }: { id: string }): JSX.Element {
	const canvas = useRef<HTMLCanvasElement>(null);
	const width = useSignal(0);
	const selected = useSignal<string | null>(id || null);
	const task = useTask();
	const { scene, picture, edit } = useMemo(() => {
		const picture: Picture = new Picture(() => scene);
		const scene: Scene = new Scene(() => draw(picture.paint));
		return { scene, picture, edit: new Edit(scene, task) };
	}, []);
	const drag = useRef<{ id: string; offset: Point } | null>(null);
	const canEdit = isStaff.value && isLive.value;

	useEffect(() => watchFloor(scene), []);
	useEffect(() => {
		const observer = new ResizeObserver(([entry]) => { width.value = Math.floor(entry!.contentRect.width); });
		observer.observe(canvas.current!.parentElement!);
		return () => observer.disconnect();
	}, []);
	useSignalEffect(() => {
		isDark();
		picture.inks = inksOf();
		scene.objects.value;
		if (width.value > 0) {
			picture.fit(canvas.current!, width.value);
		}
	});
	useSignalEffect(() => {
		picture.selected = selected.value;
		draw(picture.paint);
	});

	const drop = (): void => {
		if (drag.current) {
			drag.current = null;
			edit.drop();
		}
	};
	const onKeyDown = (event: KeyboardEvent): void => {
		const one = selected.peek();
		const arrow = ARROWS[event.key];
		const at = one !== null ? edit.at(one) : undefined;
		if (!canEdit || !one || !at || event.ctrlKey || event.metaKey || event.altKey) {
			return;
		}
		if (arrow) {
			const step = event.shiftKey ? STEP_M / 5 : STEP_M;
			edit.move(one, [at[0] + arrow[0] * step, at[1] + arrow[1] * step]);
		} else if (event.key === 'q' || event.key === 'e') {
			edit.turn(one, event.key === 'q' ? TURN : -TURN);
		} else {
			return;
		}
		event.preventDefault();
	};
	return (
		<section class="panel floor" aria-labelledby="floor-title">
			<Tools scene={scene} edit={edit} selected={selected} canEdit={canEdit} isSmall={id !== ''} />
			<div class="floor-place">
				<canvas ref={canvas} class={canEdit ? 'floor-canvas editable' : 'floor-canvas'} data-test="floor"
					tabIndex={canEdit ? 0 : undefined} role={canEdit ? 'application' : 'img'}
					aria-label={t(canEdit ? 'floor.label.edit' : 'floor.label', { count: scene.ids.value.length })}
					onKeyDown={onKeyDown}
					onPointerDown={(event) => {
						const found = picture.over(event);
						const at = found !== null ? edit.at(found) : undefined;
						selected.value = found ?? (id || null);
						if (canEdit && found && at && event.button === 0) {
							const [x, y] = picture.metres(event);
							event.currentTarget.setPointerCapture(event.pointerId);
							drag.current = { id: found, offset: [at[0] - x, at[1] - y] };
							edit.hold(found);
						}
					}}
					onPointerMove={(event) => {
						const now = drag.current;
						if (now) {
							const [x, y] = picture.metres(event);
							edit.move(now.id, [x + now.offset[0], y + now.offset[1]]);
						} else if (canEdit) {
							event.currentTarget.style.cursor = picture.over(event) ? 'grab' : '';
						}
					}}
					onPointerUp={drop} onPointerCancel={drop} onLostPointerCapture={drop} />
			</div>
			{task.error.value && <Problem error={task.error.value} what={t('floor.failed')} />}
		</section>
	);
}
