"""A page in Chromium to which keys and clicks are really sent, through its DevTools; no network."""

import json
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import AXE, CHROMIUM, LOOK

WATCH = """window.refused = [];
addEventListener("securitypolicyviolation", (event) => refused.push(event.blockedURI));"""
KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowLeft": 37, "ArrowRight": 39, "ArrowDown": 40, "Escape": 27,
        "?": 191}  # fmt: skip
TEXT = {"Enter": "\r", " ": " ", "?": "?"}


class Typed:
    """An open page; `press` is what a reader's keyboard does."""

    def __init__(self, socket):
        self.socket, self.count = socket, 0
        self.events = []  # what the browser said of its own accord since `arrived`

    def call(self, method: str, **parameters) -> dict:
        """One DevTools call and its result."""
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.count:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def event(self, method: str, fits) -> dict:
        """The parameters of the first event, since `arrived` or to come, that `fits` is true of."""
        looked = 0
        while True:
            for said in self.events[looked:]:
                if said.get("method") == method and fits(said["params"]):
                    return said["params"]
            looked = len(self.events)
            self.events.append(json.loads(self.socket.recv()))

    def value(self, expression: str):
        """Of an expression of JavaScript; a promise is waited for."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, key: str) -> None:
        """Down and up."""
        about = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": KEYS[key]}
        down = about | ({"text": TEXT[key]} if key in TEXT else {})
        self.call("Input.dispatchKeyEvent", type="keyDown" if key in TEXT else "rawKeyDown", **down)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def click(self, selector: str) -> None:
        """The left button, in the middle of the first such element."""
        box = f"document.querySelector({selector!r})"
        self.value(f"{box}.scrollIntoView({{ block: 'center', behavior: 'instant' }})")
        x, y = self.value(
            f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])({box}.getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def resize(self, width: int) -> None:
        """The window is this wide from now on; below 500 pixels it is a phone's."""
        about = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.call("Emulation.setDeviceMetricsOverride", **about)

    def violations(self, mode: str) -> dict[str, list[str]]:
        """What axe finds on this page, its folds opened (in dark: of its colours); it keeps one text of each kind."""
        if not self.value("Boolean(window.axe)"):
            self.value(f"window.axeSource = {json.dumps(AXE.read_text('utf-8'))}; true")
        return self.does(LOOK.replace("MODE", mode))

    def open(self, page: Path, query: str = "") -> None:
        """Go to a page, and have `window.refused` hold what its policy refuses it."""
        if "loaderId" not in self.call("Page.navigate", url=page.as_uri() + query):  # the same page, only scrolled
            self.event("Page.navigatedWithinDocument", lambda said: True)
            self.call("Page.reload")
        self.arrived(page.name)

    def does(self, act: str):
        """What `act`, the body of an async function, returns on this page."""
        return self.value(f"(async () => {{ {act} }})()")

    def forget(self) -> None:
        """As if nobody had been here."""
        self.value("localStorage.clear(); sessionStorage.clear()")
        self.resize(1280)

    def arrived(self, name: str) -> None:
        """Wait until a page of this name has been gone to and has asked for nothing for half a second.

        Nothing is evaluated until then: an expression would be lost with the page before it.
        """

        def is_it(said: dict) -> bool:
            return "parentId" not in said["frame"] and name in said["frame"]["url"]

        loader = self.event("Page.frameNavigated", is_it)["frame"]["loaderId"]
        self.event("Page.lifecycleEvent", lambda said: said["name"] == "networkIdle" and said["loaderId"] == loader)
        self.events.clear()

    def until(self, expression: str) -> None:
        """Wait until this is true: ten seconds at most."""
        for _ in range(100):
            if self.value(f"Boolean({expression})"):
                return
            time.sleep(0.1)
        raise AssertionError(f"not within ten seconds: {expression}")


@contextmanager
def typed(page: Path, profile: Path, width: int = 1280):
    """The page in a browser of its own."""
    websocket = pytest.importorskip("websocket")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    command += ["--remote-debugging-port=0", "--remote-allow-origins=*", "--proxy-server=127.0.0.1:9"]
    process = subprocess.Popen([*command, f"--window-size={width},900", "about:blank"], stderr=subprocess.DEVNULL)
    try:
        port = profile / "DevToolsActivePort"
        for _ in range(300):
            if port.is_file() and port.read_text().strip():
                break
            time.sleep(0.1)
        address = f"http://127.0.0.1:{port.read_text().split()[0]}/json"
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=20) as said:
            tab = next(one for one in json.load(said) if one["type"] == "page")
        socket = websocket.create_connection(tab["webSocketDebuggerUrl"], timeout=180, http_no_proxy=["127.0.0.1"])
        try:
            here = Typed(socket)
            here.call("Page.enable")
            here.call("Page.setLifecycleEventsEnabled", enabled=True)
            here.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
            here.open(page)
            yield here
        finally:
            socket.close()
    finally:
        process.terminate()
        process.wait(20)


def stops(page: Typed) -> list[str]:
    """Where Tab leads, from the beginning of a page until it leaves it: the elements, in HTML."""
    page.value("window.stopped = new Set()")
    found = []
    while said := page.press("Tab") or page.value("""(() => {
        const at = document.activeElement;
        if (at === document.body || stopped.has(at)) return "";
        stopped.add(at);
        return at.outerHTML.slice(0, 120); })()"""):
        found.append(said)
    return found
