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
# Contrast is three quarters of what axe does, and code has thousands of tokens in two dozen colours: one of each kind
# in each kind of cell is left for it. The other rules see the page whole, and only in light: they know no colours.
LOOK = """
  const mode = document.documentElement.dataset.theme = "MODE";
  document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
  const source = window.axeSource, found = {};
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const resultTypes = ["violations"], contrast = "color-contrast";
  const here = { include: [["html"]], exclude: [["iframe"]] };
  const windows = [window, ...[...document.querySelectorAll("iframe")].map((frame) => frame.contentWindow)];
  for (const one of windows) {
    if (one.axe) continue;
    one.eval(source);
    one.document.head.insertAdjacentHTML("beforeend", "<style>* { transition: none !important; }</style>");
  }
  await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  for (const one of windows) {
    const rules = { [contrast]: { enabled: false } };
    const whole = mode === "dark" ? [] : (await one.axe.run(here, { runOnly, resultTypes, rules })).violations;
    const kinds = new Set();
    for (const token of one.document.querySelectorAll(".highlight span")) {
      const cell = token.closest(".cell_input, .cell_output, .admonition, dialog");
      const kind = [token.className, token.parentElement?.className, cell?.className].join("|");
      if (kinds.has(kind)) token.remove();
      kinds.add(kind);
    }
    const colours = await one.axe.run(here, { resultTypes, runOnly: { type: "rule", values: [contrast] } });
    for (const rule of [...whole, ...colours.violations]) found[rule.id] = [...(found[rule.id] ?? []),
      ...rule.nodes.map((node) => node.html.slice(0, 200) + " " + node.failureSummary.slice(0, 260))];
  }
  return found;"""
