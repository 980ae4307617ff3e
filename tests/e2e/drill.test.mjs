// A drill in a browser, on a phone and by keyboard: real keys, a real release of a training slot, and nothing that remains.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kept, launch, signIn, step, visitor } from './pages.mjs';
import { Stage } from './stage.mjs';

let stage;
let browser;
const ARMS = /belimumab|placebo|saline|贝利尤|安慰剂|生理盐水/i;

before(async () => {
  stage = await Stage.raise();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

const drills = async (who = 'mon-1') => stage.done(who, 'GET', '/v1/drills');

// Somebody on the page of drills of a device that knows the list.
async function arrive(who = 'hot-1', how = {}) {
  const one = await visitor(browser, how);
  await signIn(one.page, stage, who);
  await one.page.goto(`${stage.base}/drill`);
  await step(one.page, 'root');
  await one.page.click('#root-compared');
  await step(one.page, 'start');
  return one;
}

// Up to the press that opens, by the keyboard wherever a hand would be on it.
async function ring(page, words = stage.words) {
  await page.keyboard.press('Enter');
  await step(page, 'find');
  const code = await page.textContent('[data-step=find] [data-code-shown]');
  await page.keyboard.type(code);
  await page.keyboard.press('Enter');
  await step(page, 'break');
  assert.ok(await page.evaluate(() => document.activeElement.matches('.again')), 'the first focus is on going back');
  await page.focus('#who');
  await page.keyboard.type('Dr Demo, ER');
  await page.keyboard.press('Enter');
  await page.keyboard.type('021 0000');
  await page.keyboard.press('Enter');
  await page.keyboard.type('practice');
  await page.check('#why-sae-management');
  await page.check('#depends-yes');
  await page.fill('#six-words', words);
  return code.replace(/\s/g, '');
}

test('the hotline passes a drill on a phone: the code is opened, every key is tried, and the service takes the time', async () => {
  const { page, faults, context } = await visitor(browser);
  await signIn(page, stage, 'hot-1');
  assert.match(await page.textContent('.drill-link'), /long due/);
  await page.click('.drill-link a');
  await step(page, 'root');
  await page.click('#root-compared');
  await step(page, 'start');
  const sent = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() || ''}`));
  const code = await ring(page);
  assert.match(code, /^9\d{6}$/);
  await page.click('#break');
  await step(page, 'arm');
  assert.ok(!ARMS.test(await kept(page)), 'nothing is drawn before it is asked for');
  await page.click('#show');
  await page.waitForSelector('#shown:not([hidden])');
  assert.match(await page.textContent('#arm'), ARMS);
  assert.ok(await page.isVisible('.stripe.training'));
  await page.click('#read-back');
  await step(page, 'result');
  assert.match(await page.textContent('[data-step=result] h1'), /Passed in \d+ seconds/);
  const facts = await page.textContent('[data-step=result] dl');
  assert.match(facts, /4\/4 open/);
  const [own] = (await drills()).drills;
  assert.deepEqual([own.by, own.passed, own.keysOpened, own.centre], ['hot-1', true, 4, 'renji-south']);
  assert.ok(facts.includes(`${own.seconds} seconds`) && facts.includes(own.reference.replace('-', '').slice(0, 4)));
  const left = await kept(page);
  assert.ok(!ARMS.test(left) && !left.includes(stage.words), 'nothing of the arm or the words is left');
  assert.ok(!ARMS.test(await page.title()) && !(await page.title()).includes(code));
  assert.ok(sent.every((one) => !ARMS.test(one)), 'what the slot stands for is never sent');
  assert.ok(sent.every((one) => !/Dr Demo|021 0000|practice/.test(one)), 'nor what was typed for the practice');
  await page.goto(`${stage.base}/`);
  assert.match(await page.textContent('.drill-link'), /in order, last passed today/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('an investigator drills for the own centre, in Chinese', async () => {
  const { page, faults, context } = await arrive('i-hsh', { language: 'zh-CN' });
  await ring(page);
  await page.click('#break');
  await step(page, 'arm');
  await page.click('#read-back');
  await step(page, 'result');
  assert.match(await page.textContent('[data-step=result] h1'), /演练通过，用时 \d+ 秒/);
  assert.match(await page.textContent('[data-step=result] dl'), /1\/1 可打开/);
  const [own] = (await drills()).drills;
  assert.deepEqual([own.by, own.centre, own.passed], ['i-hsh', 'huashan', true]);
  assert.deepEqual(faults, []);
  await context.close();
});

test('wrong words, a wrong code and a form with gaps stop the drill where it is, and it goes on', async () => {
  const { page, context } = await arrive();
  await page.keyboard.press('Enter');
  await step(page, 'find');
  const code = (await page.textContent('[data-step=find] [data-code-shown]')).replace(/\s/g, '');
  await page.fill('#code', '9000002');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#problem:not([hidden])');
  await page.fill('#code', code);
  await page.click('[data-step=find] button.main');
  await step(page, 'break');
  await page.click('#break');
  await page.waitForSelector('#problem:not([hidden])');
  await page.fill('#who', 'x');
  await page.fill('#call-back', '1');
  await page.fill('#what', 'x');
  await page.check('#why-sae-management');
  await page.check('#depends-no');
  await page.fill('#six-words', 'zoom zoom zoom zoom zoom zoom');
  await page.click('#break');
  await page.waitForSelector('#problem:not([hidden])');
  assert.equal((await drills()).drills[0].passed, undefined, 'no receipt yet');
  await page.fill('#six-words', stage.words);
  // The line is cut and comes back: the same receipt under the same key, and one result.
  const keys = [];
  await page.route('**/v1/drills/*/opened', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.click('#break');
  await step(page, 'arm');
  await page.click('#no-read-back');
  await step(page, 'result');
  assert.deepEqual([keys.length, new Set(keys).size], [2, 1]);
  assert.equal((await drills()).drills[0].passed, true);
  await context.close();
});

test('an altered slot, list or entry opens nothing, and a key that is another\'s fails the drill', async () => {
  const alter = async (change) => {
    const { page, context } = await arrive();
    await page.route('**/v1/drills', async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      change(body);
      await route.fulfill({ response: answer, json: body });
    });
    await ring(page);
    await page.click('#break');
    return { page, context };
  };
  for (const change of [
    (body) => { body.manifest = body.manifest.replace(/root: ./, (line) => `${line.slice(0, -1)}${line.endsWith('0') ? '1' : '0'}`); },
    (body) => { body.receipt.entry = body.receipt.entry.replace('"keys":4', '"keys":3'); },
  ]) {
    const { page, context } = await alter(change);
    await page.waitForSelector('#problem:not([hidden])');
    assert.equal(await page.isVisible('[data-step=arm]'), false);
    await context.close();
  }
  const { page, context } = await alter((body) => {
    const wrap = body.keys[1].wrap;
    body.keys[1].wrap = `${wrap.slice(0, -1)}${wrap.endsWith('0') ? '1' : '0'}`;
  });
  await step(page, 'arm');
  await page.click('#read-back');
  await step(page, 'result');
  assert.match(await page.textContent('[data-step=result] h1'), /Not passed/);
  const [own] = (await drills()).drills;
  assert.deepEqual([own.passed, own.keysOpened, own.keys], [false, 3, 4]);
  await context.close();
});
