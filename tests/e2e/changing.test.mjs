// Keys that change, in a browser with real keys: one code's key passed on after a move; a centre's key rotated, and what
// is issued afterwards opened with the new one.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, signIn, step, visitor } from './pages.mjs';
import { KLERO, Stage } from './stage.mjs';

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

// What the statistician's machine needs, as the interface gives it while the service runs.
async function exported() {
  const folder = join(stage.parent, 'export');
  mkdirSync(folder);
  const { manifest, trailKey } = await stage.done('mon-1', 'GET', '/v1/commitment');
  const lines = [];
  let page;
  do {
    page = await stage.done('mon-1', 'GET', `/v1/trail?from=${lines.length}`);
    lines.push(...page.lines);
  } while (page.lines.length);
  writeFileSync(join(folder, 'trail.jsonl'), lines.map((line) => `${line}\n`).join(''));
  writeFileSync(join(folder, 'checkpoint.txt'), page.checkpoint);
  writeFileSync(join(folder, 'trail-key.txt'), `${trailKey}\n`);
  writeFileSync(join(folder, 'manifest.txt'), manifest);
  const { cards } = await stage.done('stat-1', 'GET', '/v1/keys');
  for (const { card } of cards) writeFileSync(join(folder, `${JSON.parse(card).person}.pub.json`), card);
  return folder;
}

test('a centre’s key is rotated on the page, and a code issued afterwards opens with the new key', async () => {
  const folder = await exported();
  const file = join(stage.parent, 'rotation.json');
  const secret = join(stage.folder, 'secret.json');
  chmodSync(secret, 0o600);
  const stays = ['p-rjs', 'hot-1', 'hot-2'].map((who) => join(folder, `${who}.pub.json`));
  execFileSync(KLERO, ['key', 'rotate', 'renji-south', '--manifest', join(folder, 'manifest.txt'), '--secret', secret,
    '--identity', join(stage.folder, 'stat-1.key.json'), '--words-file', join(stage.folder, 'six-words.txt'), '--trail', folder,
    '--to', ...stays, '-o', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const [language, size] of [['en', 'phone'], ['zh-CN', 'desk']]) {
    const { page, faults, context } = await arrive('stat-1', '/rotate', { language, size });
    await step(page, 'choose');
    await fits(page);
    await shot(page, `rotate-${size}`);
    await page.click('#rotate button.main');
    await page.waitForFunction(() => !document.getElementById('problem').hidden);
    await page.setInputFiles('#rotation', file);
    await page.dblclick('#rotate button.main');
    if (language === 'en') {
      await step(page, 'taken');
      await fits(page);
      await shot(page, 'rotate-taken-320');
      assert.match(await page.textContent('#entry'), /^\d+$/);
    } else {
      // Taken in once: handed in again it is refused, and nothing has changed.
      await page.waitForFunction(() => !document.getElementById('problem').hidden);
    }
    assert.deepEqual(faults, []);
    await context.close();
  }
  const lines = (await stage.done('mon-1', 'GET', '/v1/trail?from=0')).lines.map((line) => JSON.parse(line));
  assert.equal(lines.filter((line) => line.act === 'key-rotated').length, 1);
  const later = await stage.screen('renji-south', 'rjs', 'RJS-002');
  const next = await stage.randomise(later);
  await prepare('p-rjs', 'RJS-002', next, {});
  // Who was not named has no new key: the investigator's break of what is issued now is refused.
  const left = await stage.send('i-rjs', 'POST', '/v1/breaks', {
    participant: 'RJS-002', identifier: 'DEMO', requester: 'test', callBack: '0', category: 'sae-management',
    whatHappened: 'test', depends: true, signature: await stage.signature('i-rjs', 'break-code'),
  });
  assert.equal(left.body.code, 'not-granted-yet');
});
