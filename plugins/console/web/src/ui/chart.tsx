// Bars side by side, drawn by uPlot, which is loaded when the first chart is shown. A picture only:
// whoever uses it has the same figures in a table.
import { useEffect, useRef } from 'preact/hooks';
import { theme } from './theme';

export interface Bars {
  label: string;
  colour: '--accent' | '--amber';
  values: number[];
}

interface Props {
  names: string[]; // below the bars
  bars: [Bars, Bars];
}

const heightPx = 220;
const barShare = 0.36; // of what a name has
const namePx = 64; // at least so much room for each name that is written

// As the page shows the colour now, light or dark.
function colourOf(box: HTMLElement, name: string): string {
  box.style.color = `var(${name})`;
  const colour = getComputedStyle(box).color;
  box.style.color = '';
  return colour;
}

async function draw(box: HTMLElement, { names, bars }: Props): Promise<() => void> {
  const { default: UPlot } = await import('uplot');
  const soft = colourOf(box, '--soft');
  const line = colourOf(box, '--line');
  const factory = UPlot.paths.bars!;
  const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const chart = new UPlot(
    {
      width: box.clientWidth,
      height: heightPx,
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { time: false, range: [-0.5, names.length - 0.5] },
        y: { range: (_u, _min, max) => [0, Math.max(max, 1) * 1.08] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          splits: (u) => {
            const step = Math.max(1, Math.ceil((names.length * namePx) / Math.max(u.width, 1)));
            return names.map((_, i) => i).filter((i) => i % step === 0);
          },
          values: (_u, splits) => splits.map((i) => names[i] ?? ''),
        },
        { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] },
      ],
      series: [
        {},
        ...bars.map((one, i) => ({
          label: one.label,
          fill: colourOf(box, one.colour),
          points: { show: false },
          paths: factory({ size: [barShare, 40], align: i === 0 ? -1 : 1 }),
        })),
      ],
    },
    [names.map((_, i) => i), ...bars.map((one) => one.values)] as [number[], ...number[][]],
    box,
  );
  const observer = new ResizeObserver(() => chart.setSize({ width: box.clientWidth, height: heightPx }));
  observer.observe(box);
  return () => {
    observer.disconnect();
    chart.destroy();
  };
}

export function Chart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const look = theme.value;
  useEffect(() => {
    let gone = false;
    let end = (): void => {};
    draw(box.current!, props).then(
      (undo) => (gone ? undo() : (end = undo)),
      () => {}, // without a picture there is still the table
    );
    return () => {
      gone = true;
      end();
    };
  }, [look, JSON.stringify(props)]);
  return (
    <figure class="chart">
      <figcaption>
        {props.bars.map((one) => (
          <span key={one.label} class={`chart-key ${one.colour.slice(2)}`}>{one.label}</span>
        ))}
      </figcaption>
      <div class="chart-box" ref={box} aria-hidden="true" />
    </figure>
  );
}
