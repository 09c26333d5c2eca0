/* What the top view of the robots' floor says in English. */
export const en = {
	floor: 'Top view',
	'floor.label': 'The floor from above with {count} robots',
	'floor.label.edit': 'The floor from above with {count} robots. Arrow keys move what is chosen, Q and E turn it.',
	'floor.select': 'Chosen on the floor',
	'floor.nothing': 'nothing chosen',
	'floor.robots': 'Robots',
	'floor.things': 'Things',
	'floor.box': 'Box',
	'floor.circle': 'Post',
	'floor.lamp': 'Lamp',
	'floor.line': 'Line',
	'floor.daylight': 'Daylight',
	'floor.brightness': 'Brightness',
	'floor.left': 'Turn left',
	'floor.right': 'Turn right',
	'floor.smaller': 'Smaller',
	'floor.larger': 'Larger',
	'floor.remove': 'Take away',
	'floor.gone': '{name} is gone.',
	'floor.undo': 'Undo',
	'floor.trails': 'Clear trails',
	'floor.hint': 'Drag robots, boxes, posts and lamps. By keys: choose one above, then press the arrows on the picture; Q and E turn it.',
	'floor.failed': 'The floor did not change.',
};

export type FloorKey = keyof typeof en;
