// What the system says of a process.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export function cpuSeconds(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

export const descriptors = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

// Bytes: {rss, pss, anonymous}.
export function memory(pid) {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)[1]) * 1024;
  return { rss: of('Rss'), pss: of('Pss'), anonymous: of('Anonymous') };
}
