/*
 * Does this machine keep programs waiting, because others use it or because its host does? Then a
 * test that measures milliseconds measures the machine; it still has to wait for what it tests.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';

/* Seconds of all cores that the host of a virtual machine gave to others. */
const stolen = () => Number(readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/)[8]) / 100;
const before = stolen();

/* Since this program started, or just now. */
export const isStarved = () => os.loadavg()[0] > os.cpus().length * 1.5
	|| stolen() - before > 0.02 * performance.now() / 1000;
