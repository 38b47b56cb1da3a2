// The desk gives a QR code as text, two rows to a line: a block is light, a space is dark.
const halves: Record<string, [boolean, boolean]> = {
  '█': [false, false],
  '▀': [false, true],
  '▄': [true, false],
  ' ': [true, true],
};

// Rows of modules; true: dark.
export function modules(text: string): boolean[][] {
  const out: boolean[][] = [];
  for (const row of text.split('\n').filter((one) => one !== '')) {
    const cells: [boolean, boolean][] = [...row].map((char) => halves[char] ?? [false, false]);
    out.push(cells.map((cell) => cell[0]), cells.map((cell) => cell[1]));
  }
  return out;
}

export function QrCode({ text, label }: { text: string; label: string }) {
  const rows = modules(text);
  const width = rows[0]?.length ?? 0;
  let path = '';
  rows.forEach((row, y) => row.forEach((dark, x) => dark && x < width && y < width && (path += `M${x} ${y}h1v1h-1z`)));
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${width} ${width}`} shape-rendering="crispEdges">
      <rect width={width} height={width} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
