// What processes take, from /proc.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

// A process and all below it.
export function family(pid) {
  const all = [pid];
  for (let at = 0; at < all.length; ++at) {
    for (const task of fs.readdirSync(`/proc/${all[at]}/task`)) {
      const file = `/proc/${all[at]}/task/${task}/children`;
      all.push(...fs.readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number));
    }
  }
  return all;
}

// Proportional set size in bytes: what is shared with others counts in parts.
export function pss(pid) {
  const line = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+) kB$/m);
  return Number(line[1]) * 1024;
}

export const mib = (bytes) => bytes / (1 << 20);

// The largest parts of a process's memory, for the reason beside a figure.
export function parts(pid, count = 6) {
  const sums = new Map();
  let name = '';
  for (const line of fs.readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const head = line.match(/^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)$/);
    if (head) name = head[1].split('/').pop() || 'anonymous';
    const size = line.match(/^Pss:\s+(\d+) kB/);
    if (size) sums.set(name, (sums.get(name) ?? 0) + Number(size[1]));
  }
  return [...sums].sort((a, b) => b[1] - a[1]).slice(0, count)
    .map(([part, kib]) => `${part} ${(kib / 1024).toFixed(1)}`).join(', ');
}

// Seconds of CPU that a process has used.
export function cpu(pid) {
  const after = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(after[11]) + Number(after[12])) / ticks;
}
