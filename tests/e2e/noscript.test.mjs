// Without JavaScript every page is whole, but those on which a key is made or opened: they say what is missing, and name
// the second road.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { crawl } from './crawl.mjs';
import { signIn } from './pages.mjs';
import { Stage } from './stage.mjs';

const KEYS = ['/key', '/grants', '/pass-on', '/rotate', '/pharmacy', '/pharmacy/stock', '/emergency', '/drill'];
const isKey = (path) => KEYS.includes(path) || /^\/breaks\/[^/]+\/sealed$/.test(path);
const ROLES = ['c-rjs', 'i-rjs', 'p-rjs', 'hot-1', 'stat-1', 'mon-1', 'spon-1', 'admin-1'];

let stage, browser;
before(async () => {
  stage = await Stage.raise();
  await stage.randomise();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

// What a page with keys says without JavaScript waits a moment, so that nobody else sees it flash by.
async function seen(page) {
  for (let looks = 0; ; looks++) {
    const shown = await page.locator('main').innerText();
    if (shown.trim().length >= 20 || looks > 50) return shown;
    await page.waitForTimeout(100);
  }
}

for (const who of ROLES) {
  test(`without JavaScript, the pages of ${who} are whole`, async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 640 } });
    const page = await context.newPage();
    await signIn(page, stage, who);
    const told = [];
    await crawl(page, stage.base, async (path, answer) => {
      const policy = answer.headers()['content-security-policy'];
      const html = await answer.text();
      const shown = await seen(page);
      if (isKey(path)) {
        if (!/script-src 'self'/.test(policy)) told.push(`${path}: scripts are forbidden`);
        if (!/klero (open|key)/.test(shown)) told.push(`${path}: no second road`);
      } else {
        if (/script/.test(policy)) told.push(`${path}: ${policy}`);
        if (/<script|<noscript| on[a-z]+="/.test(html)) told.push(`${path}: a script`);
        if (await page.locator('main [hidden]:not(input)').count()) told.push(`${path}: something hidden`);
      }
      if (shown.trim().length < 20) told.push(`${path}: nothing to see`);
    });
    await context.close();
    assert.deepEqual(told, []);
  });
}
