// Preparing in a browser: two identifiers, one release, what to prepare, and a page that forgets it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kept, launch, signIn, step, visitor } from './pages.mjs';
import { KLERO, Stage } from './stage.mjs';

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
  await page.click('#due button:visible');
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

const DAY = 24 * 3600 * 1000;
const day = (days) => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
const GOOD = day(400);

// Everything that goes to the service while something is pressed.
async function sentWhile(page, act) {
  const sent = [];
  const heard = (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`);
  page.on('request', heard);
  await act();
  page.off('request', heard);
  return sent;
}

// What klero pharmacy report makes of sealed records.
function reported(file) {
  const path = join(stage.folder, `records-${file.records.length}.json`);
  writeFileSync(path, JSON.stringify(file));
  const words = join(stage.folder, 'six-words.txt');
  const line = ['pharmacy', 'report', path, '--identity', join(stage.folder, 'p-rjs.key.json'), '--words-file', words, '--json'];
  return JSON.parse(execFileSync(KLERO, line, { stdio: ['ignore', 'pipe', 'ignore'] })).data;
}

async function stockEvent(page, given) {
  for (const [id, value] of Object.entries(given)) {
    if (['kind', 'product'].includes(id)) await page.selectOption(`#${id}`, value);
    else await page.fill(`#${id}`, value);
  }
  await page.click('#event button.main');
  await page.waitForFunction(() => document.getElementById('lot').value === '' || !document.getElementById('problem').hidden);
}

test('stock is sealed, opened and added up on the device, and the service sees one record an event', async () => {
  const { page, faults, context } = await arrive({ size: 'desk' });
  await page.click('a[href="/pharmacy/stock"]');
  await step(page, 'open');
  await page.fill('#six-words', stage.words);
  await page.click('[data-step=open] button.main');
  await step(page, 'stock');
  assert.ok(await page.isVisible('#empty') && await page.isVisible('#unblinded'));
  const kinds = new Set();
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/v1/pharmacy-records')) kinds.add(request.postData().length);
  });
  const products = ['belimumab', 'placebo'];
  for (const product of products) {
    // The same lots of both, so that the test need not know which arm it will be; one of each alone.
    for (const [lot, expiry] of [['GOOD1', GOOD], ['OLD1', day(-2)], ['QUAR1', GOOD], ['RECALL1', GOOD], [`ONLY-${product}`, GOOD]]) {
      await stockEvent(page, { kind: 'received', product, lot, expiry, units: '9', other: 'Depot', scan: lot === 'GOOD1' ? '(01)0415' : '' });
    }
    await stockEvent(page, { kind: 'quarantined', product, lot: 'QUAR1', expiry: GOOD, units: '9', scan: '' });
    await stockEvent(page, { kind: 'recalled', product, lot: 'RECALL1', expiry: GOOD, units: '9' });
    await stockEvent(page, { kind: 'damaged', product, lot: 'GOOD1', expiry: GOOD, units: '1' });
    await told(page, /Give a reason/);
    await stockEvent(page, { reason: 'dropped' });
    await stockEvent(page, { kind: 'count', product, lot: 'GOOD1', expiry: GOOD, units: '8', reason: '' });
  }
  await stockEvent(page, { kind: 'received', product: 'other', lot: 'NS-77', expiry: GOOD, units: '40', other: 'Depot', scan: '' });
  const row = (product, lot) => page.locator('#lots tr').filter({ hasText: product }).filter({ hasText: lot });
  const cells = (await row('Belimumab', 'GOOD1').innerText()).split('\t').map((text) => text.trim());
  assert.deepEqual(cells.slice(1), ['GOOD1', GOOD, '9', '0', '0', '0', '0', '0', '1', '0', '8', '']);
  assert.match(await row('saline', 'OLD1').innerText(), /has expired/);
  assert.match(await row('saline', 'QUAR1').innerText(), /is quarantined/);
  assert.match(await row('Belimumab', 'RECALL1').innerText(), /was recalled/);
  // What never came in, or is not there, cannot go; nothing is sent.
  for (const [given, words] of [
    [{ kind: 'lost', product: 'placebo', lot: 'NEVER', expiry: GOOD, units: '1', reason: 'x' }, /never received/],
    [{ lot: 'GOOD1', units: '99' }, /less of lot GOOD1/],
    [{ units: '1', expiry: day(401) }, /expiry of lot GOOD1/],
    [{ expiry: '2027-02-30' }, /Look at this again: Expiry/],
  ]) {
    assert.deepEqual(await sentWhile(page, () => stockEvent(page, given)), []);
    await told(page, words);
  }
  assert.equal(kinds.size, 1, 'every event is equally long');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#saved')]);
  const file = JSON.parse(readFileSync(await download.path(), 'utf8'));
  assert.equal(file.records.length, 19);
  assert.ok(!ARMS.test(JSON.stringify(file)), 'as sealed as it came');
  // The program reads what the browser sealed.
  const report = reported(file);
  const of = (product, lot) => report.centres[0].lots.find((one) => one.product === product && one.lot === lot);
  assert.deepEqual([report.balances, report.centres[0].closed], [true, 0]);
  assert.deepEqual([of('placebo', 'GOOD1').received, of('placebo', 'GOOD1').damaged, of('placebo', 'GOOD1').onHand], [9, 1, 8]);
  assert.equal(of('belimumab', 'RECALL1').state, 'recalled');
  await page.click('#lock');
  await step(page, 'open');
  assert.ok(!ARMS.test(await kept(page)) && !/GOOD1/.test(await kept(page)));
  const lines = (await stage.done('mon-1', 'GET', '/v1/trail?from=0')).lines.filter((line) => /stock-recorded/.test(line));
  assert.equal(lines.length, 19);
  assert.ok(lines.every((line) => !/GOOD1|OLD1|received|damaged/.test(line)));
  assert.deepEqual(faults, []);
  await context.close();
});

