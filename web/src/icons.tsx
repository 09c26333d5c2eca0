/* The icons in use, from Lucide; only these end up in the pages. */
import { h, type JSX } from 'preact';
import {
	BatteryFull, BatteryMedium, BatteryWarning, BookOpen, ChartLine, CircleAlert, CircleCheck, CircleDashed, CircleHelp, CircleOff, ClockAlert,
	Copy, Cpu, Download, Eraser, FlaskConical, Hand, LayoutGrid, Languages, Lightbulb, LoaderCircle, Moon, OctagonX, Pause,
	Play, Square, Sun, SunMoon, TriangleAlert, Unplug, Usb, X, ArrowLeft, CircleX, Map, Zap, WifiOff, Wrench,
	type IconNode,
} from 'lucide';

const icons = {
	room: LayoutGrid,
	cases: BookOpen,
	help: CircleHelp,
	lang: Languages,
	system: SunMoon,
	light: Sun,
	dark: Moon,
	stop: OctagonX,
	close: X,
	back: ArrowLeft,
	play: Play,
	square: Square,
	pause: Pause,
	download: Download,
	chart: ChartLine,
	lamp: Lightbulb,
	copy: Copy,
	clear: Eraser,
	plug: Usb,
	offline: WifiOff,
	warning: TriangleAlert,
	bolt: Zap,
	ready: CircleCheck,
	absent: CircleDashed,
	opening: LoaderCircle,
	probing: LoaderCircle,
	stale: ClockAlert,
	lost: Unplug,
	refused: CircleAlert,
	unknown: CircleOff,
	failed: CircleX,
	battery: BatteryFull,
	'battery.half': BatteryMedium,
	'battery.low': BatteryWarning,
	hand: Hand,
	map: Map,
	lab: FlaskConical,
	chip: Cpu,
	wrench: Wrench,
} satisfies Record<string, IconNode>;

export type IconName = keyof typeof icons;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }): JSX.Element {
	return (
		<svg class="icon" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
			stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
			{(icons[name] as IconNode).map(([tag, attributes]) => h(tag, attributes))}
		</svg>
	);
}
