// What is thought about a code break once the arm is known: sealed and opened in the browser, with real keys.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kept, launch, signIn, step, visitor } from './pages.mjs';
import { KLERO, Stage } from './stage.mjs';

let stage;
let browser;
let reference;
const SECRET = 'an invented thought that would tell';

before(async () => {
  stage = await Stage.raise();
  await stage.randomise();
  const release = await stage.done('hot-1', 'POST', '/v1/breaks', {
    participant: 'RJS-001', identifier: 'DEMO', requester: 'test', callBack: '0', category: 'sae-management',
    whatHappened: 'test', depends: true, signature: await stage.signature('hot-1', 'break-code'),
  });
  reference = release.reference.replace('-', '');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

async function arrive(who, how) {
  const one = await visitor(browser, how);
  await signIn(one.page, stage, who);
  await one.page.goto(`${stage.base}/breaks/${reference}/sealed`);
  await step(one.page, 'root');
  await one.page.click('#root-compared');
  await step(one.page, 'open');
  return one;
}

async function open(page) {
  await page.fill('#six-words', stage.words);
  await page.keyboard.press('Enter');
  await step(page, 'part');
}

async function shot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });
}

test('the hotline seals what it thinks, the investigator reads it, and it leaves the device sealed alone', async () => {
  const { page, faults, context } = await arrive('hot-1');
  const sent = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() || ''}`));
  await shot(page, 'sealed-open-320');
  await open(page);
  assert.ok(await page.isVisible('#none'));
  assert.ok(await page.isVisible('#unblinded'));
  await page.fill('#narrative', SECRET);
  await page.click('#write button.main');
  await page.waitForFunction(() => !document.getElementById('problem').hidden);
  assert.match(await page.textContent('#problem'), /related to treatment/);
  await page.check('#related-definite');
  await page.dblclick('#write button.main');
  await page.waitForSelector('#parts .narrative');
  assert.equal(await page.textContent('#parts .narrative'), SECRET);
  assert.equal(await page.inputValue('#narrative'), '', 'what was typed stands nowhere twice');
  await shot(page, 'sealed-part-320');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 320, `${wide} px`);
  assert.ok(!sent.join().includes(SECRET) && !sent.join().includes('definite'));
  assert.equal(sent.filter((one) => one.includes('"seal')).length, 1, 'pressed twice, kept once');
  await page.click('#lock');
  await step(page, 'open');
  assert.ok(!(await kept(page)).includes(SECRET), 'locked, nothing of it is left');
  assert.deepEqual(faults, []);
  await context.close();

  const other = await arrive('i-rjs', { size: 'desk', language: 'zh-CN' });
  await open(other.page);
  assert.equal(await other.page.textContent('#parts .narrative'), SECRET);
  assert.match(await other.page.textContent('#parts'), /肯定|确定|definite/);
  await shot(other.page, 'sealed-part-zh-1280');
  assert.deepEqual(other.faults, []);
  await other.context.close();
});

test('blinded readers see that it exists, and never what', async () => {
  const { page, context } = await visitor(browser);
  await signIn(page, stage, 'mon-1');
  await page.goto(`${stage.base}/breaks/${reference}`);
  const html = await page.content();
  assert.match(html, /Sealed part<\/dt><dd>sealed/);
  assert.ok(!html.includes(SECRET) && !html.includes(`/breaks/${reference}/sealed`));
  await context.close();
});

// What a service would have to do to exchange a record: each is found before anything is shown.
test('a record that its entry did not keep is not shown', async () => {
  const flip = (text) => text.replace(/..$/, (byte) => (byte === '00' ? '01' : '00'));
  const altered = {
    bytes: (said) => { said.records[0].sealed = flip(said.records[0].sealed); },
    line: (said) => { said.records[0].line = said.records[0].line.replace('"epoch":1', '"epoch":2'); },
    proof: (said) => { said.records[0].proof[0] = flip(said.records[0].proof[0]); },
    name: (said) => { said.records[0].record = 'ZZZZZZZZ'; },
    centre: (said) => { said.records[0].centre = 'huashan'; },
  };
  for (const [name, alter] of Object.entries(altered)) {
    const { page, context } = await arrive('hot-1');
    await page.route('**/v1/sealed-parts/*', async (route) => {
      const answer = await route.fetch();
      const said = await answer.json();
      alter(said);
      await route.fulfill({ response: answer, json: said });
    });
    await page.fill('#six-words', stage.words);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => !document.getElementById('problem').hidden);
    assert.ok(!(await kept(page)).includes(SECRET), name);
    assert.equal(await page.locator('#parts *').count(), 0, name);
    await context.close();
  }
});

// shows: RP-3, EU-9
test('what a browser sealed is collected as it is, and counted by arm on the statistician\'s machine alone', async () => {
  const trail = await stage.exported(join(stage.parent, 'export'));
  const [password, parts] = ['stat-1.password', 'parts.json'].map((name) => join(stage.parent, name));
  writeFileSync(password, stage.people['stat-1'].password, { mode: 0o600 });
  const run = (...line) => JSON.parse(execFileSync(KLERO, [...line, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] })).data;
  const fetched = run('break', 'collect', '--trail', trail, '--server', stage.base, '--name', 'stat-1', '--password-file', password, '-o', parts);
  assert.deepEqual([fetched.breaks, fetched.fetched], [1, 1]);
  assert.ok(!readFileSync(parts, 'utf8').includes(SECRET), 'it comes sealed');
  const closed = (...more) => {
    const home = (name) => join(stage.folder, name);
    return run('report', 'closed', '--manifest', home('manifest.txt'), '--secret', home('secret.json'), '--identity', home('stat-1.key.json'),
      '--words-file', home('six-words.txt'), '--trail', trail, ...more).parts['breaks-by-relatedness-after'];
  };
  assert.deepEqual(closed().map((row) => [row.of, row.all]), [['sealed, not opened here', 1]]);
  const [row, ...others] = closed('--sealed', parts);
  assert.equal(others.length, 0);
  assert.ok(['definite', 'probable', 'possible'].includes(row.of), row.of);
  assert.deepEqual(Object.values(row.arms).sort(), [0, 1]);
});