test('a stock record that its entry in the trail did not keep is not counted', async () => {
  const { page, context } = await arrive({ size: 'desk' });
  await page.goto(`${stage.base}/pharmacy/stock`);
  await step(page, 'open');
  await page.route('**/v1/pharmacy-records/*', async (route) => {
    const answer = await route.fetch();
    const said = await answer.json();
    // An older entry of the same centre: its own proof stands, and it kept another record.
    const [older, newer] = said.records;
    Object.assign(newer, { line: older.line, proof: older.proof, entry: older.entry });
    await route.fulfill({ response: answer, json: said });
  });
  await page.fill('#six-words', stage.words);
  await page.click('[data-step=open] button.main');
  await told(page, /not the one that its entry in the trail kept/);
  assert.ok(!/GOOD1/.test(await kept(page)));
  await context.close();
});

async function fillRecord(page, lot) {
  const values = { 'product-1': '', 'lot-1': lot, 'expiry-1': GOOD, 'units-1': '1', diluent: 'NS-77', from: '09:05', to: '09:25', volume: '250', prescription: 'Rx 1' };
  for (const [id, value] of Object.entries(values)) await page.fill(`#${id}`, value);
  if (!(await page.isChecked('#appearance'))) await page.check('#appearance');
  await page.check('#bag-masked');
  await page.fill('#password', stage.people['p-rjs'].password);
}

