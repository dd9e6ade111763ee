// The symbols that ChatUI's Icon asks for by name; drawn on a grid of 24.

const PATHS: Record<string, string[]> = {
  headset: ['M4 13a8 8 0 0 1 16 0', 'M4 13v4a2 2 0 0 0 2 2h1v-7H6a2 2 0 0 0-2 2', 'M20 13v4a2 2 0 0 1-2 2h-1v-7h1a2 2 0 0 1 2 2'],
  more: ['M5 12h.01', 'M12 12h.01', 'M19 12h.01'],
  'chevron-down': ['M6 9l6 6 6-6'],
  image: ['M4 5h16v14H4z', 'M4 16l5-5 4 4 3-3 4 4', 'M9 9h.01'],
  send: ['M12 19V5', 'M6 11l6-6 6 6'],
  lock: ['M6 11h12v9H6z', 'M8.5 11V8a3.5 3.5 0 0 1 7 0v3'],
  star: ['M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z'],
  bot: ['M5 9h14v10H5z', 'M12 9V5', 'M9 13.5h.01', 'M15 13.5h.01', 'M2.5 13v3', 'M21.5 13v3'],
  agent: ['M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8', 'M4 21a8 8 0 0 1 16 0'],
  check: ['M5 13l4 4 10-10'],
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
