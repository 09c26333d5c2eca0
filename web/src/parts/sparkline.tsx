/*
 * A small line of the last 30 s on a canvas: drawn when a sample came, and once a second so
 * that a quiet line moves on too.
 */
import { computed, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isDark } from '../prefs';
import { isLive, second, socket, type Kit } from '../state';
import type { Property } from '../wire';

const WINDOW_MS = 30_000;

const ink = computed(() => {
	isDark();
	return getComputedStyle(document.documentElement).getPropertyValue('--spark');
});

export function Sparkline({ kit, name, property }: { kit: Kit; name: string; property: Property }): JSX.Element {
	const canvas = useRef<HTMLCanvasElement>(null);
	useEffect(() => {
		const element = canvas.current!;
		const observer = new ResizeObserver(([entry]) => {
			const scale = Math.min(2, devicePixelRatio);
			element.width = Math.round(entry!.contentRect.width * scale);
			element.height = Math.round(entry!.contentRect.height * scale);
			paint(element, kit, name, property);
		});
		observer.observe(element);
		return () => observer.disconnect();
	}, []);
	useSignalEffect(() => {
		kit.sampleAt.value;
		second.value;
		ink.value;
		if (canvas.current && isLive.value) {
			paint(canvas.current, kit, name, property);
		}
	});
	return <canvas class="spark" ref={canvas} aria-hidden="true" />;
}

function paint(canvas: HTMLCanvasElement, kit: Kit, name: string, property: Property): void {
	const context = canvas.getContext('2d');
	const { times } = kit.history;
	const column = kit.history.columns.get(name);
	const { width, height } = canvas;
	if (!context || width === 0) {
		return;
	}
	context.clearRect(0, 0, width, height);
	if (!column || times.length === 0) {
		return;
	}
	const now = Math.max(socket.now(), times[times.length - 1]!);
	const first = Math.max(0, kit.history.from(now - WINDOW_MS) - 1);
	const [low, high] = rangeOf(column, first, property);
	/* At most two points a pixel; whole multiples, so that the line does not shimmer as it moves. */
	const stride = Math.max(1, Math.ceil((times.length - first) / width / 2));
	const y = (value: number): number => height - 3 - (value - low) / (high - low) * (height - 6);
	context.beginPath();
	let isDown = false;
	let last = 0;
	for (let i = Math.floor(first / stride) * stride; i < times.length; i += stride) {
		const value = column[i];
		if (value === null || value === undefined) {
			isDown = false;
			continue;
		}
		const x = width - (now - times[i]!) / WINDOW_MS * width;
		if (isDown) {
			context.lineTo(x, y(value));
		} else {
			context.moveTo(x, y(value));
		}
		isDown = true;
		last = value;
	}
	if (isDown && kit.row.peek().state === 'ready') {
		context.lineTo(width, y(last));
	}
	context.strokeStyle = ink.peek();
	context.lineWidth = Math.max(1.5, height / 26);
	context.lineJoin = 'round';
	context.stroke();
}

/* 0..1 is drawn whole; what has a wide range is drawn around what was measured. */
function rangeOf(column: (number | null)[], first: number, property: Property): [number, number] {
	const { min, max } = property;
	const isBounded = min !== undefined && max !== undefined;
	if (isBounded && max - min <= 1) {
		return [min, max];
	}
	let low = Infinity;
	let high = -Infinity;
	for (let i = first; i < column.length; i++) {
		const value = column[i];
		if (value !== null && value !== undefined) {
			low = Math.min(low, value);
			high = Math.max(high, value);
		}
	}
	const least = isBounded ? (max - min) / 200 : 1;
	const missing = Math.max(0, least - (high - low)) / 2;
	return [low - missing, high + missing];
}