// shows: DI-3, DI-4
test('a preparation is recorded and handed over, and an unfit lot is refused on the device without a word to the service', async () => {
  const password = 'a word for the second pair of eyes';
  const invited = await stage.done('admin-1', 'POST', '/v1/people', { person: 'p-rjs-2', name: 'Demo colleague', role: 'pharmacist', centres: ['renji-south'] });
  await stage.done(null, 'POST', '/v1/invitations/accept', { token: invited.token, password });
  const { page, faults, context } = await arrive({ size: 'desk' });
  await match(page);
  await page.evaluate(() => { document.getElementById('why').hidden = false; });
  await page.fill('#reason', 'recorded this time');
  await page.click('[data-step=match] button.main');
  await step(page, 'prepare');
  const active = /belimumab/i.test(await page.textContent('#arm'));
  const press = () => page.click('#record button.main');
  const refusedWithout = async (words) => {
    const sent = await sentWhile(page, async () => {
      await page.evaluate(() => { document.getElementById('problem').hidden = true; });
      await press();
      await told(page, words);
    });
    return sent;
  };
  await fillRecord(page, 'OLD1');
  await page.fill('#expiry-1', day(-2));
  assert.deepEqual(await refusedWithout(/One of the two/), []);
  await page.fill('#checker', 'p-rjs-2');
  // The centre's sealed records are read once, under an entry; then nothing goes out, whatever is refused.
  assert.deepEqual(await refusedWithout(/OLD1 has expired/), ['GET /v1/pharmacy-records/renji-south']);
  for (const [lot, words] of [
    ['QUAR1', /QUAR1 is quarantined/], ['RECALL1', /RECALL1 was recalled/], ['NEVER9', /NEVER9 was never received/],
    [active ? 'ONLY-placebo' : 'ONLY-belimumab', /not of the product that this code asks for/],
  ]) {
    await page.fill('#lot-1', lot);
    await page.fill('#expiry-1', GOOD);
    assert.deepEqual(await refusedWithout(words), [], lot);
  }
  await page.fill('#lot-1', 'GOOD1');
  await page.fill('#expiry-1', day(401));
  assert.deepEqual(await refusedWithout(/expiry of lot GOOD1/), []);
  await page.fill('#expiry-1', GOOD);
  await page.fill('#product-1', 'another package');
  assert.deepEqual(await refusedWithout(/not of the product/), []);
  await page.fill('#product-1', '(01)0415');
  await page.fill('#units-1', '99');
  assert.deepEqual(await refusedWithout(/less of lot GOOD1/), []);
  await page.fill('#units-1', '1');
  await page.fill('#diluent', 'NS-00');
  assert.deepEqual(await refusedWithout(/NS-00 was never received/), []);
  await page.fill('#diluent', 'NS-77');
  // The colleague mistypes, then does not.
  await page.fill('#checker-password', 'not the password');
  const [posted] = await refusedWithout(/another pharmacist/);
  assert.match(posted, /^POST \/v1\/preparations\/[0-9A-Z]{8}\/record$/);
  await page.fill('#checker-password', password);
  await press();
  await step(page, 'hand-over');
  assert.ok(!ARMS.test(await kept(page)) && !/GOOD1/.test(await kept(page)), 'what was sealed is gone from the page');
  const lines = (await stage.done('mon-1', 'GET', '/v1/trail?from=0')).lines.map((line) => JSON.parse(line));
  const entry = lines.find((line) => line.act === 'preparation-recorded');
  assert.equal(entry.data['checked-by'], 'p-rjs-2');
  assert.ok(!/GOOD1|belimumab|placebo/.test(JSON.stringify(entry)));
  const centre = 'renji-south';
  const all = await stage.done('p-rjs', 'GET', `/v1/pharmacy-records/${centre}`);
  const used = reported(all).centres[0].lots.find((one) => one.lot === 'GOOD1' && one.product === (active ? 'belimumab' : 'placebo'));
  assert.deepEqual([used.used, used.onHand, used.wrong], [1, 7, []], 'the program adds up what the page recorded');
  // Too early for every infusion alike, and the page says from when on.
  await page.fill('#receiver', 'Demo nurse, ward 3');
  await page.click('#leave button.main');
  await told(page, /Hand over from \d{4}-\d\d-\d\d \d\d:\d\d UTC\+8 on/);
  await page.click('[data-step=hand-over] .to-today');
  await step(page, 'today');
  assert.match(await page.innerText('#due'), /Recorded, not handed over yet/);
  await page.click('#due button:visible');
  await step(page, 'hand-over');
  // The wait cannot be waited for here: the service's yes is played (tests/api/pharmacy.rs has the real one).
  await page.route('**/hand-over', (route) => route.fulfill({ status: 201, json: { repeated: false } }));
  await page.fill('#receiver', 'Demo nurse, ward 3');
  await page.click('#leave button.main');
  await step(page, 'handed-over');
  assert.match(await page.getAttribute('#label', 'href'), /^\/participants\/[0-9A-Z]{8}\/label$/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('every step is accessible at 320 and 1280 pixels, light and dark', async () => {
  for (const how of [{ language: 'en' }, { language: 'zh-CN', dark: true, size: 'desk' }]) {
    const context = await browser.newContext({
      viewport: { width: how.size ? 1280 : 320, height: 700 }, locale: how.language, colorScheme: how.dark ? 'dark' : 'light', bypassCSP: true,
    });
    const page = await context.newPage();
    const found = [];
    for (const [who, path] of [['p-rjs', '/pharmacy'], ['p-rjs', '/pharmacy/stock'], ['hot-1', '/emergency'], ['hot-1', '/key'], ['hot-1', '/grants']]) {
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
