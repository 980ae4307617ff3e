// Keys that change, in a browser with real keys: one code's key passed on after a move, and a centre's next key.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, signIn, step, visitor } from './pages.mjs';
import { KLERO, Stage } from './stage.mjs';

const ARMS = /belimumab|placebo|saline|贝利尤|安慰剂|生理盐水/i;
let stage;
let browser;
let code;
// Two at Huashan who can be randomised: screened before the first participant moves away from who screens like that one.
let eligible;

before(async () => {
  stage = await Stage.raise();
  eligible = [await stage.screen('huashan', 'hsh', 'HSH-001'), await stage.screen('huashan', 'hsh', 'HSH-002')];
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

test('in Chinese too: passing back is one press more, and whoever is blinded finds no such page', async () => {
  const signature = await stage.signature('i-hsh', 'transfer');
  const answers = { to: 'renji-west', day: today(), note: 'moved again' };
  await stage.done('i-hsh', 'POST', `/v1/participants/${stage.firstReference}/transfers`, { answers, signature });
  const { page, faults, context } = await arrive('hot-1', '/pass-on', { language: 'zh-CN' });
  await step(page, 'list');
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
  assert.match(await page.textContent('[data-step=list]'), /传递：RJS-001/);
  await page.click('[data-pass]');
  await step(page, 'sign');
  await fits(page);
  await page.fill('#six-words', stage.words);
  await page.keyboard.press('Enter');
  await step(page, 'passed');
  await fits(page);
  assert.match(await page.textContent('[data-step=passed]'), /已传递：RJS-001/);
  assert.ok(!ARMS.test(await page.content()));
  assert.deepEqual(faults, []);
  await context.close();
  const blinded = await arrive('c-rjs', '/pass-on', { language: 'zh-CN' });
  assert.equal(await blinded.page.locator('[data-pass]').count(), 0);
  await blinded.context.close();
});

// What the statistician does at home, with the program: from the list, the trail, and the cards of who stays.
async function rotate(centre, stays, file) {
  const trail = await stage.exported(join(stage.parent, `export-${file}`));
  const cards = stays.map((who) => {
    const card = join(stage.parent, `${file}-${who}.pub.json`);
    writeFileSync(card, execFileSync(KLERO, ['key', 'public', join(stage.folder, `${who}.key.json`)]));
    return card;
  });
  const made = join(stage.parent, file);
  execFileSync(KLERO, [
    'key', 'rotate', centre, '--manifest', join(stage.folder, 'manifest.txt'), '--secret', join(stage.folder, 'secret.json'),
    '--identity', join(stage.folder, 'stat-1.key.json'), '--words-file', join(stage.folder, 'six-words.txt'),
    '--trail', trail, '--to', ...cards, '-o', made,
  ]);
  return made;
}

test('a centre gets its next key on a page, and what is issued after it opens with that key', async () => {
  const stays = ['p-hsh', 'i-hsh', 'hot-1', 'hot-2'];
  const late = await rotate('huashan', stays, 'late.json');
  await stage.randomise(eligible[0], 'hsh');
  const made = await rotate('huashan', stays, 'rotation.json');
  const { page, faults, context } = await arrive('stat-1', '/rotate');
  await step(page, 'choose');
  await fits(page);
  const send = async (file) => {
    if (file) await page.setInputFiles('#rotation', file);
    await page.click('#rotate button.main');
  };
  const told = async (words) => {
    await page.waitForFunction((source) => {
      const box = document.getElementById('problem');
      return !box.hidden && new RegExp(source).test(box.textContent);
    }, words.source);
  };
  // A code was issued since: nothing is taken in, and the page stays where it is.
  await send(late);
  await told(/./);
  assert.ok(await page.isVisible('#rotation'));
  await send(made);
  await step(page, 'taken');
  await fits(page);
  assert.match(await page.textContent('#entry'), /^\d+$/);
  await page.goto(`${stage.base}/rotate`);
  await step(page, 'choose');
  await send(made);
  await told(/./);
  assert.deepEqual(faults, []);
  await context.close();
  const shown = await stage.randomise(eligible[1], 'hsh');
  await prepare('p-hsh', 'HSH-002', shown, { size: 'desk' });
  const { body } = await stage.send('stat-1', 'GET', '/v1/keys');
  assert.ok(body.holdings.some((one) => one.centre === 'huashan' && one.epoch === 2 && one.person === 'p-hsh'));
});
