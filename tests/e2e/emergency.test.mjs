// Breaking a code in a browser: real keys, a real release, and everything that must not remain.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kept, launch, signIn, step, visitor } from './pages.mjs';
import { KLERO, Stage } from './stage.mjs';

let stage;
let browser;
let code;
const ARMS = /belimumab|placebo|saline|贝利尤|安慰剂|生理盐水/i;

before(async () => {
  stage = await Stage.raise();
  code = await stage.randomise();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stage?.end();
});

// Somebody on the emergency page of a device that knows the list.
async function arrive(who = 'hot-1', how = {}) {
  const one = await visitor(browser, how);
  await signIn(one.page, stage, who);
  await one.page.goto(`${stage.base}/emergency`);
  await step(one.page, 'root');
  await one.page.click('#root-compared');
  await step(one.page, 'find');
  return one;
}

async function find(page, participant = 'RJS-001', identifier = 'DEMO') {
  await page.fill('#participant', participant);
  await page.fill('#identifier', identifier);
  await page.keyboard.press('Enter');
}

async function say(page) {
  await step(page, 'break');
  await page.fill('#who', 'Dr Demo, ER');
  await page.fill('#call-back', '021 0000');
  await page.check('#category-sae-management');
  await page.fill('#what', 'anaphylaxis');
  await page.check('#depends-yes');
  await page.fill('#six-words', stage.words);
}

const breaks = async () => (await stage.done('mon-1', 'GET', '/v1/breaks')).breaks;
const lines = async () => (await stage.done('mon-1', 'GET', '/v1/trail?from=0')).lines.map((line) => JSON.parse(line));
const acts = async (act) => (await lines()).filter((line) => line.act === act);

// The arm, as the command line says it of the same participant.
async function truth() {
  const release = await stage.done('hot-2', 'POST', '/v1/breaks', {
    participant: 'RJS-001', identifier: 'DEMO', requester: 'test', callBack: '0', category: 'sae-management',
    whatHappened: 'test', depends: true, signature: await stage.signature('hot-2', 'break-code'),
  });
  const file = join(stage.parent, 'truth.json');
  writeFileSync(file, JSON.stringify(release));
  const said = execFileSync(KLERO, ['open', file, '--identity', join(stage.folder, 'hot-2.key.json'), '--words-file',
    join(stage.folder, 'six-words.txt'), '--commitment', join(stage.folder, 'commitment.json'), '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  return JSON.parse(said).data.arm;
}

test('a scanned card brings the participant along, and leaves no trace of it', async () => {
  const { page, context } = await visitor(browser);
  await signIn(page, stage, 'hot-1');
  await page.goto(`${stage.base}/emergency`);
  await step(page, 'root');
  await page.click('#root-compared');
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${stage.base}/e#${stage.firstReference}`);
  await page.click('a[href*="/emergency"]');
  await step(page, 'find');
  assert.equal(await page.inputValue('#participant'), stage.firstReference);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'identifier');
  assert.equal(page.url(), `${stage.base}/emergency`, 'the reference does not stay in the address');
  await page.keyboard.type('DEMO');
  await page.keyboard.press('Enter');
  await step(page, 'break');
  assert.match(await page.textContent('[data-step=break] h1'), /RJS-001/);
  assert.ok(asked.every((url) => !url.split('#')[0].includes(stage.firstReference)), 'nor does it reach the service in one');
  await context.close();
});

test('from signed in to the arm: at most 8 taps and 110 characters, and it is the true one', async () => {
  const { page, faults, context } = await visitor(browser);
  await signIn(page, stage, 'hot-1');
  // The device has been used before: a drill a month sees to that.
  await page.goto(`${stage.base}/emergency`);
  await step(page, 'root');
  await page.click('#root-compared');
  await page.goto(`${stage.base}/`);
  let taps = 0;
  let typed = 0;
  const tap = async (css) => { taps += 1; await page.click(css); };
  const type = async (text) => { typed += text.length; await page.keyboard.type(text); };
  const begun = Date.now();
  await tap('a.alarm');
  await step(page, 'find');
  await type(code);
  const next = () => { typed += 1; return page.keyboard.press('Enter'); };
  await next();
  await type('DEMO');
  typed += 1;
  await page.keyboard.press('Enter');
  await step(page, 'break');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'leave', 'the first focus is on going back');
  await tap('#who');
  await type('Dr Li, ER, Renji');
  await next();
  await type('13900000000');
  await tap('label[for=category-sae-management]');
  await tap('#what');
  await type('anaphylaxis');
  await tap('label[for=depends-yes]');
  await tap('#six-words');
  await type(stage.words);
  await tap('#break');
  await step(page, 'arm');
  assert.equal(await page.textContent('#arm'), '', 'nothing is drawn before it is asked for');
  assert.ok(!ARMS.test(await kept(page)), 'nor does it stand anywhere in the document');
  await tap('#show');
  await page.waitForSelector('#shown:not([hidden])');
  const took = (Date.now() - begun) / 1000;
  const shown = await page.textContent('#arm');
  const arm = await truth();
  assert.ok(shown.toLowerCase().includes(arm), `${shown} is ${arm}`);
  assert.match(await page.textContent('[data-step=arm] h1'), /RJS-001/);
  assert.ok(await page.isVisible('#unblinded'));
  console.log(`# ${taps} taps, ${typed} characters, ${took.toFixed(1)} s for the machine`);
  assert.ok(taps <= 8, `${taps} taps`);
  assert.ok(typed <= 110, `${typed} characters`);
  await page.click('#read-back');
  await step(page, 'recorded');
  assert.match(await page.textContent('[data-step=recorded] h1'), /RJS-001/);
  assert.match(await page.textContent('#at'), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d Asia\/Shanghai$/);
  assert.ok(!ARMS.test(await kept(page)), 'nothing of the arm is left');
  assert.ok(!(await kept(page)).includes(stage.words), 'nor of the words');
  const reference = (await page.textContent('#reference')).replace('-', '');
  const [own] = (await breaks()).filter((one) => one.reference.replace('-', '') === reference);
  assert.deepEqual([own.opened, own.read_back ?? own.readBack], [true, true]);
  assert.deepEqual(faults, []);
  await context.close();
});

