// Making a key in a browser, its sheet, and giving it a centre's key: from invitation to the first opening.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kept, launch, signIn, step, visitor } from './pages.mjs';
import { KLERO, Stage } from './stage.mjs';

let stage;
let browser;

before(async () => {
  stage = await Stage.raise();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

// Somebody new with an account and no key.
async function invite(person, role, centres) {
  const { token } = await stage.done('admin-1', 'POST', '/v1/people', { person, name: `Demo ${person}`, role, centres });
  const password = `a long password of ${person}`;
  await stage.done(null, 'POST', '/v1/invitations/accept', { token, password });
  const session = await stage.done(null, 'POST', '/v1/sessions', { name: person, password });
  stage.people[person] = { id: person, password, token: session.token };
}

async function told(page, words) {
  await page.waitForFunction(() => !document.getElementById('problem').hidden);
  assert.match(await page.textContent('#problem'), words);
}

async function arrive(who, path, how) {
  const one = await visitor(browser, how);
  await signIn(one.page, stage, who);
  await one.page.goto(stage.base + path);
  return one;
}

// Makes a key through all five steps; gives its words and what was saved.
async function make(page) {
  await step(page, 'make');
  const before = await kept(page) + stage.keyFile('p-rjs');
  await page.click('#make');
  await step(page, 'words');
  const words = await page.$$eval('#new-words li', (all) => all.map((one) => one.textContent));
  // A word that stands in every such page or file anyway would prove nothing below: others are drawn.
  if (words.some((word) => before.includes(word) || /^[a-f]+$/.test(word))) {
    await page.reload();
    return make(page);
  }
  await page.click('#written');
  await step(page, 'type');
  const after = await kept(page);
  for (const word of words) assert.ok(!after.includes(word), 'the words are not in the page any more');
  return words;
}

test('a key is made in five steps, and only card and sealed file leave the device', async () => {
  await invite('p-new', 'pharmacist', ['renji-south']);
  const { page, faults, context } = await arrive('p-new', '/key');
  const sent = [];
  page.on('request', (request) => sent.push(request.postData() || ''));
  const words = await make(page);
  assert.equal(new Set(words).size > 3 && words.length, 6);
  await page.fill('#typed-words', words.slice(0, 5).join(' '));
  await page.keyboard.press('Enter');
  await told(page, /You typed 5/);
  await page.fill('#typed-words', [...words.slice(0, 3), 'zzzz', ...words.slice(4)].join(' '));
  await page.keyboard.press('Enter');
  await told(page, /Word 4 is not in the list/);
  await page.fill('#typed-words', [...words].reverse().join(' '));
  await page.keyboard.press('Enter');
  await told(page, /six words are not right/);
  await page.fill('#typed-words', words.join(', ').toUpperCase());
  await page.dblclick('[data-step=type] button.main');
  await step(page, 'sheet');
  const [saved] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  assert.equal(saved.suggestedFilename(), 'p-new.key.json');
  const file = join(stage.parent, 'p-new.key.json');
  await saved.saveAs(file);
  chmodSync(file, 0o600);
  const secret = join(stage.parent, 'p-new.words');
  writeFileSync(secret, words.join(' '), { mode: 0o600 });
  const check = JSON.parse(execFileSync(KLERO, ['key', 'check', file, '--words-file', secret, '--json']));
  await page.click('#kept');
  await step(page, 'fingerprint');
  assert.equal(await page.textContent('#fingerprint'), check.data.fingerprint);
  for (const body of sent) for (const word of words) assert.ok(!body.includes(word), 'no word was sent');
  assert.equal(sent.filter((body) => body.includes('card/v1')).length, 1, 'registered once');
  assert.deepEqual(faults, []);
  stage.newcomer = { words, fingerprint: check.data.fingerprint };

  await page.goto(`${stage.base}/key`);
  await step(page, 'own');
  assert.match(await page.textContent('[data-step=own]'), /Waiting for a grant/);
  await page.fill('#six-words', words.join(' '));
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /opens on this device/.test(document.getElementById('status').textContent));
  const sheet = await page.goto(`${stage.base}/key/sheet`);
  const html = await sheet.text();
  assert.ok(html.includes('<svg') && html.includes('identity/v1') && html.includes(check.data.fingerprint));
  // The service never had the words, as was seen above: they cannot be on what it prints.
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(wide, 320);
  await context.close();
});

// The keys of the first centre that somebody holds: that of the trial's list, and of each training list.
async function held(person) {
  const { holdings } = await stage.done('stat-1', 'GET', '/v1/keys');
  const here = holdings.filter((one) => one.person === person && one.centre === 'renji-south');
  return here.map((one) => one.epoch).sort();
}

test('a holder types the fingerprint that is heard, grants, and the newcomer can open', async () => {
  const { page, faults, context } = await arrive('p-rjs', '/grants');
  await step(page, 'list');
  const html = await page.content();
  const { words, fingerprint } = stage.newcomer;
  assert.ok(!html.includes(fingerprint) && !html.includes(fingerprint.replaceAll(' ', '')), 'what is expected is not shown');
  await page.click('[data-grant][data-person=p-new]');
  await step(page, 'call');
  await page.click('#called');
  await step(page, 'type');
  const heard = fingerprint.split(' ');
  const boxes = page.locator('.groups input');
  const type = async (groups) => {
    for (let i = 0; i < 8; i += 1) await boxes.nth(i).fill('');
    await boxes.nth(0).focus();
    await page.keyboard.type(groups.join(''));
  };
  await type([...heard.slice(0, 7), heard[7] === '0000' ? '0001' : '0000']);
  assert.equal(await boxes.nth(7).inputValue(), '0000', 'the boxes follow what is typed');
  await page.fill('#six-words', stage.words);
  await page.keyboard.press('Enter');
  await step(page, 'differs');
  assert.match(await page.textContent('[data-step=differs]'), /Do not grant/);
  assert.deepEqual(await held('p-new'), []);
  await page.click('[data-step=differs] .to-list');
  await page.click('[data-grant][data-person=p-new]');
  await page.click('#called');
  await type(heard.map((group) => group.toUpperCase()));
  await page.fill('#six-words', stage.words);
  await page.dblclick('[data-step=type] button.main');
  await step(page, 'granted');
  assert.match(await page.textContent('[data-step=granted] h1'), /Demo p-new/);
  assert.deepEqual(await held('p-new'), await held('p-rjs'));
  assert.deepEqual(faults, []);
  await context.close();

  const code = await stage.randomise();
  const newcomer = await arrive('p-new', '/pharmacy');
  await step(newcomer.page, 'root');
  await newcomer.page.click('#root-compared');
  await step(newcomer.page, 'today');
  await newcomer.page.click('#due button');
  await newcomer.page.fill('#code', code);
  await newcomer.page.fill('#identifier', 'DEMO');
  await newcomer.page.fill('#six-words', words.join(' '));
  await newcomer.page.keyboard.press('Enter');
  await step(newcomer.page, 'prepare');
  assert.ok((await newcomer.page.textContent('#arm')).length > 3);
  await newcomer.context.close();
});

test('a grant whose answer was lost is given once when it is pressed again', async () => {
  await invite('i-new', 'investigator', ['renji-south']);
  const made = await arrive('i-new', '/key');
  const words = await make(made.page);
  await made.page.fill('#typed-words', words.join(' '));
  await made.page.keyboard.press('Enter');
  await step(made.page, 'sheet');
  await made.page.click('#kept');
  const heard = (await made.page.textContent('#fingerprint')).split(' ');
  await made.context.close();
  const { page, context } = await arrive('hot-1', '/grants', { language: 'zh-CN', dark: true });
  let lost = 0;
  await page.route('**/v1/grants', async (route) => {
    if (lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await page.click('[data-grant][data-person=i-new]');
  await page.click('#called');
  for (let i = 0; i < 8; i += 1) await page.locator('.groups input').nth(i).fill(heard[i]);
  await page.fill('#six-words', stage.words);
  await page.click('[data-step=type] button.main');
  await told(page, /不会重复执行/);
  await page.click('[data-step=type] button.main');
  await step(page, 'granted');
  assert.deepEqual(await held('i-new'), await held('hot-1'));
  await context.close();
});

test('a holder who is removed is refused at once', async () => {
  const { page, context } = await arrive('hot-1', '/grants');
  await step(page, 'list');
  await page.click('[data-remove][data-person=i-new]');
  await step(page, 'remove');
  assert.match(await page.textContent('#take'), /Demo i-new/);
  await page.dblclick('#take');
  await step(page, 'removed');
  // Where the answer came between the two presses, the second finds another step under the pointer: it presses nothing there.
  await page.hover('a[href="/commitment"]');
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
  await page.evaluate(() => new Promise((resolve) => { setTimeout(resolve, 300); }));
  assert.equal(new URL(page.url()).pathname, '/grants');
  const { holdings } = await stage.done('stat-1', 'GET', '/v1/keys');
  assert.equal(holdings.filter((one) => one.person === 'i-new').length, 0);
  await context.close();
});

test('when the service cannot hand out the sealed key, the file from the key sheet does', async () => {
  const { page, context } = await arrive('hot-1', '/key');
  await step(page, 'own');
  await page.route('**/v1/keys/mine', (route) => route.abort());
  await page.fill('#six-words', stage.words);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#own-file:not([hidden])');
  await page.setInputFiles('#key-file', join(stage.folder, 'hot-2.key.json'));
  await page.click('[data-step=own] button.main');
  await told(page, /not meant for your key/);
  await page.setInputFiles('#key-file', join(stage.folder, 'hot-1.key.json'));
  await page.click('[data-step=own] button.main');
  await page.waitForFunction(() => /opens on this device/.test(document.getElementById('status').textContent));
  await context.close();
});

test('a coordinator has no such page', async () => {
  const { page, context } = await visitor(browser);
  await signIn(page, stage, 'c-rjs');
  for (const path of ['/key', '/key/sheet', '/grants', '/pharmacy', '/pharmacy/stock', '/emergency', '/drill']) {
    const answer = await page.goto(stage.base + path);
    assert.equal(answer.status(), 403, path);
  }
  await context.close();
});
