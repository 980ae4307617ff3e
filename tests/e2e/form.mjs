// Fills a page's form as a person would, by what the interface calls the answers.

// Answers what is asked on this page, of all that is known: texts, days in three boxes, one of several, several.
export async function answer(page, answers) {
  for (const [field, value] of Object.entries(answers)) {
    if (Array.isArray(value)) {
      for (const each of value) await tick(page, `${field}-${each}`);
    } else if (await page.locator(`[name="${field}.year"]`).count()) {
      await day(page, field, value);
    } else if (await page.locator(`input[type=radio][name="${field}"]`).count()) {
      await tick(page, `${field}-${value}`);
    } else if (await page.locator(`#main [name="${field}"]:not([type=hidden])`).count()) {
      await page.locator(`#main [name="${field}"]`).fill(value);
    }
  }
}

async function tick(page, id) {
  const box = page.locator(`[id="${id}"]`);
  if (await box.count()) await box.check();
}

async function day(page, field, value) {
  if (value === 'never') return tick(page, `${field}-never`);
  const [date, time] = value.split('T');
  const [year, month, dayOfMonth] = date.split('-');
  for (const [part, text] of Object.entries({ year, month, day: dayOfMonth, time })) {
    if (text) await page.locator(`[name="${field}.${part}"]`).fill(text);
  }
}

// The same with nothing but the keyboard: Tab from box to box, letters, space and arrows.
export async function answerByKeyboard(page, answers) {
  const asked = await page.$$eval('#main input:not([type=hidden]), #main textarea', (all) => all.map((e) => ({
    name: e.name, type: e.type, value: e.value, id: e.id,
  })));
  for (const box of asked) {
    const [field, part] = box.name.split('.');
    const said = answers[field];
    if (said === undefined) continue;
    if (box.type === 'radio' || box.type === 'checkbox') {
      const wanted = part ? said === part : [said].flat().includes(box.value);
      if (!wanted) continue;
      await tabTo(page, box.type === 'radio' ? (at) => at.name === box.name : (at) => at.id === box.id);
      for (let steps = 0; box.type === 'radio' && (await here(page)).id !== box.id && steps < 60; steps++) {
        await page.keyboard.press('ArrowDown');
      }
      if (!(await here(page)).checked) await page.keyboard.press('Space');
    } else {
      const text = part ? partOf(said, part) : said;
      if (!text) continue;
      await tabTo(page, (at) => at.name === box.name);
      await page.keyboard.type(text);
    }
  }
}

function partOf(said, part) {
  if (said === 'never') return '';
  const [date, time] = said.split('T');
  const [year, month, day] = date.split('-');
  return { year, month, day, time }[part] ?? '';
}

function here(page) {
  return page.evaluate(() => {
    const { name, id, checked, tagName, className } = document.activeElement;
    return { name, id, checked, tagName, className };
  });
}

// Presses Tab until `fits` holds of the focused element.
export async function tabTo(page, fits) {
  for (let presses = 0; presses < 400; presses++) {
    if (fits(await here(page))) return presses;
    await page.keyboard.press('Tab');
  }
  throw new Error(`cannot be reached by Tab: ${fits}`);
}

export async function pressMain(page) {
  await tabTo(page, (at) => at.tagName === 'BUTTON' && /\bmain\b|\balarm\b/.test(at.className));
  await page.keyboard.press('Enter');
}
