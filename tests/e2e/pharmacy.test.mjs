// Preparing in a browser: two identifiers, one release, what to prepare, and a page that forgets it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { kept, launch, signIn, step, visitor } from './pages.mjs';
import { Stage } from './stage.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ARMS = /belimumab|placebo|saline|贝利尤|安慰剂|生理盐水/i;
let stage;
let browser;
let code;

before(async () => {
  stage = await Stage.raise();
  code = await stage.randomise();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

async function arrive(how = {}) {
  const one = await visitor(browser, how);
  await signIn(one.page, stage, 'p-rjs');
  await one.page.goto(`${stage.base}/pharmacy`);
  await step(one.page, 'root');
  await one.page.click('#root-compared');
  await step(one.page, 'today');
  return one;
}

async function told(page, words) {
  await page.waitForFunction(() => !document.getElementById('problem').hidden);
  assert.match(await page.textContent('#problem'), words);
}

const released = async () => (await stage.done('mon-1', 'GET', '/v1/trail?from=0')).lines
  .filter((line) => JSON.parse(line).act === 'release-for-preparation').length;

async function match(page, { reason } = {}) {
  await page.click('#due button');
  await step(page, 'match');
  await page.selectOption('#visit', 'V1');
  await page.fill('#code', code);
  await page.fill('#identifier', '1988-01-01');
  if (reason) await page.fill('#reason', reason);
  if (await page.isVisible('#six-words')) await page.fill('#six-words', stage.words);
}

test('a mismatch or a slip releases nothing', async () => {
  const { page, faults, context } = await arrive();
  const press = () => page.click('[data-step=match] button.main');
  await match(page);
  await page.fill('#code', '742 913 6');
  await press();
  await told(page, /last digit does not fit/);
  await page.fill('#code', '7429133');
  await press();
  await told(page, /do not belong together/);
  await page.fill('#code', code);
  await page.fill('#six-words', `${stage.words} more`);
  await press();
  await told(page, /You typed 7|not in the list/);
  await page.fill('#six-words', stage.words);
  await page.fill('#identifier', 'ABCD');
  await press();
  await told(page, /not belong together|Nothing was opened/);
  assert.equal(await released(), 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test('two identifiers release one slot, and what to prepare goes when it is done, locked, left or idle', async () => {
  const { page, faults, context } = await arrive();
  await page.clock.install();
  await page.reload();
  await step(page, 'today');
  assert.ok(!(await page.isVisible('#lock')), 'nothing is unlocked yet');
  assert.match(await page.textContent('#due'), /RJS-001/);
  await match(page);
  await page.dblclick('[data-step=match] button.main');
  await step(page, 'prepare');
  assert.equal(await released(), 1, 'a double press is one release');
  const arm = await page.textContent('#arm');
  assert.match(arm, ARMS);
  assert.ok((await page.textContent('#how')).length > 20, 'how to prepare it, from the trial file');
  assert.ok(await page.isVisible('#unblinded'));
  assert.ok(!ARMS.test(await page.title()));
  const forgotten = async (why) => {
    assert.ok(!ARMS.test(await kept(page)), why);
    assert.ok(!(await page.isVisible('#unblinded')), why);
  };
  await page.click('[data-step=prepare] .to-today');
  await step(page, 'today');
  await forgotten('done');

  // Again, for a reason, without typing the words again.
  const again = async () => {
    await match(page);
    assert.ok(!(await page.isVisible('#six-words')) || await page.inputValue('#six-words'));
    await page.click('[data-step=match] button.main');
    await page.waitForFunction(() => !document.getElementById('problem').hidden || !document.querySelector('[data-step=prepare]').hidden);
    if (await page.isVisible('#reason')) {
      await page.fill('#reason', 'the bag burst');
      await page.click('[data-step=match] button.main');
    }
    await step(page, 'prepare');
    assert.equal(await page.textContent('#arm'), arm);
  };
  await again();
  await page.click('#lock');
  await step(page, 'locked');
  await forgotten('locked');
  await page.click('[data-step=locked] .to-today');
  await step(page, 'today');
  await again();
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pagehide')));
  await forgotten('left');
  await page.click('[data-step=locked] .to-today');
  await step(page, 'today');
  await again();
  await page.clock.runFor(14 * 60000);
  assert.ok(await page.isVisible('#arm'));
  assert.match(await page.textContent('#left'), /^(0|1):\d\d$/);
  await page.clock.runFor(2 * 60000);
  await step(page, 'locked');
  await forgotten('idle');
  assert.deepEqual(faults, []);
  await context.close();
});

test('a lost answer releases the same slot when it is pressed again, and an altered one shows nothing', async () => {
  const { page, context } = await arrive({ language: 'zh-CN' });
  let answers = 0;
  await page.route('**/v1/preparations', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    answers += 1;
    const answer = await route.fetch();
    if (answer.status() >= 300) return route.fulfill({ response: answer });
    if (answers < 3) return route.abort();
    const release = await answer.json();
    if (answers === 3) release.slot.sealed = release.slot.sealed.replace(/..$/, (byte) => (byte === '00' ? '01' : '00'));
    return route.fulfill({ response: answer, json: release });
  });
  await match(page);
  if (!(await page.isVisible('#reason'))) await page.evaluate(() => { document.getElementById('why').hidden = false; });
  await page.fill('#reason', '输液袋破损');
  const press = () => page.click('[data-step=match] button.main');
  const before = await released();
  await press();
  await told(page, /不会重复执行/);
  await press();
  await told(page, /不会重复执行/);
  await press();
  await told(page, /与封存的随机表不一致/);
  assert.ok(!ARMS.test(await kept(page)));
  await press();
  await step(page, 'prepare');
  assert.match(await page.textContent('#arm'), /贝利尤|生理盐水/, 'in the language of the page');
  assert.equal(await released(), before + 1);
  await context.close();
});

test('the worksheet is marked above and below, and stands on one sheet', async () => {
  const { page, context } = await arrive({ size: 'desk' });
  await match(page);
  await page.evaluate(() => { document.getElementById('why').hidden = false; });
  await page.fill('#reason', 'the worksheet');
  await page.click('[data-step=match] button.main');
  await step(page, 'prepare');
  await page.emulateMedia({ media: 'print' });
  const text = await page.evaluate(() => document.body.innerText);
  assert.ok(/UNBLINDED/.test(text) && /For the sealed file only/.test(text) && ARMS.test(text));
  assert.ok(!(await page.isVisible('#print')) && !(await page.isVisible('#lock')));
  const pdf = await page.pdf({ preferCSSPageSize: true });
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g).length;
  assert.equal(pages, 1);
  await context.close();
});

test('every step is accessible at 320 and 1280 pixels, light and dark', async () => {
  for (const how of [{ language: 'en' }, { language: 'zh-CN', dark: true, size: 'desk' }]) {
    const context = await browser.newContext({
      viewport: { width: how.size ? 1280 : 320, height: 700 }, locale: how.language, colorScheme: how.dark ? 'dark' : 'light', bypassCSP: true,
    });
    const page = await context.newPage();
    const found = [];
    for (const [who, path] of [['p-rjs', '/pharmacy'], ['hot-1', '/emergency'], ['hot-1', '/key'], ['hot-1', '/grants']]) {
      await signIn(page, stage, who);
      await page.goto(stage.base + path);
      await page.waitForFunction(() => document.getElementById('no-keys').hidden);
      await page.evaluate(AXE);
      const steps = await page.$$eval('[data-step]', (all) => all.map((one) => one.dataset.step));
      for (const name of steps) {
        const said = await page.evaluate(async (step) => {
          for (const one of document.querySelectorAll('[data-step]')) one.hidden = one.dataset.step !== step;
          for (const one of document.querySelectorAll('#shown,#own-file,#why,#unblinded')) one.hidden = false;
          for (const place of document.querySelectorAll('[data-number]')) place.textContent = 'RJS-001';
          for (const place of document.querySelectorAll('[data-who],[data-where],.arm-name,[id$=digits]')) place.textContent = 'words';
          const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
          const wide = document.documentElement.scrollWidth > window.innerWidth ? [`${document.documentElement.scrollWidth} wide`] : [];
          return [...violations.map((v) => `${v.id} ${v.nodes.map((n) => n.target).join(' ')}`), ...wide];
        }, name);
        found.push(...said.map((one) => `${path} ${name}: ${one}`));
      }
      await page.click('[action="/sign-out"] button');
    }
    await context.close();
    assert.deepEqual(found, []);
  }
});
