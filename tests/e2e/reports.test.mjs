// Reports with their pictures, as a monitor and a sponsor read them, on a phone and at a desk, in both languages.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, signIn, visitor } from './pages.mjs';
import { Stage } from './stage.mjs';

const ARMS = /belimumab|placebo|saline|贝利尤|安慰剂|生理盐水/i;
let stage;
let browser;

before(async () => {
  stage = await Stage.raise();
  await stage.randomise();
  await stage.screen('huashan', 'hsh', 'HSH-001');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

async function arrive(who, path, how) {
  const one = await visitor(browser, how);
  await signIn(one.page, stage, who);
  await one.page.goto(stage.base + path);
  return one;
}

// Every word of a picture lies inside it, and none lies on another.
const drawn = (page) => page.$eval('main svg[role=img]', (svg) => {
  const edge = svg.getBoundingClientRect();
  const boxes = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
  const outside = boxes.filter(([, box]) => box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 || box.bottom > edge.bottom + 1);
  const touch = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  const over = boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) => touch(a, b)).map(([other]) => `${one} / ${other}`));
  const [title, desc] = ['title', 'desc'].map((name) => svg.querySelector(name)?.textContent ?? '');
  return { words: boxes.map(([text]) => text), outside: outside.map(([text]) => text), over, title, desc };
});

for (const [language, randomised] of [['en', /Randomised/], ['zh-CN', /随机/]]) {
  for (const size of ['phone', 'desk']) {
    test(`the flow is drawn and told in words, ${language} on a ${size}`, async () => {
      const { page, faults, context } = await arrive('mon-1', '/reports', { language, size });
      await page.click('a[href="/reports/flow"]');
      await page.waitForSelector('figure.flow svg');
      const { words, outside, over, title, desc } = await drawn(page);
      assert.ok(words.length >= 4 && words.some((text) => randomised.test(text)), words.join(' | '));
      assert.deepEqual([outside, over], [[], []]);
      assert.ok(title.length > 1 && desc.length > 20, 'whoever cannot see it is told');
      // A picture and its table say the same number of people.
      assert.match(desc, /2/);
      const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= window, `${wide} px of ${window}`);
      assert.ok(!ARMS.test(await page.content()));
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
}

test('every report opens to monitor and sponsor, each reading is an entry, and to nobody who treats', async () => {
  const entries = async () => (await stage.done('mon-1', 'GET', '/v1/trail?from=0')).lines.filter((line) => /report-read/.test(line)).length;
  for (const who of ['mon-1', 'spon-1']) {
    const { page, faults, context } = await arrive(who, '/reports', { size: 'desk' });
    for (const report of ['flow', 'deviations', 'delegation', 'safety']) {
      const before = await entries();
      await page.goto(`${stage.base}/reports/${report}`);
      assert.ok(await page.locator('main h2').count() > 0, report);
      assert.equal(await entries(), before + 1, report);
      assert.ok(!ARMS.test(await page.content()), report);
    }
    assert.deepEqual(faults, []);
    await context.close();
  }
  for (const who of ['c-rjs', 'i-rjs', 'p-rjs']) {
    const { page, context } = await arrive(who, '/reports/flow', { size: 'desk' });
    assert.equal(await page.locator('figure.flow').count(), 0, who);
    await context.close();
  }
});

test('the sponsor sees the curve of recruitment, drawn and told', async () => {
  const { page, faults, context } = await arrive('spon-1', '/recruitment', { size: 'phone' });
  const { outside, title, desc } = await drawn(page);
  assert.deepEqual(outside, []);
  assert.ok(title.length > 1 && desc.length > 10);
  assert.deepEqual(faults, []);
  await context.close();
});

test('the statistician alone sees how full each stratum is', async () => {
  const { page, faults, context } = await arrive('stat-1', '/list', { size: 'phone' });
  assert.equal(await page.locator('svg.gauge').count(), 8);
  assert.match(await page.getAttribute('svg.gauge', 'aria-label'), /of 12/);
  assert.deepEqual(faults, []);
  await context.close();
  const monitor = await arrive('mon-1', '/list', { size: 'phone' });
  assert.equal(await monitor.page.locator('svg.gauge').count(), 0);
  await monitor.context.close();
});
