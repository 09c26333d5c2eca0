/* 机器人场地俯视图的中文。 */
import type { FloorKey } from './floor.en';

export const zh: Record<FloorKey, string> = {
	floor: '俯视图',
	'floor.label': '场地俯视图，共 {count} 台机器人',
	'floor.label.edit': '场地俯视图，共 {count} 台机器人。方向键移动选中的物体，Q 和 E 旋转。',
	'floor.select': '场地上选中的物体',
	'floor.nothing': '未选中',
	'floor.robots': '机器人',
	'floor.things': '物体',
	'floor.box': '方块',
	'floor.circle': '圆柱',
	'floor.lamp': '灯',
	'floor.line': '引导线',
	'floor.daylight': '环境光',
	'floor.brightness': '亮度',
	'floor.left': '左转',
	'floor.right': '右转',
	'floor.smaller': '缩小',
	'floor.larger': '放大',
	'floor.remove': '移走',
	'floor.gone': '已移走{name}。',
	'floor.undo': '撤销',
	'floor.trails': '清除轨迹',
	'floor.hint': '可以拖动机器人、方块、圆柱和灯。用键盘：先在上面选中，再在图上按方向键移动，按 Q、E 旋转。',
	'floor.failed': '场地没有改变。',
};
