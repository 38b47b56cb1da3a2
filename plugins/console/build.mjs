// Builds the page once for all build folders of a checkout, and puts it into one of them.
//   node build.mjs WEB CACHE OUT NPM
// WEB: the sources. CACHE: where packages and page are kept; whoever comes while another is at it waits.
// OUT gets files.cpp and files.blob.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const [web, cache, out, npm] = process.argv.slice(2);
const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const waitMs = 20 * 60_000; // for another who builds
const lookMs = 500;
const parts = ['src', 'public', 'index.html', 'vite.config.ts'];
const locks = ['package.json', 'package-lock.json'];

const filesIn = (name) => {
  const at = path.join(web, name);
  if (!fs.statSync(at).isDirectory()) return [name];
  return fs.readdirSync(at).sort().flatMap((one) => filesIn(path.join(name, one)));
};
const digest = (names) => {
  const hash = createHash('sha256').update(process.version);
  for (const name of names) hash.update(`\0${name}\0`).update(fs.readFileSync(path.join(web, name)));
  return hash.digest('hex');
};
const run = (program, ...args) => execFileSync(program, args, { cwd: cache, stdio: ['ignore', 'inherit', 'inherit'] });
const said = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');

// A folder is made by one only. It names its maker, and is nobody's once that one has ended.
function lock() {
  const folder = path.join(cache, 'lock');
  const maker = path.join(folder, 'pid');
  const until = Date.now() + waitMs;
  for (;;) {
    try {
      fs.mkdirSync(folder);
      fs.writeFileSync(maker, String(process.pid));
      return () => fs.rmSync(folder, { recursive: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const pid = Number(said(maker));
    let lives = true;
    try {
      if (pid > 0) process.kill(pid, 0);
    } catch (error) {
      lives = error.code !== 'ESRCH';
    }
    if (!lives) fs.rmSync(folder, { recursive: true, force: true });
    else if (Date.now() > until) throw new Error(`${folder}: another builds the console for too long; remove it if none does`);
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookMs);
  }
}

fs.mkdirSync(cache, { recursive: true });
fs.mkdirSync(out, { recursive: true });
const unlock = lock();
try {
  const packages = path.join(cache, 'packages');
  const wanted = digest(locks);
  if (said(packages) !== wanted) {
    fs.rmSync(packages, { force: true });
    for (const name of locks) fs.copyFileSync(path.join(web, name), path.join(cache, name));
    run(npm, 'ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
    fs.writeFileSync(packages, wanted);
  }
  const page = path.join(cache, 'page');
  const built = digest([...locks, ...parts.flatMap(filesIn)]);
  if (said(page) !== built) {
    fs.rmSync(page, { force: true });
    for (const name of [...parts, 'dist']) fs.rmSync(path.join(cache, name), { recursive: true, force: true });
    for (const name of parts) fs.cpSync(path.join(web, name), path.join(cache, name), { recursive: true });
    run(process.execPath, 'node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn');
    fs.writeFileSync(page, built);
  }
  run(process.execPath, path.join(here, 'embed.mjs'), path.join(cache, 'dist'), path.join(out, 'files.blob'), path.join(out, 'files.cpp'));
} finally {
  unlock();
}
