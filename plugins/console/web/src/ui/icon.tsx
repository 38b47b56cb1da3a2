// Line icons, drawn in 24 by 24. They stand beside words, so screen readers skip them.
const paths = {
  inbox: 'M4 13h4l2 3h4l2-3h4M5 5h14l2 8v6H3v-6z',
  orders: 'M4 7l8-4 8 4v10l-8 4-8-4zM4 7l8 4 8-4M12 11v10',
  ledgers: 'M4 4h16v16H4zM4 9h16M4 14h16M10 9v11',
  split: 'M12 3v18M5 8h14M5 8l-3 7h6zM19 8l-3 7h6z',
  listen: 'M4 14v-2a8 8 0 0 1 16 0v2M4 14h4v6H6a2 2 0 0 1-2-2zM20 14h-4v6h2a2 2 0 0 0 2-2z',
  practice: 'M3 9l9-5 9 5-9 5zM7 11v5c3 3 7 3 10 0v-5M21 9v6',
  numbers: 'M4 20V10h4v10M10 20V4h4v16M16 20v-7h4v7M2 20h20',
  settings: 'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2',
  back: 'M15 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6L6 18',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5',
  send: 'M4 12l16-8-6 16-3-7z',
  note: 'M5 4h14v11l-5 5H5zM14 20v-5h5',
  transfer: 'M4 8h13l-4-4M20 16H7l4 4',
  claim: 'M8 12V5a2 2 0 0 1 4 0v5m0-4a2 2 0 0 1 4 0v5m0-2a2 2 0 0 1 4 0v5a7 7 0 0 1-13 3l-3-6a2 2 0 0 1 3-2l2 3',
  check: 'M4 12l6 6L20 6',
  checks: 'M2 13l5 5L17 7M12 17l1 1L23 7',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2',
  alert: 'M12 4l9 16H3zM12 10v4M12 17v.5',
  flag: 'M5 21V4h12l-2 4 2 4H5',
  person: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c0-4 4-6 8-6s8 2 8 6',
  truck: 'M2 6h12v11H2zM14 10h4l4 4v3h-8zM6 17a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM18 17a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  clip: 'M19 11l-8 8a5 5 0 0 1-7-7l9-9a3.4 3.4 0 0 1 5 5l-9 9a1.7 1.7 0 0 1-2.4-2.4l7.4-7.4',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  bell: 'M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4',
  mute: 'M6 17V11a6 6 0 0 1 9-5M18 11v6l2 2H4M10 21h4M3 3l18 18',
  phrase: 'M4 5h16v11H9l-5 4z',
  plus: 'M12 5v14M5 12h14',
  link: 'M9 15l6-6M10 6l2-2a4 4 0 0 1 6 6l-2 2M14 18l-2 2a4 4 0 0 1-6-6l2-2',
  power: 'M12 3v9M7 6a8 8 0 1 0 10 0',
} as const;
export type IconName = keyof typeof paths;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
);
