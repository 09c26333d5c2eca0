/* The chart (uPlot), loaded only on benches: newest at the right, one scale a unit. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { scaleOf, type Range } from './scale';

export interface Series {
	name: string;
	unit: string;
	color: string;
	range: Range | null; /* null: as measured */
	isStair: boolean;
}

export interface Plot {
	/* Times in seconds; `newest` is the moment that the axis counts back from. */
	draw(times: number[], columns: (number | null)[][], from: number, to: number, newest: number): void;
	resize(width: number): void;
	destroy(): void;
}

interface Options {
	parent: HTMLElement;
	width: number;
	height: number;
	series: Series[];
	ink: string;
	grid: string;
	now: string;
	onCursor: (index: number | null) => void;
	onZoom: (from: number, to: number) => void;
	onReset: () => void;
}

export function createPlot(options: Options): Plot {
	const { series, ink, grid } = options;
	let end = 0;
	const scales: Record<string, uPlot.Scale> = { x: { time: false, auto: false } };
	for (const { unit } of series) {
		const ranges = series.filter((one) => one.unit === unit).map(({ range }) => range);
		scales[`y ${unit}`] ??= { range: (_plot, low, high) => scaleOf(ranges, low, high) };
	}
	const units = Object.keys(scales).filter((name) => name !== 'x');
	const font = '14px system-ui, sans-serif';
	const axis = { stroke: ink, font, labelFont: font, ticks: { show: false } };
	const plot = new uPlot({
		width: options.width,
		height: options.height,
		legend: { show: false },
		padding: [10, units.length > 1 ? 0 : 24, 0, 0],
		scales,
		axes: [
			{
				...axis,
				grid: { stroke: grid, width: 1 },
				space: 64,
				size: 30,
				values: (_plot, ticks) => ticks.map((tick) => {
					const ago = Math.round((tick - end) * 10) / 10;
					return ago === 0 ? options.now : `${ago} s`;
				}),
				splits: (_plot, _axis, low, high) => splitsBackFrom(end, low, high),
			},
			...units.slice(0, 2).map((scale, i): uPlot.Axis => ({
				...axis,
				scale,
				side: i === 0 ? 3 : 1,
				size: 52,
				grid: { show: i === 0, stroke: grid, width: 1 },
				label: scale.slice(2) || undefined,
				labelSize: 20,
			})),
		],
		series: [
			{},
			...series.map((one): uPlot.Series => ({
				label: one.name,
				scale: `y ${one.unit}`,
				stroke: one.color,
				width: 2,
				points: { show: false },
				...(one.isStair ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
			})),
		],
		cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
		hooks: {
			setCursor: [(self) => options.onCursor(self.cursor.idx ?? null)],
			setSelect: [(self) => {
				const { left, width } = self.select;
				if (width > 4) {
					options.onZoom(self.posToVal(left, 'x'), self.posToVal(left + width, 'x'));
				}
				self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
			}],
		},
	}, [[], ...series.map(() => [])], options.parent);
	plot.over.addEventListener('dblclick', options.onReset);
	return {
		draw(times, columns, from, to, newest) {
			end = newest;
			plot.batch(() => {
				plot.setData([times, ...columns] as uPlot.AlignedData, false);
				plot.setScale('x', { min: from, max: to });
			});
		},
		resize: (width) => plot.setSize({ width, height: options.height }),
		destroy: () => plot.destroy(),
	};
}

/* Ticks at whole seconds before the newest moment, so that they stand still while the lines move. */
function splitsBackFrom(end: number, low: number, high: number): number[] {
	const wished = (high - low) / 5;
	const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60].find((one) => one >= wished) ?? 120;
	const ticks: number[] = [];
	for (let tick = end - Math.floor((end - low) / step) * step; tick <= high + step / 1000; tick += step) {
		ticks.push(tick);
	}
	return ticks;
}
