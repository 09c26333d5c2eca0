/* Texts of the Lab page. */
import { add, t as first, type Key } from '.';
import { en, type LabKey } from './lab.en';
import { zh } from './lab.zh';

add({ en, zh });
export const t = first as (key: Key | LabKey, filling?: Record<string, string | number>) => string;
