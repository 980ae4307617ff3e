// Keys that change, in a browser with real keys: one code's key passed on after a move.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, signIn, step, visitor } from './pages.mjs';
import { Stage } from './stage.mjs';

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

async function arrive(who, path, how = {}) {
  const one = await visitor(browser, how);
  await signIn(one.page, stage, who);
  await one.page.goto(stage.base + path);
  return one;
}

async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });
}

async function fits(page) {
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= window, `${wide} px of ${window}`);
}

// The pharmacist prepares on the page, as far as the arm.
async function prepare(who, number, shown, how) {
  const { page, faults, context } = await arrive(who, '/pharmacy', how);
  await step(page, 'root');
  await page.click('#root-compared');
  await step(page, 'today');
  await page.locator('#due li,#due tr').filter({ hasText: number }).locator('button:visible').click();
  await step(page, 'match');
  await page.selectOption('#visit', 'V1');
  await page.fill('#code', shown);
  await page.fill('#identifier', 'DEMO');
  await page.fill('#six-words', stage.words);
  await page.click('[data-step=match] button.main');
  await step(page, 'prepare');
  const arm = await page.textContent('#arm');
  assert.match(arm, ARMS);
  assert.deepEqual(faults, []);
  await context.close();
  return arm;
}

const today = () => new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 10);

test('a participant moves, the hotline passes the one key on, and the new centre prepares', async () => {
  const signature = await stage.signature('i-rjs', 'transfer');
  const answers = { to: 'huashan', day: today(), note: 'moved house' };
  await stage.done('i-rjs', 'POST', `/v1/participants/${stage.firstReference}/transfers`, { answers, signature });
  const wish = { code, identifier: 'DEMO', visit: 'V1' };
  const early = await stage.send('p-hsh', 'POST', '/v1/preparations', wish);
  assert.ok(early.status >= 400, 'nothing opens before the key was passed on');
  const { page, faults, context } = await arrive('hot-1', '/pass-on');
  await step(page, 'list');
  assert.match(await page.textContent('[data-step=list]'), /RJS-001/);
  await shot(page, 'pass-on-list-320');
  await page.click('[data-pass]');
  await step(page, 'sign');
  await fits(page);
  await page.fill('#six-words', stage.words.split(' ').reverse().join(' '));
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => !document.getElementById('problem').hidden);
  await page.fill('#six-words', stage.words);
  await shot(page, 'pass-on-sign-320');
  await page.dblclick('#pass button.main');
  await step(page, 'passed');
  await fits(page);
  assert.match(await page.textContent('#entry'), /^\d+$/);
  assert.ok(!ARMS.test(await page.content()), 'whoever passes it on learns no arm');
  await page.goto(`${stage.base}/pass-on`);
  await step(page, 'list');
  assert.equal(await page.locator('[data-pass]').count(), 0);
  assert.deepEqual(faults, []);
  await context.close();
  await prepare('p-hsh', 'RJS-001', code, { size: 'desk' });
  const late = await stage.send('p-rjs', 'POST', '/v1/preparations', wish);
  assert.ok(late.status >= 400, 'and the centre that was left opens nothing more');
});
