// A passkey in a browser, on a phone, in both languages: added on the account page, and used in the place of the digits.
// Chromium plays the device that keeps it; whoever runs no scripts types the digits as before.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { launch, visitor } from './pages.mjs';
import { Stage } from './stage.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

let stage, browser, base;
before(async () => {
  stage = await Stage.raise();
  // Browsers make no passkeys for a number.
  base = stage.base.replace('127.0.0.1', 'localhost');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

// Six digits (RFC 6238), so many half minutes from now.
function digits(secret, later = 0) {
  const bits = [...secret].map((c) => BASE32.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + later));
  const mac = createHmac('sha1', key).update(step).digest();
  const four = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(four % 1000000).padStart(6, '0');
}

async function enrol(who) {
  const { secret } = await stage.done(who, 'GET', '/v1/second-factor');
  const body = { code: digits(secret), password: stage.people[who].password };
  await stage.done(who, 'POST', '/v1/second-factor', body);
  return secret;
}

// A device that keeps passkeys, and whose owner unlocks it unless told otherwise.
async function device(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
  const unlocked = (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  return { unlocked };
}

// Name and password: the second step follows.
async function knock(page, who) {
  await page.goto(`${base}/`);
  await page.fill('[name=_name]', who);
  await page.fill('[name=_password]', stage.people[who].password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[name=_code]');
}

async function whole(page) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320, 'no wider than the screen');
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  await page.context().newCDPSession(page).then((cdp) => cdp.send('Page.setBypassCSP', { enabled: true }));
  await page.evaluate(AXE);
  const found = await page.evaluate((runOnly) => window.axe.run(document, { runOnly }), tags);
  assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`), []);
}

const acts = async (after) => {
  const { lines } = await stage.done('mon-1', 'GET', `/v1/trail?from=${after}`);
  return lines.map((line) => JSON.parse(line));
};
const size = async () => Number((await stage.done('mon-1', 'GET', '/v1/checkpoints/latest')).checkpoint.split('\n')[1]);

for (const [language, who, words] of [
  ['en', 'c-rjs', { one: 'Passkey 1', remove: 'Remove passkey 1', not: 'No passkey was used' }],
  ['zh-CN', 'i-rjs', { one: '通行密钥 1', remove: '移除通行密钥 1', not: '未使用通行密钥' }],
]) {
  // shows: AC-9
  test(`a passkey is added and used in the place of the digits, in ${language}`, async () => {
    const secret = await enrol(who);
    const { page, context, faults } = await visitor(browser, { language });
    const { unlocked } = await device(page);
    await knock(page, who);
    assert.equal(await page.locator('#passkey').count(), 0, 'nothing is said of passkeys to whoever has none');
    await page.fill('[name=_code]', digits(secret, 1));
    await page.keyboard.press('Enter');
    await page.waitForSelector('.who');
    const before = await size();
    await page.goto(`${base}/account`);
    await page.click('a[href="/account/passkeys"]');
    await whole(page);
    await page.click('a[href="/account/passkeys/new"]');
    await whole(page);
    await page.fill('[name=password]', 'not the password');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#summary');
    await page.fill('[name=password]', stage.people[who].password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#passkey:not([hidden])');
    await whole(page);
    await page.click('#passkey-use');
    await page.waitForSelector('[name=remove]');
    assert.match(await page.textContent('main'), new RegExp(words.one));
    await whole(page);
    const added = (await acts(before)).filter((line) => line.act === 'passkey-added');
    assert.deepEqual(added.map((line) => [line.by, line.data]), [[who, { number: 1 }]]);

    await page.click('form[action="/sign-out"] button');
    await knock(page, who);
    await page.waitForSelector('#passkey:not([hidden])');
    await whole(page);
    // Whoever finds the device cannot unlock it: the page says so, and waits.
    await unlocked(false);
    await page.click('#passkey-use');
    await page.waitForFunction((said) => document.getElementById('passkey-said').textContent.startsWith(said), words.not);
    assert.equal(await page.locator('.who').count(), 0);
    await unlocked(true);
    await page.click('#passkey-use');
    await page.waitForSelector('.who');
    assert.deepEqual((await acts(before)).filter((line) => line.act === 'second-factor-failed'), []);

    await page.goto(`${base}/account/passkeys`);
    assert.equal((await page.textContent('[name=remove]')).trim(), words.remove);
    await page.click('[name=remove]');
    await page.waitForSelector('a[href="/account/passkeys/new"]');
    assert.equal(await page.locator('[name=remove]').count(), 0);
    await page.click('form[action="/sign-out"] button');
    await knock(page, who);
    assert.equal(await page.locator('#passkey').count(), 0);
    assert.deepEqual(faults, []);
    await context.close();
  });
}

// shows: AC-9
test('without JavaScript the digits are typed as before, and the page that adds a passkey says what is missing', async () => {
  const who = 'mon-1';
  const secret = await enrol(who);
  const first = await visitor(browser, {});
  await device(first.page);
  await knock(first.page, who);
  await first.page.fill('[name=_code]', digits(secret, 1));
  await first.page.keyboard.press('Enter');
  await first.page.waitForSelector('.who');
  await first.page.goto(`${base}/account/passkeys/new`);
  await first.page.fill('[name=password]', stage.people[who].password);
  await first.page.keyboard.press('Enter');
  await first.page.click('#passkey-use');
  await first.page.waitForSelector('[name=remove]');
  await first.context.close();
  const { page, context } = await visitor(browser, { scripts: false });
  await knock(page, who);
  assert.equal(await page.isVisible('#passkey'), false);
  assert.ok(await page.isVisible('[name=_code]'));
  await page.fill('[name=_code]', 'AAAAA-AAAAA');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.summary');
  assert.ok(await page.isVisible('[name=_code]'));
  await context.close();
});
