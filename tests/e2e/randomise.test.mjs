// The first journey, in a real browser: a participant is entered, found eligible, signed and randomised.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { signIn } from './pages.mjs';
import { answer, answerByKeyboard, pressMain, tabTo } from './form.mjs';
import { Stage } from './stage.mjs';

let stage, browser, answers;
let number = 10;
before(async () => {
  stage = await Stage.raise();
  ({ answers } = await stage.done('c-rjs', 'GET', `/v1/participants/${stage.firstReference}`));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

async function open(who, locale = 'en', width = 1280, options = {}) {
  const context = await browser.newContext({ locale, viewport: { width, height: 720 }, ...options });
  const page = await context.newPage();
  await signIn(page, stage, who);
  return page;
}

// From the start page to a record that waits for the investigator. Gives the reference.
async function enter(page, name, fill = answer, press = (p) => p.locator('#main button.main').click()) {
  // Two who differ in one letter or one part of the date would be looked at as one person.
  const letter = (n) => String.fromCharCode(65 + (n % 26));
  const initials = `${letter(number)}X${letter(number * 7)}M`;
  const person = { ...answers, enrolment_number: name, initials, birth_date: `19${50 + (number % 40)}-01-01` };
  await page.goto(`${stage.base}/screening`);
  await go(page, press);
  for (let pages = 0; !page.url().endsWith('/check') && pages < 20; pages++) {
    await fill(page, person);
    await go(page, press);
    assert.equal(await page.locator('.summary').count(), 0, await page.locator('main').innerText());
  }
  await page.fill('#password', stage.people['c-rjs'].password);
  await go(page, press);
  const found = await stage.done('c-rjs', 'POST', '/v1/participants/search', { number: name });
  return found.reference;
}

async function go(page, press) {
  await Promise.all([page.waitForNavigation(), press(page)]);
}

async function sign(reference, locale = 'en', width = 1280) {
  const page = await open('i-rjs', locale, width);
  await page.goto(`${stage.base}/participants/${reference}/eligibility`);
  await page.fill('#password', stage.people['i-rjs'].password);
  await page.locator('#main button.main').click();
  await page.waitForURL(`${stage.base}/participants/${reference}`);
  await page.context().close();
}

async function ready(name) {
  const page = await open('c-rjs');
  const reference = await enter(page, name);
  await sign(reference);
  await page.goto(`${stage.base}/participants/${reference}/randomise`);
  await page.fill('#password', stage.people['c-rjs'].password);
  return { page, reference };
}

const codeOf = async (page) => (await page.locator('.code').innerText()).replace(/\D/g, '');

async function allocationsOf(name) {
  const { lines } = await stage.done('mon-1', 'GET', '/v1/trail?from=0&limit=200');
  const more = await stage.done('mon-1', 'GET', '/v1/trail?from=200&limit=200');
  const all = [...lines, ...more.lines].map((line) => JSON.parse(line));
  return all.filter((entry) => entry.act === 'randomised' && entry.on.participant === name);
}

for (const [locale, width] of [['en', 320], ['zh-CN', 360], ['zh-CN', 1280]]) {
  test(`from consent to code, ${locale} at ${width} pixels`, async () => {
    const name = `RJS-${String(number++).padStart(3, '0')}`;
    const page = await open('c-rjs', locale, width);
    const reference = await enter(page, name);
    await sign(reference, locale, width);
    await page.goto(`${stage.base}/participants/${reference}/randomise`);
    const button = page.locator('#main button.main');
    assert.match(await button.innerText(), new RegExp(name), 'the button names the participant');
    await page.fill('#password', stage.people['c-rjs'].password);
    await button.click();
    await page.waitForURL(`${stage.base}/participants/${reference}/allocation`);
    const code = await codeOf(page);
    assert.match(code, /^\d{7}$/);
    const lines = await page.locator('.code').evaluate((e) => e.getClientRects().length);
    const height = await page.locator('.code').evaluate((e) => e.offsetHeight / parseFloat(getComputedStyle(e).lineHeight));
    assert.ok(lines === 1 && height < 1.5, 'the code stands on one line');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${wide} pixels wide`);
    assert.match(await page.locator('main').innerText(), locale === 'en' ? /do not try to find it out/ : /复述|拐|幺|两|勾/);
    await page.reload();
    assert.equal(await codeOf(page), code, 'reloading shows the same');
    assert.equal((await allocationsOf(name)).length, 1);
    await page.context().close();
  });
}

test('with the keyboard alone', async () => {
  const name = `RJS-${String(number++).padStart(3, '0')}`;
  const page = await open('c-rjs');
  const reference = await enter(page, name, answerByKeyboard, pressMain);
  await sign(reference);
  await page.goto(`${stage.base}/participants/${reference}/randomise`);
  await tabTo(page, (at) => at.name === 'password');
  await page.keyboard.type(stage.people['c-rjs'].password);
  await pressMain(page);
  await page.waitForURL(/allocation$/);
  assert.match(await codeOf(page), /^\d{7}$/);
  await page.context().close();
});

test('a double click, the way back and a second tab give the first code', async () => {
  const name = `RJS-${String(number++).padStart(3, '0')}`;
  const { page, reference } = await ready(name);
  const tab = await page.context().newPage();
  await tab.goto(page.url());
  await page.locator('#main button.main').dblclick();
  await page.waitForURL(/allocation$/);
  const code = await codeOf(page);
  await tab.fill('#password', stage.people['c-rjs'].password);
  await tab.locator('#main button.main').click();
  await tab.waitForURL(/allocation$/);
  assert.equal(await codeOf(tab), code, 'the second tab');
  await page.goBack();
  if (await page.locator('#password').count()) {
    await page.fill('#password', stage.people['c-rjs'].password);
    await page.locator('#main button.main').click();
  }
  await page.goto(`${stage.base}/participants/${reference}/allocation`);
  assert.equal(await codeOf(page), code, 'the way back');
  assert.equal((await allocationsOf(name)).length, 1);
  await page.context().close();
});

test('an answer that was lost on the way is found again', async () => {
  const name = `RJS-${String(number++).padStart(3, '0')}`;
  const { page, reference } = await ready(name);
  await page.route('**/randomise', async (route) => {
    if (route.request().method() === 'POST') await route.fetch({ maxRedirects: 0 });
    await route.abort('connectionreset');
  }, { times: 1 });
  await page.locator('#main button.main').click().catch(() => {});
  await page.waitForTimeout(500);
  await page.goto(`${stage.base}/participants/${reference}/randomise`);
  const there = await page.locator('main').innerText();
  const [{ on }] = await allocationsOf(name);
  assert.ok(there.replace(/\s/g, '').includes(on.code) || /allocation$/.test(page.url()), there);
  await page.goto(`${stage.base}/participants/${reference}/allocation`);
  assert.equal(await codeOf(page), on.code);
  assert.equal((await allocationsOf(name)).length, 1);
  await page.context().close();
});

test('a session that ends in the middle loses no answer, and the draft is there for its author alone', async () => {
  const page = await open('c-rjs');
  await page.goto(`${stage.base}/screening`);
  await page.locator('#main button.main').click();
  await page.waitForURL(/screening\/.+\/.+/);
  const here = page.url();
  await answer(page, { ...answers, enrolment_number: 'RJS-090', initials: 'ZXME' });
  await page.context().clearCookies({ name: 'klero' });
  await page.locator('#main button.main').click();
  await page.waitForSelector('#word');
  assert.equal(page.url(), here, 'the sign-in stands at the same address');
  await page.fill('#name', 'c-rjs');
  await page.fill('#word', stage.people['c-rjs'].password);
  await page.locator('#main button.main').click();
  await page.waitForSelector('[name=initials]');
  assert.equal(await page.inputValue('[name=initials]'), 'ZXME');
  await page.locator('#main button.main').click();
  await page.waitForURL((url) => url.href !== here);
  const other = await open('c-rjw');
  const answered = await other.goto(here);
  assert.equal(answered.status(), 404, 'somebody else finds nothing there');
  await page.goto(`${stage.base}/screening`);
  assert.match(await page.locator('main').innerText(), /RJS-090/);
  await page.context().close();
  await other.context().close();
});

test('papers print on one A4 page each', async () => {
  const name = `RJS-${String(number++).padStart(3, '0')}`;
  const { page, reference } = await ready(name);
  await page.locator('#main button.main').click();
  await page.waitForURL(/allocation$/);
  for (const paper of ['allocation', 'sheet', 'card']) {
    await page.goto(`${stage.base}/participants/${reference}/${paper}`);
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    const pages = pdf.match(/\/Type\s*\/Page\b/g) ?? [];
    assert.equal(pages.length, 1, `${paper}: ${pages.length} pages`);
    assert.match(pdf, /\/MediaBox\s*\[\s*0 0 59[45][.\d]* 84[12]/, `${paper} is A4`);
  }
  await page.context().close();
});