test('the arm goes when it is hidden, after two minutes, and when the page is left; showing it again is an entry', async () => {
  const { page, faults, context } = await arrive();
  await page.clock.install();
  await page.reload();
  await step(page, 'find');
  await find(page);
  await say(page);
  await page.click('#break');
  await step(page, 'arm');
  await page.click('#show');
  await page.waitForSelector('#shown:not([hidden])');
  const shown = await page.textContent('#arm');
  assert.match(shown, ARMS);
  const history = await page.evaluate(() => window.history.length);
  await page.click('#hide');
  assert.ok(!ARMS.test(await kept(page)));
  assert.ok(!(await page.isVisible('#unblinded')));
  const before = (await breaks()).length;
  const entries = (await lines()).length;
  await page.click('#show');
  await page.waitForSelector('#shown:not([hidden])');
  assert.equal(await page.textContent('#arm'), shown);
  assert.equal((await breaks()).length, before, 'the same release');
  assert.ok((await lines()).length > entries, 'and an entry that says it was given again');
  // The page's clock runs on by itself too, as fast as this machine lets it.
  await page.clock.runFor(100000);
  assert.ok(await page.isVisible('#shown'), 'still there');
  await page.click('#keep');
  await page.clock.runFor(100000);
  assert.ok(await page.isVisible('#shown'), 'kept for two more minutes');
  await page.clock.runFor(25000);
  assert.ok(!(await page.isVisible('#shown')));
  assert.ok(!ARMS.test(await kept(page)), 'gone with its time');
  await page.click('#show');
  await page.waitForSelector('#shown:not([hidden])');
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pagehide')));
  assert.ok(!ARMS.test(await kept(page)), 'gone with the page');
  await page.waitForSelector('[data-step=locked]:not([hidden])');
  assert.equal(await page.evaluate(() => window.history.length), history);
  assert.ok(!ARMS.test(await page.title()));
  assert.deepEqual(faults, []);
  await context.close();
});

