// Follows every link from the start page, as somebody; calls `visit` on each page. The same page for another record is
// visited twice at most.

function kind(path) {
  return path.replace(/\/[0-9A-HJKMNP-TV-Z]{4}-?[0-9A-HJKMNP-TV-Z]{4}(?=\/|$)/g, '/{reference}').replace(/\/\d+/g, '/{n}')
    .replace(/\/problems\/.*/, '/problems/{code}');
}

const APART = ['/docs', '/static', '/v1'];

export async function crawl(page, base, visit) {
  const waiting = ['/'], seen = new Set(waiting), kinds = new Map();
  while (waiting.length) {
    const path = waiting.shift();
    const times = kinds.get(kind(path)) ?? 0;
    if (times >= 2) continue;
    kinds.set(kind(path), times + 1);
    const answer = await page.goto(base + path, { waitUntil: 'load' });
    await visit(path, answer);
    const links = await page.$$eval('a[href^="/"]', (all) => all.map((a) => a.getAttribute('href').split('#')[0]));
    for (const link of links) {
      if (APART.some((start) => link.startsWith(start)) || seen.has(link)) continue;
      seen.add(link);
      waiting.push(link);
    }
  }
  return [...kinds.keys()];
}
