// Every page that a role can reach from its start page, followed link by link: accessible (WCAG 2.2 AA by axe), no wider
// than the screen, codes and numbers on one line, titles and addresses without anybody in them, no word of a treatment.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { crawl } from './crawl.mjs';
import { signIn } from './pages.mjs';
import { Stage } from './stage.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const ROLES = ['-', 'c-rjs', 'i-rjs', 'p-rjs', 'hot-1', 'stat-1', 'mon-1', 'spon-1', 'admin-1'];
const ARMS = /belimumab|placebo|saline|贝利尤|安慰剂|生理盐水|120 ?mg|\bvials?\b|\blot\b/i;
const SOMEBODY = /RJS-\d|\b\d{3} ?\d{3} ?\d\b|DEMO\b|1988/;

let stage, browser;
before(async () => {
  stage = await Stage.raise();
  const code = await stage.randomise();
  const second = await stage.screen('renji-south', 'rjs', 'RJS-002');
  assert.ok(code && second);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

async function faults(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
}

for (const who of ROLES) {
  for (const [locale, width, scheme] of [['en', 320, 'light'], ['zh-CN', 360, 'dark'], ['en', 1280, 'dark'], ['zh-CN', 1280, 'light']]) {
    test(`every page of ${who} in ${locale} at ${width} pixels, ${scheme}`, async () => {
      const context = await browser.newContext({
        locale, colorScheme: scheme, bypassCSP: true, viewport: { width, height: 640 },
      });
      const page = await context.newPage();
      const told = [];
      page.on('pageerror', (error) => told.push(`script: ${error.message}`));
      if (who !== '-') await signIn(page, stage, who);
      const kinds = await crawl(page, stage.base, async (path, answer) => {
        const say = (what) => told.push(`${path}: ${what}`);
        if (answer.status() >= 400 && !(who === '-' && answer.status() === 401)) say(`status ${answer.status()}`);
        const bytes = (await answer.body()).length;
        if (bytes > 60_000) say(`${bytes} bytes`);
        for (const fault of await faults(page)) say(fault);
        const { wide, title, lang, heads, text, broken } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth,
          title: document.title,
          lang: document.documentElement.lang,
          heads: document.querySelectorAll('h1').length,
          text: document.body.innerText,
          broken: [...document.querySelectorAll('.code, bdi.number, .reference')]
            .filter((e) => e.getClientRects().length > 1
              || e.getBoundingClientRect().height > 1.9 * parseFloat(getComputedStyle(e).lineHeight))
            .map((e) => e.textContent),
        }));
        if (wide > width) say(`${wide} pixels wide`);
        if (SOMEBODY.test(title) || SOMEBODY.test(path)) say(`somebody in the title or the address: ${title}`);
        if (lang !== locale) say(`lang ${lang}`);
        if (heads < 1) say('no heading');
        if (ARMS.test(text)) say(`a treatment: ${ARMS.exec(text)[0]}`);
        for (const line of broken) say(`broken over lines: ${line}`);
      });
      await context.close();
      assert.deepEqual(told, []);
      assert.ok(kinds.length >= (who === '-' ? 4 : 5), kinds.join(' '));
    });
  }
}