test('after fifteen idle minutes the key is locked and nothing is shown', async () => {
  const { page, context } = await arrive();
  await page.clock.install();
  await page.reload();
  await step(page, 'find');
  await find(page);
  await say(page);
  await page.click('#break');
  await step(page, 'arm');
  await page.clock.runFor(14.9 * 60000);
  assert.ok(await page.isVisible('#show'));
  await page.clock.runFor(30000);
  await page.waitForSelector('[data-step=locked]:not([hidden])');
  await context.close();
});

test('two presses break one code, and so does a press again when the answer was lost', async () => {
  const { page, faults, context } = await arrive();
  await find(page);
  await say(page);
  const before = (await breaks()).length;
  let lost = 0;
  await page.route('**/v1/breaks', async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await page.dblclick('#break');
  await page.waitForSelector('#problem:not([hidden])');
  assert.match(await page.textContent('#problem-words'), /it cannot happen twice/);
  assert.equal((await breaks()).length, before + 1, 'the service had acted');
  await page.dblclick('#break');
  await step(page, 'arm');
  assert.equal((await breaks()).length, before + 1, 'and acted no second time');
  assert.deepEqual(faults, []);
  await context.close();
});

const flip = (text, at) => {
  const bytes = Buffer.from(text, 'hex');
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  return bytes.toString('hex');
};

test('an answer that was altered on its way shows no arm, wherever it was altered', async () => {
  const { page, context } = await arrive();
  let alter = null;
  await page.route('**/v1/breaks', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const answer = await route.fetch();
    const release = await answer.json();
    alter(release);
    return route.fulfill({ response: answer, json: release });
  });
  const receipts = [];
  page.on('request', (request) => { if (request.url().endsWith('/opened')) receipts.push(JSON.parse(request.postData()).fits); });
  await find(page);
  await say(page);
  const cases = {
    sealed: [/does not fit the sealed list/, (r) => { r.slot.sealed = flip(r.slot.sealed, 40); }, [false]],
    tag: [/does not fit the sealed list/, (r) => { r.slot.sealed = flip(r.slot.sealed, -1); }, [false]],
    'leaf path': [/does not fit the sealed list/, (r) => { r.slot.leafPath.path[1] = flip(r.slot.leafPath.path[1], 3); }, [false]],
    position: [/does not fit the sealed list/, (r) => { r.slot.position += 1; }, [false]],
    wrap: [/not meant for your key/, (r) => { r.wrap.wrap = flip(r.wrap.wrap, -1); }, []],
    enc: [/not meant for your key/, (r) => { r.wrap.wrap = flip(r.wrap.wrap, 20); }, []],
    proof: [/not proven by the trail/, (r) => { r.receipt.proof[0] = flip(r.receipt.proof[0], 0); }, []],
    checkpoint: [/not proven by the trail/, (r) => { r.receipt.checkpoint = r.receipt.checkpoint.replace(/.(?=\n\n)/, (c) => (c === 'A' ? 'B' : 'A')); }, []],
    signature: [/not proven by the trail/, (r) => { r.receipt.checkpoint = r.receipt.checkpoint.replace(/(.)(.{20})\n$/, (_, c, rest) => `${c === 'A' ? 'B' : 'A'}${rest}\n`); }, []],
    entry: [/not proven by the trail/, (r) => { r.receipt.entry = r.receipt.entry.replace('RJS-001', 'RJS-002'); }, []],
    participant: [/not proven by the trail/, (r) => { r.participant = 'RJS-002'; }, []],
  };
  for (const [what, [words, change, fits]] of Object.entries(cases)) {
    alter = change;
    receipts.length = 0;
    await page.click('#break');
    await page.waitForFunction(() => !document.getElementById('problem').hidden);
    assert.match(await page.textContent('#problem-words'), words, what);
    assert.ok(await page.isHidden('[data-step=arm]'), what);
    assert.ok(!ARMS.test(await kept(page)), what);
    assert.deepEqual(receipts, fits, `${what}: the receipt that goes back`);
  }
  await context.close();
});

test('a list with another root than this device knows stops the page', async () => {
  const { page, context } = await arrive();
  await page.evaluate(() => {
    const [name] = Object.keys(localStorage);
    localStorage.setItem(name, '00'.repeat(32));
  });
  await page.reload();
  await step(page, 'failed');
  assert.match(await page.textContent('#problem-words'), /differs from the one this device knows/);
  assert.ok(await page.isVisible('[data-step=failed] .second-road'));
  await context.close();
});

