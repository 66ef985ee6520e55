"""A page opened in Chromium, with the network blocked; what axe-core says of it."""

import json
import re
import subprocess
from html import unescape
from importlib.metadata import distribution
from pathlib import Path

from workshop.site.pdf import find_browser

CHROMIUM = find_browser()
BEFORE = """<script>
window.refused = [];
addEventListener("securitypolicyviolation", (event) => refused.push(event.blockedURI));
</script>"""
AFTER = """<script>addEventListener("load", () => setTimeout(async () => {
  const value = await (async () => { ACT })().catch((error) => String(error));
  document.documentElement.dataset.found = JSON.stringify({ value, refused });
}, 1500));</script>"""


def opened(page: Path, profile: Path, act: str, query: str = "", width: int = 1280, before: str = "") -> dict:
    """What `act`, the body of an async function, returns on a page, and what the page's policy has refused it."""
    html = page.read_text(encoding="utf-8")
    html = re.sub(r"(<meta charset[^>]*>)", lambda found: found[1] + BEFORE + before, html, count=1)
    copy = page.with_name(f"tried-{page.name}")
    at = html.rindex("</body>")
    copy.write_text(html[:at] + AFTER.replace("ACT", act) + html[at:], encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile / 'profile'}"]
    command += ["--proxy-server=127.0.0.1:9", "--virtual-time-budget=20000", f"--window-size={max(width, 500)},900"]
    if width < 500:  # a window is no narrower than that, a frame is
        outer = page.with_name(f"frame-{page.name}")
        frame = f'<iframe src="{copy.name}{query}" width="{width}" height="800" style="border:0"></iframe>'
        take = "addEventListener('message', (event) => { document.documentElement.dataset.found = event.data; })"
        outer.write_text(f"<title>_</title><body>{frame}<script>{take}</script></body>", encoding="utf-8")
        copy.write_text(copy.read_text(encoding="utf-8").replace(
            "document.documentElement.dataset.found = JSON.stringify({ value, refused })",
            "parent.postMessage(JSON.stringify({ value, refused }), '*')"), encoding="utf-8")  # fmt: skip
        copy, query = outer, ""
    try:
        done = subprocess.run(
            [*command, "--dump-dom", copy.as_uri() + query], capture_output=True, text=True, timeout=120
        )
    finally:
        for made in (f"tried-{page.name}", f"frame-{page.name}"):
            page.with_name(made).unlink(missing_ok=True)
    return json.loads(unescape(re.search(r'<html[^>]*data-found="([^"]*)"', done.stdout)[1]))


AXE = next(f for f in distribution("axe-core-python").files if f.name == "axe.min.js")
LOOK = """
  document.documentElement.dataset.theme = "MODE";
  document.querySelectorAll("details").forEach((fold) => { fold.open = true; });
  await new Promise((go) => setTimeout(go, 500));
  const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const source = window.axeSource ?? document.querySelector("#axe").text;
  const frames = [...document.querySelectorAll("iframe")].map((frame) => frame.contentWindow), found = {};
  for (const one of [window, ...frames]) {
    if (one !== window) one.eval(source);
    const done = await one.axe.run({ include: [["html"]], exclude: [["iframe"]] }, { runOnly, resultTypes: ["violations"] });
    for (const rule of done.violations) found[rule.id] = [...(found[rule.id] ?? []), ...rule.nodes.map(
      (node) => node.html.slice(0, 200) + " " + node.failureSummary.slice(0, 260))];
  }
  return found;"""  # noqa: E501


def violations(page: Path, profile: Path, mode: str) -> dict[str, list[str]]:
    """What breaks WCAG 2.2 A or AA on a page: rule -> elements. All folds are opened."""
    still = "<style>* { transition: none !important; }</style>"
    axe = AXE.read_text("utf-8")
    before = f"{still}<script>localStorage.setItem('mode', '{mode}')</script><script id='axe'>{axe}</script>"
    return opened(page, profile, LOOK.replace("MODE", mode), before=before)["value"]
