"""Notebooks in a real JupyterLab, clicked through by a browser: for a test and for the picture in README.md.

It needs Chromium and Playwright (`pip install playwright`), which is no package of the course's.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from workshop.site.pdf import find_browser

CHROMIUM = find_browser()
CELL = """(panel => panel.content.widgets.findIndex(cell => cell.model.id === %s))(jupyterapp.shell.currentWidget)"""
READY = """() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === "idle"
  && window.jupyterapp.shell.currentWidget.context.isReady"""


@contextlib.contextmanager
def server(folder: Path, private: Path, progress: Path, seconds: float = 60) -> Iterator[str]:
    """JupyterLab with `folder` as its root, its settings in `private`; yields its address, with the token.

    Raises TimeoutError if it has not begun after so many seconds.
    """
    private.mkdir(parents=True, exist_ok=True)
    settings = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython",
                "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}  # fmt: skip
    environment = {**os.environ, "COURSE_PROGRESS": str(progress), "TQDM_DISABLE": "1"}
    environment |= {name: str(private / place) for name, place in settings.items()}
    page = private / "config" / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True)
    page.write_text(json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}))
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.port=0"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    with open(private / "log", "w", encoding="utf-8") as log:
        running = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        until = time.monotonic() + seconds
        while not (found := list((private / "runtime").glob("jpserver-*.json"))):
            if time.monotonic() > until or running.poll() is not None:
                raise TimeoutError(f"JupyterLab has not begun: {(private / 'log').read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.2)
        said = json.loads(found[0].read_text(encoding="utf-8"))
        yield f"http://127.0.0.1:{said['port']}/lab/tree/NAME?token={said['token']}"
    finally:
        running.terminate()
        running.wait(30)


@contextlib.contextmanager
def browser(width: int = 1100, height: int = 900, scale: float = 1.0) -> Iterator:
    """A page of Chromium; `page.problems` lists errors of its scripts and requests to other machines."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
        page.problems = []
        page.on("pageerror", lambda problem: page.problems.append(str(problem)))
        page.on("request", lambda asked: "//127.0.0.1:" in asked.url or asked.url[:5] in ("data:", "blob:")
                or page.problems.append(asked.url))  # fmt: skip
        yield page
        chromium.close()


class Notebook:
    """One notebook, open in the page; cells by their ids."""

    def __init__(self, page, address: str, name: str):
        """Opens it, and waits for its kernel."""
        self.page = page
        page.goto(address.replace("NAME", name))
        page.wait_for_function(READY, timeout=90_000)

    def cell(self, name: str):
        """The cell, scrolled to and chosen, as a locator."""
        self.page.evaluate(
            """async ([at, name]) => {
              const cells = jupyterapp.shell.currentWidget.content;
              cells.activeCellIndex = at;
              await cells.scrollToItem(at, "center");
              cells.widgets[at].node.dataset.id = name;
            }""",
            [self._at(name), name],
        )
        return self.page.locator(f'[data-id="{name}"]')

    def write(self, name: str, source: str) -> None:
        """Put this source into the cell."""
        change = (
            "([at, source]) => jupyterapp.shell.currentWidget.content.widgets[at].model.sharedModel.setSource(source)"
        )
        self.page.evaluate(change, [self._at(name), source])

    def run(self, name: str) -> str:
        """Run the cell to its end; what it has printed."""
        self.cell(name)
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-cell')")
        read = "at => jupyterapp.shell.currentWidget.content.widgets[at].model.outputs.toJSON()"
        outputs = self.page.evaluate(read, self._at(name))
        return "".join("".join(one.get("text", one.get("traceback", ""))) for one in outputs)

    def _at(self, name: str) -> int:
        at = self.page.evaluate(CELL % json.dumps(name))
        if at < 0:
            raise ValueError(f"The notebook has no cell {name!r}.")
        return at