test('on a device without the key sheet it goes on, and says so in the entry', async () => {
  const { page, context } = await visitor(browser);
  await signIn(page, stage, 'hot-1');
  await page.goto(`${stage.base}/emergency`);
  await step(page, 'root');
  await page.click('#root-not-compared');
  await find(page);
  await say(page);
  await page.click('#break');
  await step(page, 'arm');
  const [last] = (await acts('release-for-break')).slice(-1);
  assert.equal(last.data.root, 'not-compared');
  assert.equal(await page.evaluate(() => localStorage.length), 0, 'a root that nobody compared is not known');
  await context.close();
});

test('wrong words, a slip, a wrong code and another person open nothing and release nothing', async () => {
  const { page, context } = await arrive();
  const before = (await breaks()).length;
  const told = async (words) => {
    await page.waitForFunction(() => !document.getElementById('problem').hidden);
    assert.match(await page.textContent('#problem'), words);
  };
  await find(page, '742 913 6');
  await told(/last digit does not fit/);
  await find(page, 'RJS-001', '');
  await told(/say that the caller cannot give it/);
  await find(page, 'RJS-001', 'ABCD');
  await told(/not belong together|do not fit|does not fit/);
  await find(page, '7429133');
  await told(/no such record|There is no/i);
  await find(page);
  await step(page, 'break');
  await page.click('#break');
  await told(/Say who asks/);
  await say(page);
  await page.fill('#six-words', stage.words.replace(/^\S+/, 'qqqq'));
  await page.click('#break');
  await told(/Word 1 is not in the list/);
  await page.fill('#six-words', stage.words.split(' ').reverse().join(' '));
  await page.click('#break');
  await told(/six words are not right/);
  // Enter in a box of the step never breaks a code.
  await page.fill('#six-words', stage.words);
  await page.focus('#what');
  await page.keyboard.press('Enter');
  await page.focus('#six-words');
  await page.keyboard.press('Enter');
  await page.waitForTimeout(500);
  assert.ok(await page.isVisible('[data-step=break]'));
  assert.equal((await breaks()).length, before, 'nothing was released');
  await page.click('#leave');
  await step(page, 'find');
  await page.waitForTimeout(300);
  assert.equal(await page.inputValue('#participant'), '');
  assert.ok((await acts('break-left')).length + (await lines()).filter((line) => /left|leave|withdrawn/.test(line.act)).length > 0, 'going back is an entry');
  assert.equal((await breaks()).length, before);
  await context.close();
});

test('a relative is told nothing: a case is opened, and no code', async () => {
  const { page, context } = await arrive();
  const before = (await breaks()).length;
  await page.fill('#participant', 'RJS-001');
  await page.check('#caller-relative');
  await page.click('[data-step=find] button.main');
  await step(page, 'relative');
  await page.fill('#relative-phone', '13900000000');
  await page.click('[data-step=relative] button.main');
  await step(page, 'case-open');
  assert.match(await page.textContent('[data-step=case-open] h1'), /RJS-001/);
  assert.equal((await breaks()).length, before);
  await context.close();
});

