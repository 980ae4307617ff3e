// Chromium or Firefox (`BROWSER=firefox`) as Debian has them, and a small server that hands out the static files under
// the pages' own policy.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { chromium, firefox } from 'playwright-core';
import { ROOT } from './stage.mjs';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export function launch() {
  // The channel makes Playwright drive an unaltered Firefox.
  if (process.env.BROWSER === 'firefox') {
    return firefox.launch({ executablePath: process.env.FIREFOX || '/usr/bin/firefox-esr', channel: 'moz-firefox' });
  }
  return chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: FLAGS });
}

export const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
  + "frame-ancestors 'none'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'";

const TYPES = { '.js': 'text/javascript', '.json': 'application/json', '.txt': 'text/plain' };
const PLACES = { '/static/': 'src/web/static/', '/vectors/': 'tests/vectors/', '/e2e/': 'tests/e2e/' };

// Serves the library, the vectors and one page that imports every module. `altered` replaces a file's text.
export async function serveLibrary(altered = {}) {
  const server = createServer((request, response) => {
    const path = normalize(request.url.split('?')[0]);
    const place = Object.keys(PLACES).find((prefix) => path.startsWith(prefix));
    response.setHeader('Content-Security-Policy', POLICY);
    if (path === '/favicon.ico') {
      response.statusCode = 204;
      response.end();
      return;
    }
    if (path === '/') {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>Klero</title><script type="module" src="/e2e/library.js"></script>');
      return;
    }
    try {
      const file = join(ROOT, PLACES[place], path.slice(place.length));
      response.setHeader('Content-Type', TYPES[extname(file)]);
      response.end(altered[path] ? altered[path](readFileSync(file, 'utf8')) : readFileSync(file));
    } catch (_) {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  return { server, base: `http://localhost:${port}` };
}
