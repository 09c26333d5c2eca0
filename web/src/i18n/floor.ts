/* Texts of the robots' floor. */
import { add, t as first, type Key } from '.';
import { en, type FloorKey } from './floor.en';
import { zh } from './floor.zh';

add({ en, zh });
export const t = first as (key: Key | FloorKey, filling?: Record<string, string | number>) => string;
