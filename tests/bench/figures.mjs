// The lines of figures.hpp, for measurements of whole programs.
export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const text = (value) => (value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3))));

// figure('size.x', 812, 'MB', 'bodies', 300, '<=2')
export function figure(name, value, unit, against, theirs, target) {
  const ratio = value / theirs;
  const limit = Number(target.slice(2));
  const holds = target.startsWith('<=') ? ratio <= limit : ratio >= limit;
  console.log(`${name} ${text(value)} ${unit} ${against} ${text(ratio)} ${target} ${holds ? 'holds' : 'short'}`);
  return holds;
}

export const note = (words) => console.log(`# ${words}`);
