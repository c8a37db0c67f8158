// Opens pages in headless Chromium and judges them: node judge.mjs MODULES PICTURES PAGE...
// MODULES is a node_modules folder with playwright-core and axe-core; pictures of each page are left in PICTURES.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, pictures, ...pages] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'any.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const failures = [];
if (pages.length === 0) failures.push('no page was named');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

for (const page of pages) {
  const url = pathToFileURL(resolve(page)).href;
  const name = basename(page, '.html');
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1200, 320]) {
      const where = `${name}, ${colorScheme}, ${width} px`;
      // axe is a script, which the page itself forbids: for the browser's tool alone the policy is lifted.
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const tab = await context.newPage();
      tab.on('console', (message) => failures.push(`${where}: console: ${message.text()}`));
      tab.on('pageerror', (error) => failures.push(`${where}: error: ${error.message}`));
      tab.on('dialog', (dialog) => { failures.push(`${where}: a dialog`); dialog.dismiss(); });
      tab.on('request', (request) => {
        if (request.url() !== url) failures.push(`${where}: asks for ${request.url()}`);
      });
      await tab.goto(url);
      const inner = await tab.evaluate(() => document.documentElement.scrollWidth);
      if (inner > width) failures.push(`${where}: scrolls sideways, ${inner} px`);
      await tab.keyboard.press('Tab');
      const focused = await tab.evaluate(() => {
        const link = document.activeElement;
        return link.className === 'skip' && link.getBoundingClientRect().left >= 0;
      });
      if (!focused) failures.push(`${where}: Tab does not reach the skip link, in sight`);
      await tab.keyboard.press('Enter');
      const skipped = await tab.evaluate(() => location.hash);
      if (skipped !== '#content') failures.push(`${where}: the skip link leads to ${skipped}`);
      await tab.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      await tab.evaluate(axe);
      const { violations, passes } = await tab.evaluate(() => axe.run());
      if (passes.length < 10) failures.push(`${where}: axe looked at nothing`);
      for (const violation of violations) {
        const nodes = violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ');
        failures.push(`${where}: ${violation.id}: ${violation.help}: ${nodes}`);
      }
      await context.close();
    }
  }
  // With the policy in force, and on paper.
  const context = await browser.newContext();
  const tab = await context.newPage();
  tab.on('console', (message) => failures.push(`${name}: console: ${message.text()}`));
  await tab.goto(url);
  const scripts = await tab.evaluate(() => document.querySelectorAll('script, iframe, img, link').length);
  if (scripts !== 0) failures.push(`${name}: ${scripts} elements that belong to no report`);
  await tab.pdf({ path: join(pictures, `${name}.pdf`), format: 'A4', printBackground: true });
  await context.close();
  console.log(`${name}: looked at in light and dark, wide and narrow, and on paper`);
}
await browser.close();
for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
