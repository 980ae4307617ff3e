// The hospital's own sign-on in a browser: from the button to the hospital's page, which is another site, and back.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CLIENT, Hospital, SECRET } from './hospital.mjs';
import { launch, signIn, visitor } from './pages.mjs';
import { KLERO, Stage } from './stage.mjs';

let stage, hospital, browser;
before(async () => {
  stage = await Stage.raise();
  hospital = await Hospital.open();
  await again(stage, hospital);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await hospital?.close();
  await stage?.end();
});

// Ends the demonstration, and starts the service in its folder anew with a configuration of the house's own.
async function again(stage, hospital) {
  stage.child.removeAllListeners('exit');
  const gone = new Promise((resolve) => { stage.child.once('exit', resolve); });
  stage.child.kill('SIGTERM');
  await gone;
  const config = join(stage.parent, 'klero.toml');
  const secret = join(stage.parent, 'sign-on-secret');
  writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
  writeFileSync(config, `
[service]
data = ${JSON.stringify(join(stage.folder, 'service'))}
listen = "${new URL(stage.base).host}"
operations = "off"
public_url = "${stage.base}"
[webhooks]
own_hosts = ["${hospital.issuer}"]
[sign_on]
issuer = "${hospital.issuer}"
client_id = "${CLIENT}"
client_secret_file = ${JSON.stringify(secret)}
name = "Made-up SSO"
`);
  stage.child = spawn(KLERO, ['serve', '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise((resolve, reject) => {
    let said = '';
    stage.child.once('exit', (code) => reject(new Error(`klero serve ended with ${code}\n${said}`)));
    stage.child.stderr.on('data', (bytes) => {
      said += bytes;
      if (said.includes('listening on')) resolve();
    });
  });
}

// At the hospital's page: who one is there.
async function tell(page, who) {
  await page.waitForSelector('[name=who]');
  assert.equal(new URL(page.url()).hostname, 'localhost', 'another site');
  await page.fill('[name=who]', who);
  await page.keyboard.press('Enter');
}

for (const [language, who, words] of [
  ['en', 'c-rjs', { unlinked: /linked to no account|Then link it/, button: 'Sign in with Made-up SSO' }],
  ['zh-CN', 'i-rjw', { unlinked: /然后在/, button: '使用Made-up SSO登录' }],
]) {
  // shows: AC-1, AC-9
  test(`who linked an account of the hospital enters by it, and signs as before, in ${language}`, async () => {
    const { page, context, faults } = await visitor(browser, { language });
    const enter = async () => {
      await page.goto(`${stage.base}/`);
      await page.click(`text=${words.button}`);
      await tell(page, `staff-${who}`);
    };
    await enter();
    await page.waitForURL(/\/sign-in\/hospital\/not\/unlinked$/);
    assert.match(await page.textContent('main'), words.unlinked);

    await signIn(page, stage, who);
    await page.goto(`${stage.base}/account/hospital`);
    await page.click('a[href="/account/hospital/begin"]');
    await tell(page, `staff-${who}`);
    await page.waitForURL(/\/account\/hospital\/confirm$/);
    await page.fill('[name=password]', stage.people[who].password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.good');
    await page.click('form[action="/sign-out"] button');
    await page.waitForSelector('[name=_name]');

    await enter();
    await page.waitForSelector('.who');
    // Neither code nor state stays in the address or in the history.
    assert.equal(page.url(), `${stage.base}/`);
    await page.reload();
    assert.match(await page.textContent('.who'), new RegExp(who));
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320, 'no wider than the screen');
    assert.deepEqual(faults, []);
    await context.close();
  });
}
