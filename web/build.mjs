// Builds the widget and the desk into hotline/static. With --compare, builds into memory and fails when the committed bundle differs
// or is larger than it may be. File names carry no hash: the bundle is committed, and a diff should show what changed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '..', 'hotline', 'static');
const compare = process.argv.includes('--compare');

// Bytes of gzipped JavaScript.
const LIMITS = { 'hotline-widget.js': 5 * 1024, 'desk.js': 60 * 1024, 'reports.js': 240 * 1024, total: 90 * 1024 };
// What customers load is counted together; the pages of the operator's own people are not.
const STAFF = new Set(['desk.js', 'reports.js']);

const shared = {
  configFile: false,
  root: here,
  logLevel: 'warn',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: {
    alias: [
      { find: /^react(-dom)?$/, replacement: 'preact/compat' },
      // The package's "browser" build breaks its imports; its ES modules are imported one by one.
      { find: /^@chatui\/core\/(\w+)$/, replacement: join(here, 'node_modules/@chatui/core/es/components/$1/index.js') },
    ],
  },
};

async function bundle(entry, name) {
  const result = await build({
    ...shared,
    build: {
      write: false,
      target: 'es2020',
      cssCodeSplit: false,
      rollupOptions: {
        input: join(here, entry),
        output: { format: 'iife', entryFileNames: `${name}.js`, assetFileNames: `${name}[extname]` },
      },
    },
  });
  return result.output.map((file) => [file.fileName, Buffer.from(file.code ?? file.source)]);
}

const files = [
  ...(await bundle('src/launcher.ts', 'hotline-widget')),
  ...(await bundle('src/window/main.tsx', 'window')),
  ...(await bundle('src/desk/main.tsx', 'desk')),
  ...(await bundle('src/reports/main.tsx', 'reports')),
];

let total = 0;
let failed = false;
for (const [name, data] of files) {
  const size = gzipSync(data, { level: 9 }).length;
  console.log(`${name.padEnd(20)} ${String(data.length).padStart(7)} bytes ${String(size).padStart(6)} gzipped`);
  if (name.endsWith('.js') && !STAFF.has(name)) total += size;
  if (size > (LIMITS[name] ?? Infinity)) {
    console.error(`${name} may have ${LIMITS[name]} bytes gzipped`);
    failed = true;
  }
  const path = join(target, name);
  if (compare) {
    let committed = Buffer.alloc(0);
    try {
      committed = readFileSync(path);
    } catch {
      // missing: differs
    }
    if (!committed.equals(data)) {
      console.error(`hotline/static/${name} is not what web/ builds: run npm run build in web/ and commit it`);
      failed = true;
    }
  } else {
    mkdirSync(target, { recursive: true });
    writeFileSync(path, data);
  }
}
console.log(`a customer's JavaScript ${total} gzipped`);
if (total > LIMITS.total) {
  console.error(`a customer's JavaScript may have ${LIMITS.total} bytes gzipped`);
  failed = true;
}
process.exit(failed ? 1 : 0);
