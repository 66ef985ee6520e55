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
LOOK = """
  document.documentElement.dataset.theme = "MODE";
  document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
  await new Promise((go) => setTimeout(go, 500));
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const source = window.axeSource;
  const frames = [...document.querySelectorAll("iframe")].map((frame) => frame.contentWindow), found = {};
  for (const one of [window, ...frames]) {
    if (one !== window) one.eval(source);
    const done = await one.axe.run({ include: [["html"]], exclude: [["iframe"]] }, { runOnly, resultTypes: ["violations"] });
    for (const rule of done.violations) found[rule.id] = [...(found[rule.id] ?? []), ...rule.nodes.map(
      (node) => node.html.slice(0, 200) + " " + node.failureSummary.slice(0, 260))];
  }
  return found;"""  # noqa: E501
