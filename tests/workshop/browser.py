"""Chromium for the tests, and what axe-core is asked about a page in it."""

from importlib.metadata import distribution

import pytest

from workshop.site.pdf import find_browser

CHROMIUM = find_browser()
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"
)
WIDE = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"  # a phone's innerWidth gives way
AXE = next(f for f in distribution("axe-core-python").files if f.name == "axe.min.js")
# Contrast is three quarters of what axe does, and a page has thousands of pieces of text that look alike: of those
# whose tags, classes and states are the same all the way up, one is left for it. Before that, tokens of code that look
# like one before them become plain text, so that the other rules see a page whole and soon; they know no colours, and
# look only in light.
LOOK = """
  const mode = document.documentElement.dataset.theme = "MODE";
  document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
  const source = window.axeSource, found = {};
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const resultTypes = ["violations"], contrast = "color-contrast";
  const STATES = ["class", "style", "role", "open", "disabled", "aria-current", "aria-selected", "aria-expanded",
    "hidden", "fill"];
  const here = { include: [["html"]], exclude: [["iframe"]] };
  const windows = [window, ...[...document.querySelectorAll("iframe")].map((frame) => frame.contentWindow)];
  for (const one of windows) {
    if (one.axe) continue;
    one.eval(source);
    one.document.head.insertAdjacentHTML("beforeend", "<style>* { transition: none !important; }</style>");
  }
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  for (const one of windows) {
    let seen = new Set();
    const alike = (node) => {
      if (node.childElementCount) return false;
      let chain = node.textContent.trim() ? "text of " : "";
      for (let at = node; at.parentElement; at = at.parentElement) {
        const told = STATES.map((name) => at.getAttribute(name));
        const row = at.tagName === "TR" ? [...at.parentElement.children].indexOf(at) % 2 : "";
        chain += [at.tagName, row, ...told].join("|") + ">";
      }
      if (seen.has(chain)) return true;
      seen.add(chain);
      return false;
    };
    for (const token of one.document.querySelectorAll(".highlight span")) {
      if (alike(token)) token.replaceWith(token.textContent);
    }
    seen = new Set();
    const rules = { [contrast]: { enabled: false } };
    const whole = mode === "dark" ? [] : (await one.axe.run(here, { runOnly, resultTypes, rules })).violations;
    for (const text of [...one.document.querySelectorAll("body *")].reverse()) if (alike(text)) text.remove();
    const colours = await one.axe.run(here, { resultTypes, runOnly: { type: "rule", values: [contrast] } });
    for (const rule of [...whole, ...colours.violations]) found[rule.id] = [...(found[rule.id] ?? []),
      ...rule.nodes.map((node) => node.html.slice(0, 200) + " " + node.failureSummary.slice(0, 260))];
  }
  return found;"""