test('an investigator breaks a code of the own centre, by keyboard alone, in Chinese', async () => {
  const { page, faults, context } = await visitor(browser, { language: 'zh-CN' });
  await signIn(page, stage, 'i-rjs');
  await page.goto(`${stage.base}/emergency`);
  await step(page, 'root');
  // Tabs until the element that is asked for has the focus.
  const to = async (css) => {
    for (let i = 0; i < 60; i += 1) {
      if (await page.evaluate((sought) => document.activeElement.matches(sought), css)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`${css} cannot be reached by keyboard`);
  };
  await to('#root-compared');
  await page.keyboard.press('Enter');
  await step(page, 'find');
  assert.ok(await page.isChecked('#caller-investigator'));
  await page.keyboard.type('ＲＪＳ－００１');
  await to('#identifier');
  await page.keyboard.type('1988-01-01');
  await page.keyboard.press('Enter');
  await step(page, 'break');
  await page.keyboard.press('Shift+Tab');
  await to('#who');
  await page.keyboard.type('李医师');
  await to('#call-back');
  await page.keyboard.type('021 0000');
  await to('[name=category]');
  await page.keyboard.press('Space');
  assert.equal(await page.locator('#category-safety-report').count(), 0, 'a reason of the hotline alone');
  await to('#what');
  await page.keyboard.type('过敏反应');
  await to('[name=depends]');
  await page.keyboard.press('Space');
  await to('#six-words');
  await page.keyboard.type(stage.words);
  await to('#break');
  await page.keyboard.press('Enter');
  await step(page, 'arm');
  await to('#show');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#shown:not([hidden])');
  assert.match(await page.textContent('#arm'), ARMS);
  await to('#no-read-back');
  await page.keyboard.press('Enter');
  await step(page, 'recorded');
  assert.deepEqual(faults, []);
  await context.close();
});

test('an investigator of another centre finds nobody', async () => {
  const { page, context } = await arrive('i-hsh');
  await find(page);
  await page.waitForSelector('#problem:not([hidden])');
  assert.ok(await page.isVisible('[data-step=find]'));
  await context.close();
});

test('without JavaScript or keys the page says so, and names the second road', async () => {
  const plain = await visitor(browser, { scripts: false });
  await plain.page.goto(`${stage.base}/`);
  await plain.page.fill('[name=_name]', 'hot-1');
  await plain.page.fill('[name=_password]', stage.people['hot-1'].password);
  await plain.page.click('#main button.main');
  await plain.page.goto(`${stage.base}/emergency`);
  await plain.page.waitForSelector('#no-keys');
  await plain.page.waitForTimeout(1200);
  assert.ok(await plain.page.isVisible('#no-keys'));
  assert.match(await plain.page.textContent('#no-keys'), /klero open/);
  await plain.context.close();

  const old = await visitor(browser);
  await old.context.addInitScript(() => { SubtleCrypto.prototype.unwrapKey = undefined; });
  await signIn(old.page, stage, 'hot-1');
  await old.page.goto(`${stage.base}/emergency`);
  await old.page.waitForTimeout(1200);
  assert.ok(await old.page.isVisible('#no-keys .second-road'));
  assert.ok(await old.page.isHidden('[data-step=find]'));
  await old.context.close();
});

test('codes and numbers stay on one line at 320 pixels, on every step, in both languages', async () => {
  for (const language of ['en', 'zh-CN']) {
    const { page, context } = await arrive('hot-1', { language });
    await find(page);
    await step(page, 'break');
    const measure = () => page.evaluate(() => ({
      wide: document.documentElement.scrollWidth,
      broken: [...document.querySelectorAll('bdi.number, .code')].filter((e) => e.getClientRects().length > 1).map((e) => e.textContent),
    }));
    assert.deepEqual(await measure(), { wide: 320, broken: [] });
    await say(page);
    await page.click('#break');
    await step(page, 'arm');
    await page.click('#show');
    await page.waitForSelector('#shown:not([hidden])');
    assert.deepEqual(await measure(), { wide: 320, broken: [] });
    await context.close();
  }
});

test('a planned safety unblinding is offered for its participant alone, and is done once its code is broken', async () => {
  const signature = await stage.signature('spon-1', 'plan-unblinding');
  const due = new Date(Date.now() + 7 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  const answers = { participant: 'RJS-001', 'to-tell': 'Dr Demo, safety officer', why: 'an expedited report', 'report-due': due };
  await stage.done('spon-1', 'POST', '/v1/safety-plans', { answers, signature });
  const { page, faults, context } = await arrive();
  await find(page);
  await say(page);
  assert.ok(await page.isVisible('#plans'));
  await page.selectOption('#plan', { label: 'Dr Demo, safety officer' });
  await page.check('#category-safety-report');
  await page.click('#break');
  await step(page, 'arm');
  const { plans } = await stage.done('mon-1', 'GET', '/v1/safety-plans');
  assert.equal(plans[0].done, true);
  assert.deepEqual(faults, []);
  await context.close();
  // It is carried out: nobody is offered it again.
  const later = await arrive();
  await find(later.page);
  await step(later.page, 'break');
  assert.ok(!(await later.page.isVisible('#plans')));
  await later.context.close();
});
