/*
 * Draws the floor on a canvas. What stands still is drawn once onto a picture of its own, and
 * again when it changes; robots and trails are drawn on top of it each frame.
 */
import type { FloorObject, Point } from '../wire';
import type { Body, Scene } from './scene';

export interface Inks {
	floor: string;
	wall: string;
	line: string;
	obstacle: string;
	edge: string;
	glow: string;
	body: string;
	accent: string; /* of what moves or is chosen */
	trail: string;
}

export function inksOf(): Inks {
	const style = getComputedStyle(document.documentElement);
	const ink = (name: string): string => style.getPropertyValue(name).trim();
	return {
		floor: ink('--floor'), wall: ink('--line-strong'), line: ink('--floor-ink'), obstacle: ink('--obstacle'),
		edge: ink('--floor-edge'), glow: ink('--lamp'), body: ink('--floor-body'), accent: ink('--floor-accent'),
		trail: ink('--floor-trail'),
	};
}

/* Room to canvas: metres to pixels, y upwards. */
export interface View {
	width: number;
	height: number;
	scale: number;
}

export const place = (view: View, [x, y]: Point): Point => [x * view.scale, view.height - y * view.scale];

export function paintStill(context: CanvasRenderingContext2D, scene: Scene, view: View, inks: Inks): void {
	const { width, height } = view;
	const objects = scene.objects.peek();
	context.clearRect(0, 0, width, height);
	context.fillStyle = inks.floor;
	context.fillRect(0, 0, width, height);
	grid(context, view, inks);
	objects.filter(({ type }) => type === 'line').forEach((line) => paintLine(context, line, view, inks));
	objects.filter(({ type }) => type === 'lamp').forEach((lamp) => paintGlow(context, lamp, view, inks));
	objects.filter(({ type }) => type === 'box' || type === 'circle').forEach((one) => paintObstacle(context, one, view, inks));
	objects.filter(({ type }) => type === 'lamp').forEach((lamp) => paintLamp(context, lamp, view, inks));
	context.strokeStyle = inks.wall;
	context.lineWidth = 4;
	context.strokeRect(2, 2, width - 4, height - 4);
}

/* Half metres, so that one can judge how far things are. */
function grid(context: CanvasRenderingContext2D, { width, height, scale }: View, inks: Inks): void {
	context.beginPath();
	for (let x = scale / 2; x < width; x += scale / 2) {
		context.moveTo(x, 0);
		context.lineTo(x, height);
	}
	for (let y = scale / 2; y < height; y += scale / 2) {
		context.moveTo(0, height - y);
		context.lineTo(width, height - y);
	}
	context.globalAlpha = 0.16;
	context.strokeStyle = inks.edge;
	context.lineWidth = 1;
	context.stroke();
	context.globalAlpha = 1;
}

function paintLine(context: CanvasRenderingContext2D, line: FloorObject, view: View, inks: Inks): void {
	context.beginPath();
	line.points?.forEach((point) => context.lineTo(...place(view, point)));
	if (line.closed) {
		context.closePath();
	}
	context.strokeStyle = inks.line;
	context.lineWidth = (line.width ?? 0.03) * view.scale;
	context.lineJoin = context.lineCap = 'round';
	context.stroke();
}

function paintGlow(context: CanvasRenderingContext2D, lamp: FloorObject, view: View, inks: Inks): void {
	const [x, y] = place(view, lamp.at!);
	const reach = (lamp.reach ?? 0.5) * 2 * view.scale;
	const glow = context.createRadialGradient(x, y, 0, x, y, reach);
	glow.addColorStop(0, inks.glow);
	glow.addColorStop(1, `${inks.glow}00`); /* its own colour, so that it fades without grey */
	context.globalAlpha = 0.55 * (lamp.brightness ?? 1);
	context.fillStyle = glow;
	context.beginPath();
	context.arc(x, y, reach, 0, 2 * Math.PI);
	context.fill();
	context.globalAlpha = 1;
}

