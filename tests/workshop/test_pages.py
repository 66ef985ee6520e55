"""workshop.site.pages: pages load nothing, lose nothing, link rightly, and are the same bytes each time."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib import predictions, quizzes
from workshop.site import pages
from workshop.site.pages import reading_and_running, write_pages

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
).decode()
FRAME = '<iframe srcdoc="&lt;p&gt;a &amp;amp; b&lt;/p&gt;&lt;script&gt;1 &lt; 2&lt;/script&gt;" title="view"></iframe>'
OPENING = """# 1. Pipelines

From a name to an *answer*.

You need [chapter 2](02_models.ipynb#Why-it-works).

**Reading** 25 min · **Running** 2 min"""
PROSE = r"""## Why it works

With $n < 9$ tokens, see [execute.py](../workshop/execute.py#L3), [the second chapter](02_models.ipynb),
[an exercise](exercises/01.ipynb), [this](#Why-it-works) and [the paper](https://arxiv.org/abs/1706.03762).

$$\frac{QK^\top}{\sqrt{d}}$$

![a dot](dot.png)

<details><summary>Answer</summary>

Yes, $x$.

</details>

## Why it works
"""


def data(mime: str, content: str, **metadata):
    return new_output("display_data", data={mime: content, "text/plain": "fallback"}, metadata=metadata)


def code(source: str, *outputs, tags=(), **metadata):
    return new_code_cell(source, outputs=list(outputs), execution_count=1, metadata={"tags": list(tags), **metadata})


@pytest.fixture
def course(tmp_path) -> Path:
    """A small project: chapters, an executed copy of each, and files that they link to."""
    for folder in ("chapters/exercises", "course_lib", "build/executed"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "workshop").mkdir()
    (tmp_path / "workshop" / "execute.py").touch()
    (tmp_path / "chapters" / "exercises" / "01.ipynb").touch()
    (tmp_path / "chapters" / "dot.png").write_bytes(base64.b64decode(PIXEL))
    first = [
        new_markdown_cell(OPENING),
        new_markdown_cell(PROSE),
        code(
            "for x in y:\n    print('<b>')", new_output("stream", text="1 < 2\n\x1b[31mred\x1b[0m"), tags=["claim-C07"]
        ),
        code("plot()", data("image/png", PIXEL), data("image/png", PIXEL, alt='a "rising" line')),
        code(
            "table()", data("text/html", "<table class='dataframe'><tr><td>0.5</td></tr></table>"), tags=["claim-C07"]
        ),
        code("view()", data("text/html", FRAME), tags=["claim-C06", "claim-C12"]),
        code("svg()", data("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"), alt="A square"),
        code("widget()", data(pages.WIDGET, {"model_id": "1"}), data("application/javascript", "element.id = 'made'")),
        code("fail()", new_output("error", ename="E", evalue="v", traceback=["E: v"]), tags=["raises-exception"]),
        code("long()", new_output("stream", text="line\n" * 50)),
    ]
    second = [
        new_markdown_cell("# Models\n\nWhat `<follows>`, and [why](01_pipelines.ipynb).\n"),
        new_markdown_cell("## Why it works"),
        code("1"),
    ]
    for name, cells in (("01_pipelines", first), ("02_models", second)):
        notebook = new_notebook(cells=cells)
        notebook.metadata.course = {
            "source": f"../../chapters/{name}.ipynb",
            "versions": {"python": "3.11.7", "torch": "2.13.0", "transformers": "5.23.0"},
        }
        nbformat.write(notebook, tmp_path / "build" / "executed" / f"{name}.ipynb")
        (tmp_path / "chapters" / f"{name}.ipynb").touch()
    return tmp_path


def render(course: Path) -> dict[str, BeautifulSoup]:
    index = write_pages(sorted((course / "build" / "executed").glob("*.ipynb")), course / "build")
    assert index == (course / "build" / "index.html").resolve()
    return {p.name: BeautifulSoup(p.read_text(encoding="utf-8"), "html.parser") for p in index.parent.glob("*.html")}


def test_no_page_loads_anything(course):
    for name, soup in render(course).items():
        for tag in soup.find_all(["link", "script", "img", "iframe", "source", "video", "audio", "object", "embed"]):
            for attribute in ("src", "href", "data", "srcset"):
                assert not tag.get(attribute) or tag[attribute].startswith("data:"), f"{name}: {tag}"
        assert "@import" not in soup.style.string
        assert "url(" not in soup.style.string
        policy = soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
        assert policy.startswith("default-src 'none'")
        assert "http" not in policy
        assert "*" not in policy


def test_what_comes_from_a_host_is_replaced_by_a_link_with_a_warning(course):
    path = course / "build" / "executed" / "02_models.ipynb"
    notebook = nbformat.read(path, 4)
    html = '<script src="https://cdn.example/d3.js"></script><img src="//host/a.png" alt="a cat">'
    notebook.cells.append(code("cdn()", data("text/html", html)))
    nbformat.write(notebook, path)
    with pytest.warns(UserWarning, match="not loaded from the network") as caught:
        soup = render(course)["02_models.html"]
    assert ["cdn.example" in str(warning.message) for warning in caught] == [True, False]
    assert not soup.find(src=re.compile("cdn|host"))
    assert [a.get_text() for a in soup.select(".output a")] == [
        "script (not loaded: it is on the network)",
        "a cat (not loaded: it is on the network)",
    ]


def test_every_picture_is_inside_and_has_its_alt_text(course):
    images = render(course)["01_pipelines.html"].find_all("img")
    assert [image["alt"] for image in images] == ["a dot", "Figure drawn by code cell 2", 'a "rising" line', "A square"]
    assert all(image["src"].split(";base64,")[1] == PIXEL for image in images[:3])
    assert base64.b64decode(images[3]["src"].split(",")[1]).startswith(b"<svg")


def test_formulas_become_mathml(course):
    soup = render(course)["01_pipelines.html"]
    inline, block, in_details = soup.find_all("math")
    assert inline["display"] == "inline"
    assert inline.get_text() == "n<9"
    assert block["display"] == "block"
    assert block.mfrac.msqrt.get_text() == "d"
    assert in_details.find_parent("details").summary.get_text() == "Answer"
    assert "$" not in soup.main.get_text()


@pytest.mark.parametrize("formula", [r"\begin{aligned} a &= b \end{aligned}", r"\nosuchcommand x", r"\frac{a}{"])
def test_a_formula_that_cannot_be_converted_is_an_error_that_shows_it(course, formula):
    path = course / "build" / "executed" / "02_models.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell(f"# A\n\n${formula}$")]), path)
    with pytest.raises(ValueError, match="02_models") as caught:
        render(course)
    assert repr(formula) in str(caught.value)


def test_links_lead_to_pages_and_files_that_exist(course):
    rendered = render(course)
    prose = rendered["01_pipelines.html"].select(".prose a:not(.anchor-link)")
    assert [a["href"] for a in prose] == [
        "02_models.html#Why-it-works",
        "../workshop/execute.py#L3",
        "02_models.html",
        "../chapters/exercises/01.ipynb",
        "#Why-it-works",
        "https://arxiv.org/abs/1706.03762",
    ]
    for name, soup in rendered.items():
        ids = [tag["id"] for tag in soup.find_all(id=True)]
        assert len(ids) == len(set(ids)), f"{name}: an id occurs twice"
        for a in soup.find_all("a", href=True):
            parts = urlsplit(a["href"])
            if parts.scheme:
                continue
            assert (course / "build" / unquote(parts.path)).exists(), a
            target = soup if not parts.path else rendered.get(parts.path)
            if target is not None and parts.fragment:
                assert target.find(id=unquote(parts.fragment)), f"{name}: {a}"


def test_claims_are_badges_on_their_cell_and_on_the_index(course):
    rendered = render(course)
    badges = rendered["01_pipelines.html"].select(".cell .claim")
    assert [(a.get_text(), a["id"], a["href"]) for a in badges] == [
        ("C07", "C07", "#C07"),
        ("C07", "C07-2", "#C07-2"),
        ("C06", "C06", "#C06"),
        ("C12", "C12", "#C12"),
    ]
    assert badges[0].find_parent(class_="cell")["id"] == "cell-1"
    shown = rendered["index.html"].select(".claim")
    assert [a["href"] for a in shown] == [f"01_pipelines.html#{claim}" for claim in ("C06", "C07", "C12")]
    assert "3 claims shown" in rendered["index.html"].get_text()


def test_a_solution_is_folded_away_with_its_output(tmp_path):
    chapter = tmp_path / "01_one.ipynb"
    cells = [
        new_markdown_cell("# One\n\nA promise."),
        code("1 + 1", new_output("stream", text="two"), tags=["solution"]),
    ]
    nbformat.write(new_notebook(cells=cells), chapter)
    write_pages([chapter], tmp_path / "build")
    page = BeautifulSoup((tmp_path / "build" / "01_one.html").read_text(), "html.parser")
    (folded,) = page.select("details.solution")
    assert folded.summary.text == "Solution"
    assert not folded.has_attr("open")
    assert folded.select_one(".code") is not None
    assert "two" in folded.select_one(".outputs").text


FORM = predictions._as_form(predictions.Asked("p", "One and one?", ("*two*", "three")))
TWICE = 'def twice(x):\n    """Twice."""\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n\n\ntwice(2)'
QUESTION = {
    "type": "multiple_choice",
    "question": "One and one?",
    "name": "sum",
    "cell": "look",
    "answers": [
        {"answer": "two", "correct": True, "feedback": "Right so."},
        {"answer": "three", "correct": False, "feedback": "Count again."},
    ],
}


@pytest.fixture
def doing(tmp_path, monkeypatch):
    """The page of a chapter in which the reader writes, predicts and is asked."""
    monkeypatch.setattr(quizzes, "FOLDER", tmp_path)
    (tmp_path / "01.json").write_text(json.dumps([QUESTION]))

    def text(source, *tags):
        return new_markdown_cell(source, metadata={"tags": list(tags)})

    cells = [
        text("# One\n\nA promise."),
        code('predict("p", "?", ["two", "three"])', data("text/html", FORM), tags=["prediction"]),
        text("Some words."),
        code('print("seen")\nreveal("p", 1)', new_output("stream", text="It is two."), tags=["claim-C07"]),
        text("Two, because of one and one."),
        code("draw()", new_output("stream", text="a drawing of two"), tags=["claim-C12"]),
        text("And more about it."),
        text("**Exercise 1.0** · 1 min · easy"),
        code(TWICE, tags=["exercise"]),
        code('check("twice", twice)', new_output("stream", text="✓ passed"), tags=["check"]),
        code('predict("q", "?", ["two", "three"])', data("text/html", FORM), tags=["prediction"]),
        code('reveal("q", 1)'),
        text("## Yours\n\n**Exercise 1.1** · 5 min · easy"),
        code(TWICE, new_output("stream", text="the number 4"), tags=["exercise"]),
        code('check("twice", twice)', new_output("stream", text="✓ passed"), tags=["check"]),
        text("It doubles.", "solution"),
        code("1 + 1", new_output("stream", text="further"), tags=["solution"]),
        text("What follows."),
        text("Only to study.", "study-only"),
        code("2 + 2", tags=["study-only"]),
        text("Worked in words.", "solution"),
        text("## Quiz"),
        code("quiz(1)", data("text/plain", "1. One and one?"), tags=["quiz"]),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "01_one.ipynb")
    write_pages([tmp_path / "01_one.ipynb"], tmp_path / "build")
    return tmp_path / "build" / "01_one.html"


def soup_of(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_an_answer_is_folded_behind_its_prediction_with_what_follows_from_it(doing):
    soup = soup_of(doing)
    (answer,) = soup.select("details.revealed")
    assert answer["data-reveals"] == soup.select_one("form.prediction")["data-name"] == "p"
    assert not answer.has_attr("open")
    assert answer.find_parent(class_="cell").select_one(".code").get_text().strip().endswith('reveal("p", 1)')
    outputs = [tag.get_text().strip() for tag in answer.select(".outputs")]
    assert outputs == ["It is two.", "a drawing of two"]
    assert [tag.get_text().strip() for tag in answer.select(".prose")] == [
        "Two, because of one and one.",
        "And more about it.",
    ]
    assert soup.select_one("#C07").find_parent("details") is None
    assert soup.select_one(".cell.prediction .code") is None, "of a prediction a page shows the form, not the call"


def test_an_exercise_shows_its_stub_and_folds_its_solution_with_what_is_said_about_it(doing):
    soup = soup_of(doing)
    exercise = soup.select(".cell.exercise")[1]
    stub, solution, _ = exercise.select(".code")
    assert "..." in stub.get_text()
    assert "2 * x" not in stub.get_text()
    folded = solution.find_parent("details")
    assert folded.summary.get_text() == "Solution"
    assert not folded.has_attr("open")
    assert "return 2 * x" in solution.get_text()
    assert "SOLUTION" not in soup.get_text()
    for words in ("the number 4", "It doubles.", "further"):
        assert words in folded.get_text()
    assert exercise.find_next_sibling()["id"] == "cell-9", "the check, with what it prints"
    assert soup.find(id="cell-9").find_parent("details") is None
    other = soup.find(string=re.compile("Worked in words")).find_parent("details")
    assert (other["class"], other.summary.get_text()) == (["solution"], "Solution")
    assert other is not folded


def test_what_is_only_to_study_is_not_on_the_page(doing):
    soup = soup_of(doing)
    assert "Only to study" not in soup.get_text()
    assert "2 + 2" not in soup.get_text()


def test_a_quiz_has_its_buttons_and_asks_no_host(doing):
    cell = soup_of(doing).select_one(".cell.quiz")
    assert cell.select_one(".code") is None
    assert "Count again." in cell.script.get_text()
    assert not re.search("https?://", str(cell))


@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser")
def test_in_a_browser_choosing_opens_the_answer_and_the_quiz_marks(doing):
    html = doing.read_text(encoding="utf-8")
    acts = """<script>addEventListener("load", () => {
      const fold = document.querySelector("details.revealed"), before = fold.open;
      document.querySelector("form.prediction button").click();  // nothing is chosen yet
      const unchosen = fold.open;
      document.querySelector("form.prediction input").click();
      document.querySelector("form.prediction [name=sure]").value = 80;
      document.querySelector("form.prediction button").click();
      document.querySelectorAll(".cell.quiz label, .cell.quiz button")[1].click();
      document.title = JSON.stringify([before, unchosen, fold.open, document.querySelector("[role=status]").textContent,
        document.querySelector(".cell.quiz").innerText]);
    });</script>"""
    doing.write_text(html.replace("</body>", acts + "</body>"), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    done = subprocess.run([*command, doing.as_uri()], capture_output=True, text=True, timeout=120)
    linked = subprocess.run([*command, f"{doing.as_uri()}#C12"], capture_output=True, text=True, timeout=120)
    assert json.loads(BeautifulSoup(linked.stdout, "html.parser").title.get_text())[0], "a link into a fold opens it"
    before, unchosen, after, said, quiz = json.loads(BeautifulSoup(done.stdout, "html.parser").title.get_text())
    assert (before, unchosen, after) == (False, False, True)
    assert said == "You said: two, 80 % sure. Read on to the answer."
    assert "Count again." in quiz


def test_index_lists_each_chapter_with_its_promise_and_minutes(course):
    first, second = render(course)["index.html"].select(".chapters > li")
    assert first.h2.get_text() == "01 Pipelines"
    assert first.a["href"] == "01_pipelines.html"
    assert first.p.get_text() == "From a name to an answer."
    assert first.select_one(".minutes").get_text() == "25 min to read · 2 min to run"
    assert second.p.get_text() == "What <follows>, and why."
    assert second.select_one(".minutes") is None


def test_outputs_are_kept_as_they_are(course):
    soup = render(course)["01_pipelines.html"]
    outputs = [cell.select(".output") for cell in soup.select(".cell")]
    assert outputs[0][0].pre.get_text() == "1 < 2\nred"
    assert outputs[0][0].select_one(".ansi-red-fg").get_text() == "red"
    assert outputs[2][0].table["class"] == ["dataframe"]
    assert outputs[3][0].iframe["srcdoc"] == "<p>a &amp; b</p><script>1 < 2</script>"
    assert "JupyterLab" in outputs[5][0].get_text()
    assert "element.id = 'made'" in outputs[5][1].script.string
    assert outputs[6][0].select_one(".label").get_text() == "This error is expected"
    assert "E: v" in outputs[6][0].pre.get_text()
    assert "long" in outputs[7][0]["class"]
    assert outputs[7][0]["tabindex"] == "0"


def test_code_is_highlighted_and_text_is_exact(course):
    pre = render(course)["01_pipelines.html"].select_one(".code pre")
    assert pre.get_text().strip() == "for x in y:\n    print('<b>')"
    assert [span.get_text() for span in pre.select(".k")] == ["for"]


def test_frame_language_sections_neighbours_versions(course):
    rendered = render(course)
    first, second = rendered["01_pipelines.html"], rendered["02_models.html"]
    for soup in rendered.values():
        assert soup.html["lang"] == "en"
        assert len(soup.find_all("h1")) == 1
        assert soup.select_one("a.skip")["href"] == f"#{soup.main['id']}"
        assert "Python 3.11.7, PyTorch 2.13.0, Transformers 5.23.0" in soup.footer.get_text()
    sections = [a["href"] for a in first.select("nav.wide a")]
    assert sections == ["#Why-it-works", "#Why-it-works-2"]
    assert first.select_one("a[rel=next]")["href"] == "02_models.html"
    assert first.select_one("a[rel=prev]") is None
    assert second.select_one("a[rel=prev]")["href"] == "01_pipelines.html"


def test_second_rendering_gives_the_same_bytes(course):
    render(course)
    first = {path.name: path.read_bytes() for path in (course / "build").glob("*.html")}
    render(course)
    assert {path.name: path.read_bytes() for path in (course / "build").glob("*.html")} == first
    assert sorted(first) == ["01_pipelines.html", "02_models.html", "index.html"]


def test_a_chapter_can_be_rendered_from_its_own_stored_outputs(tmp_path):
    nbformat.write(new_notebook(cells=[new_markdown_cell("# A"), code("1")]), tmp_path / "a.ipynb")
    index = write_pages([tmp_path / "a.ipynb"], tmp_path / "build")
    assert "Rendered from the outputs stored" in index.read_text(encoding="utf-8")


def test_bad_input_says_what_was_wrong(course, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.ipynb"):
        write_pages([tmp_path / "nowhere.ipynb"], tmp_path)
    path = course / "build" / "executed" / "02_models.ipynb"
    with pytest.raises(ValueError, match="name of its own"):
        write_pages([path, path], tmp_path)
    nbformat.write(new_notebook(cells=[new_markdown_cell("# A\n\n![x](missing.png)")]), path)
    with pytest.raises(ValueError, match=r"missing\.png"):
        write_pages([path], tmp_path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("You need Python. Reading 25 min · Running 40 s", ["25 min to read", "40 s to run"]),
        ("Reading  6 min  ·  Running  3 min more", ["6 min to read", "3 min to run"]),
        ("About 25 minutes to read, 2 minutes to run.", []),
        ("Reading 12 papers is running late.", []),
    ],
)
def test_reading_and_running(text, found):
    assert reading_and_running(text) == found


def test_colours_have_enough_contrast_in_light_and_dark():
    """WCAG 2.2 AA: 4.5:1 for every colour of text on every ground it stands on."""
    css = (pages.LOOKS / "pages.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks[:2])
    assert light.keys() == dark.keys()
    pairs = [(ink, ground) for ink in ("text", "muted", "link", "error") for ground in ("page", "code-bg", "mark")]
    pairs += [(ink, "code-bg") for ink in ("keyword", "string", "number", "comment")]
    pairs += [(ink, "error-bg") for ink in ("text", "error", "number", "link")] + [("claim-text", "claim-bg")]
    low = {
        (name, ink, ground): round(contrast(colours[ink], colours[ground]), 2)
        for name, colours in (("light", light), ("dark", dark))
        for ink, ground in pairs
        if contrast(colours[ink], colours[ground]) < 4.5
    }
    assert low == {}


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
