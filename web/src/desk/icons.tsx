// The symbols that ChatUI's Icon asks for by name; drawn on a grid of 24.

const PATHS: Record<string, string[]> = {
  headset: ['M4 13a8 8 0 0 1 16 0', 'M4 13v4a2 2 0 0 0 2 2h1v-7H6a2 2 0 0 0-2 2', 'M20 13v4a2 2 0 0 1-2 2h-1v-7h1a2 2 0 0 1 2 2'],
  talks: ['M4 5h13v9H9l-5 4z', 'M17 9h3v11l-4-3h-6v-3'],
  tickets: ['M6 3h9l4 4v14H6z', 'M9 11h7', 'M9 15h7', 'M14 3v5h5'],
  board: ['M4 20V10', 'M10 20V4', 'M16 20v-7', 'M21 20H3'],
  callbacks: ['M6 3l3 5-2 2c1 3 4 6 7 7l2-2 5 3c0 2-2 3-4 3C10 21 3 14 3 7c0-2 1-4 3-4', 'M15 4h5v5', 'M20 4l-5 5'],
  reports: ['M4 4v16h16', 'M7 15l4-5 3 3 5-7'],
  send: ['M12 19V5', 'M6 11l6-6 6 6'],
  back: ['M15 5l-7 7 7 7'],
  person: ['M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8', 'M4 21a8 8 0 0 1 16 0'],
  check: ['M5 13l4 4 10-10'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  phrases: ['M5 4h14v16l-7-4-7 4z', 'M9 9h6'],
  transfer: ['M4 8h13', 'M13 4l4 4-4 4', 'M20 16H7', 'M11 12l-4 4 4 4'],
  phone: ['M6 3l3 5-2 2c1 3 4 6 7 7l2-2 5 3c0 2-2 3-4 3C10 21 3 14 3 7c0-2 1-4 3-4'],
  bell: ['M6 10a6 6 0 0 1 12 0v5l2 2H4l2-2z', 'M10 20a2 2 0 0 0 4 0'],
  silent: ['M6 10a6 6 0 0 1 12 0v5l2 2H4l2-2z', 'M10 20a2 2 0 0 0 4 0', 'M3 3l18 18'],
  logout: ['M14 4H5v16h9', 'M10 12h11', 'M17 8l4 4-4 4'],
  'chevron-down': ['M6 9l6 6 6-6'],
  plus: ['M12 5v14', 'M5 12h14'],
};

export function Symbols() {
  return (
    <svg class="symbols" aria-hidden="true">
      {Object.entries(PATHS).map(([name, paths]) => (
        <symbol id={`icon-${name}`} viewBox="0 0 24 24" key={name}>
          {paths.map((d) => (
            <path d={d} key={d} />
          ))}
        </symbol>
      ))}
    </svg>
  );
}
