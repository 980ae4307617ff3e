// Somebody at the pages: a browser context of their own, signed in as one of the cast.

import { launch } from './browser.mjs';

export const SIZES = { phone: { width: 320, height: 640 }, desk: { width: 1280, height: 900 } };

// A visitor's context. Everything the page logs or throws is kept, and each test can ask that there was nothing.
export async function visitor(browser, { size = 'phone', language = 'en', dark = false, scripts = true } = {}) {
  const context = await browser.newContext({
    viewport: SIZES[size], locale: language, colorScheme: dark ? 'dark' : 'light', javaScriptEnabled: scripts,
  });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (line) => {
    // A refusal is an answer, not a fault of the page.
    if (line.type() === 'error' && !/Failed to load resource/.test(line.text())) faults.push(line.text());
  });
  return { context, page, faults };
}

export async function signIn(page, stage, who) {
  await page.goto(`${stage.base}/`);
  await page.fill('[name=_name]', who);
  await page.fill('[name=_password]', stage.people[who].password);
  // By Enter: it must not press the other language.
  await page.keyboard.press('Enter');
  await page.waitForSelector('.who');
}

// Waits for a step of a page with keys.
export const step = (page, name) => page.waitForSelector(`[data-step=${name}]:not([hidden])`, { timeout: 30000 });

// What the browser keeps of the visit: title, address, history, storage, everything that stands in the document.
export const kept = (page) => page.evaluate(() => JSON.stringify({
  title: document.title, address: window.location.href, length: window.history.length, state: window.history.state,
  local: { ...localStorage }, session: { ...sessionStorage }, html: document.documentElement.outerHTML,
  fields: [...document.querySelectorAll('input,textarea')].map((box) => box.value),
}));

export { launch };