function paintLamp(context: CanvasRenderingContext2D, lamp: FloorObject, view: View, inks: Inks): void {
	const [x, y] = place(view, lamp.at!);
	context.beginPath();
	for (let ray = 0; ray < 8; ray++) {
		const [dx, dy] = [Math.cos(ray * Math.PI / 4), Math.sin(ray * Math.PI / 4)];
		context.moveTo(x + 10 * dx, y + 10 * dy);
		context.lineTo(x + 14 * dx, y + 14 * dy);
	}
	context.strokeStyle = inks.line;
	context.lineWidth = 2;
	context.stroke();
	disc(context, x, y, 7);
	context.fillStyle = inks.glow;
	context.fill();
	context.stroke();
}

function paintObstacle(context: CanvasRenderingContext2D, one: FloorObject, view: View, inks: Inks): void {
	context.save();
	context.translate(...place(view, one.at!));
	context.beginPath();
	if (one.type === 'circle') {
		context.arc(0, 0, (one.radius ?? 0.1) * view.scale, 0, 2 * Math.PI);
	} else {
		const [along, across] = one.size ?? [0.1, 0.1];
		context.rotate(-(one.heading ?? 0));
		context.rect(-along / 2 * view.scale, -across / 2 * view.scale, along * view.scale, across * view.scale);
	}
	context.fillStyle = inks.obstacle;
	context.fill();
	context.strokeStyle = inks.edge;
	context.lineWidth = 2;
	context.stroke();
	context.restore();
}

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
	context.beginPath();
	context.arc(x, y, radius, 0, 2 * Math.PI);
}

export function paintTrail(context: CanvasRenderingContext2D, { trail, pose }: Body, view: View, inks: Inks): void {
	context.beginPath();
	trail.forEach((point) => context.lineTo(...place(view, point)));
	context.lineTo(...place(view, [pose[0], pose[1]]));
	context.globalAlpha = 0.6;
	context.strokeStyle = inks.trail;
	context.lineWidth = 3;
	context.lineJoin = 'round';
	context.stroke();
	context.globalAlpha = 1;
}

/* A robot from above: two wheels, a nose where it looks, its seat or name. */
export function paintBody(
	context: CanvasRenderingContext2D, body: Body, label: string, isSelected: boolean, view: View, inks: Inks,
): void {
	const [x, y] = place(view, [body.pose[0], body.pose[1]]);
	const radius = Math.max(9, body.radius * view.scale);
	context.save();
	context.translate(x, y);
	context.rotate(-body.pose[2]);
	context.fillStyle = inks.line;
	for (const side of [-1, 1]) {
		context.fillRect(-radius * 0.42, side * radius * 0.86 - radius * 0.16, radius * 0.84, radius * 0.32);
	}
	context.lineWidth = isSelected ? 4 : 2;
	context.strokeStyle = isSelected || body.isMoving ? inks.accent : inks.edge;
	context.fillStyle = body.isMoving ? inks.accent : inks.body;
	context.beginPath();
	context.moveTo(radius * 1.6, 0);
	context.lineTo(radius * 0.5, -radius * 0.65);
	context.lineTo(radius * 0.5, radius * 0.65);
	context.closePath();
	context.stroke();
	context.fill();
	disc(context, 0, 0, radius * 0.86);
	context.fillStyle = inks.body;
	context.stroke();
	context.fill();
	context.restore();
	context.font = `600 14px system-ui, sans-serif`;
	context.textAlign = 'center';
	context.textBaseline = 'middle';
	const isShort = context.measureText(label).width < radius * 1.7;
	context.fillStyle = inks.line;
	if (!isShort) {
		context.lineWidth = 3;
		context.strokeStyle = inks.floor;
		context.strokeText(label, x, y + radius + 10);
	}
	context.fillText(label, x, isShort ? y + 1 : y + radius + 10);
}

export function paintRing(context: CanvasRenderingContext2D, thing: FloorObject, view: View, inks: Inks): void {
	const [x, y] = place(view, thing.at!);
	const [along, across] = thing.size ?? [0, 0];
	const size = thing.type === 'circle' ? thing.radius ?? 0.1 : thing.type === 'box' ? Math.hypot(along, across) / 2 : 0;
	disc(context, x, y, Math.max(14, size * view.scale + 4));
	context.setLineDash([6, 4]);
	context.strokeStyle = inks.accent;
	context.lineWidth = 3;
	context.stroke();
	context.setLineDash([]);
}
