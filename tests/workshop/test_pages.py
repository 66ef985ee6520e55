"""workshop.site: the pages lose nothing, link rightly, fold what answers a question, and load nothing from a host."""

import base64
import html
import json
import re
import time
import zipfile
from pathlib import Path

import nbformat
import pytest
from browser import needs_browser
from bs4 import BeautifulSoup
from keyboard import typed
from links import problems
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib import predictions, quizzes
from course_lib.exercises.registry import declared
from workshop import make
from workshop.site import chapters, claims, launch, texts
from workshop.site.extension import POLICY, formula
from workshop.site.pages import PagesError, write_pages

PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
).decode()
INSIDE = '<!doctype html><html lang="en"><title>view</title><p>a &amp; b</p><script>1 < 2</script></html>'
FRAME = f'<iframe srcdoc="{html.escape(INSIDE)}" title="view"></iframe>'
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
CLAIMS = {
    "C07": {"chapter": 1, "shown": True, "claim": "One and one are two."},
    "C12": {"chapter": 1, "shown": True, "claim": "Drawings help."},
    "C35": {"chapter": 5, "shown": True, "claim": "Padding is not seen."},
}
GLOSSARY = """# Glossary

| term | Korean | in one line | chapter |
| --- | --- | --- | --- |
| <a id="token"></a>token | 토큰 | a word or a piece of a word | 01 |
| <a id="step-batch"></a>step, batch | 스텝 | one change of the weights | 01 |
"""
OPENING = """# 1. Pipelines

From a name to an *answer*.

You need [chapter 2](02_models.ipynb#Why-it-works).

**Reading** 25 min · **Running** 2 min"""
PROSE = r"""## Why it works

With $n < 9$ **[tokens](../GLOSSARY.md#token)** and a [batch](../GLOSSARY.md#step-batch), see
[execute.py](../workshop/execute.py#L3), [the second chapter](02_models.ipynb), [this](#Why-it-works) and
[the paper](https://arxiv.org/abs/1706.03762).

$$\frac{QK^\top}{\sqrt{d}}$$

![a dot](figures/dot.png)

| you saw | claim |
| --- | --- |
| two | C07 |
"""


def data(mime: str, content: str, **metadata):
    return new_output("display_data", data={mime: content, "text/plain": "fallback"}, metadata=metadata)


def printed(text: str):
    return new_output("stream", text=text)


def code(source: str, *outputs, tags=(), id="", **metadata):
    cell = new_code_cell(source, outputs=list(outputs), execution_count=1, metadata={"tags": list(tags), **metadata})
    return cell | ({"id": id} if id else {})


def text(source: str, *tags):
    return new_markdown_cell(source, metadata={"tags": list(tags)})


SUMS = '''"""Sums."""


def add(left: int, right: int = 1) -> int:
    """The sum of `left` and `right`. Raises TypeError for what is no number."""


def _hidden():
    """Not for readers."""
'''
DOING = [
    code('predict("p", "?", ["two", "three"])', data("text/html", FORM), tags=["prediction"]),
    text("Some words."),
    code('print("seen")\nreveal("p", 1)\nassert 1 + 1 == 2', printed("It is two."), tags=["claim-C07"], id="sum"),
    text("Two, because of one and one."),
    code("draw()", printed("a drawing of two"), tags=["claim-C12"], id="draw"),
    text("And more about it."),
    text("**Exercise 1.0** · 1 min · easy"),
    code(TWICE, printed("the number 4"), tags=["exercise"], id="write-twice"),
    code('check("double", twice)', printed("✓ passed"), tags=["check"], id="check-twice"),
    text("It doubles.", "solution"),
    code("twice(3)", printed("further"), tags=["solution"]),
    text("## Only here", "study-only"),
    text("Another question."),
    text("Worked in words.", "solution"),
    text("## Quiz"),
    code("quiz(1)", printed("1. One and one?"), tags=["quiz"]),
]
SHOWING = [
    code("for x in y:\n    print('<b>')", printed("1 < 2\n\x1b[31mred\x1b[0m"), id="loop"),
    code("plot()", data("image/png", PIXEL)),
    code("plot()", data("image/png", PIXEL, **{"image/png": {"alt": 'a "rising" line'}})),
    code("from course_lib.sums import add"),
    code("table()", data("text/html", "<table class='dataframe'><tr><td>0.5</td></tr></table>"), tags=["claim-C07"]),
    code("view()", data("text/html", FRAME)),
    code("widget()", data(chapters.WIDGET, {"model_id": "1"})),
    code("fail()", new_output("error", ename="E", evalue="v", traceback=["E: v"]), tags=["raises-exception"]),
    code("card()", data("text/markdown", "| kept | rows |\n| --- | --- |\n| 0.5 | 75 |"), id="card"),
]
SECOND = [
    text("# Models\n\nWhat `<follows>`, and [why](01_pipelines.ipynb).\n"),
    text("## Why it works"),
    code("1"),
]


def project(place: Path, **notebooks: list) -> list[Path]:
    """A small project with executed copies of its chapters; returns their paths."""
    shipped, records = "course_lib/checkpoints/shipped/small", "course_lib/experiments/records"
    for folder in ("chapters/figures", "tests", "workshop", "build/executed", shipped, records):
        (place / folder).mkdir(parents=True)
    (place / shipped / "card.md").write_text("# small\n\nA [model](../x.py).\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    (place / records / "curve.json").write_text('{"command": "python -m curve", "runs": [1, 2]}')
    (place / "course_lib" / "sums.py").write_text(SUMS)
    (place / "workshop" / "execute.py").touch()
    (place / "chapters" / "figures" / "dot.png").write_bytes(base64.b64decode(PIXEL))
    (place / "tests" / "claims.json").write_text(json.dumps(CLAIMS))
    (place / "GLOSSARY.md").write_text(GLOSSARY, encoding="utf-8")
    paths = []
    for name, cells in notebooks.items():
        notebook = new_notebook(cells=[nbformat.from_dict(cell) for cell in cells])
        nbformat.write(notebook, place / "chapters" / f"{name}.ipynb")
        notebook.metadata.course = {
            "source": f"../../chapters/{name}.ipynb",
            "versions": {"python": "3.11.7", "torch": "2.13.0", "transformers": "5.23.0"},
        }
        paths.append(place / "build" / "executed" / f"{name}.ipynb")
        nbformat.write(notebook, paths[-1])
        paths[-1].with_suffix(".json").write_text('{"when": "2026-11-28"}')
    return paths


def write(place: Path, paths: list[Path]) -> Path:
    return write_pages(paths, place / "build", place).parent


def read(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quizzes, "FOLDER", place)
        (place / "01.json").write_text(json.dumps([QUESTION]))
        chapter = [text(OPENING), text(PROSE), *SHOWING, *DOING]
        write(place, project(place, **{"01_pipelines": chapter, "02_models": SECOND}))
    return place


@pytest.fixture(scope="module")
def site(place):
    return place / "build" / "site"


@pytest.fixture(scope="module")
def page(site):
    return read(site / "01_pipelines.html").select_one("article")


@pytest.fixture(scope="module")
def browser(site, tmp_path_factory):
    """One for all that follows."""
    with typed(site / "index.html", tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def reader(browser):
    """Somebody who has not been here before, at a desk."""
    browser.forget()
    return browser


# ---------------------------------------------------------------- nothing from a host


def test_make_clean_knows_what_a_build_leaves(site):
    assert {path.name for path in site.parent.iterdir()} <= set(make.MADE)
    assert not (site / "jupyter_execute").exists(), "a working folder of MyST-NB is no page"


def test_no_page_loads_anything_from_a_host(site):
    for path in site.rglob("*.html"):
        soup = read(path)
        for tag in soup.find_all(["link", "script", "img", "iframe", "source", "video", "audio", "object", "embed"]):
            for attribute in ("src", "href", "data", "srcset"):
                assert not re.match(r"\s*(https?:)?//", tag.get(attribute, "")), f"{path.name}: {tag}"
        if soup.head is not None and soup.head.title:
            assert soup.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"] == POLICY
    assert POLICY.startswith("default-src 'none'")
    assert "http" not in POLICY
    assert "*" not in POLICY
    for path in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", path.read_text(encoding="utf-8")), path


def test_what_comes_from_a_host_is_replaced_by_a_link_with_a_warning():
    with pytest.warns(UserWarning, match="not loaded from the network") as caught:
        found = chapters.without_hosts(
            '<script src="https://cdn.example/d3.js"></script><img src="//a/b.png" alt="cat">'
        )
    assert ["cdn.example" in str(warning.message) for warning in caught] == [True, False]
    assert (
        found
        == '<a href="https://cdn.example/d3.js">script (on the network)</a><a href="//a/b.png">cat (on the network)</a>'
    )


@needs_browser
def test_in_a_browser_nothing_is_asked_and_nothing_refused(site, reader):
    """Neither a request to a host nor one that the policy stopped; the search answers from a file."""
    for name in ("index", "01_pipelines", "claims", "glossary"):
        reader.open(site / f"{name}.html")
        assert reader.value("refused") == []
        assert reader.value("document.styleSheets.length") > 3
    reader.value("document.body.append(Object.assign(new Image(), { src: 'https://models.invalid/a.png' }))")
    reader.until("refused.includes('https://models.invalid/a.png')")
    reader.open(site / "search.html", "?q=doubles")
    found = reader.value("[...document.querySelectorAll('#search-results li a')].map(a => a.textContent)")
    assert found == ["01 Pipelines"]


# ---------------------------------------------------------------- what a chapter says


def test_every_picture_has_its_alt_text(page):
    images = page.find_all("img")
    assert [image["alt"] for image in images] == ["a dot", "Figure drawn by the code above", 'a "rising" line']
    assert all((image["src"].startswith("_images/")) for image in images)


def test_a_table_in_markdown_that_a_cell_displays_is_a_table(page):
    table = page.find(string="kept").find_parent("table")
    assert [cell.get_text() for cell in table.find_all(["th", "td"])] == ["kept", "rows", "0.5", "75"]


def test_formulas_become_mathml(page):
    inline, block = page.find_all("math")
    assert inline["display"] == "inline"
    assert inline.get_text() == "n<9"
    assert block["display"] == "block"
    assert block.mfrac.msqrt.get_text() == "d"
    assert "$" not in page.get_text()


@pytest.mark.parametrize("latex", [r"\begin{aligned} a &= b \end{aligned}", r"\nosuchcommand x", r"\frac{a}{"])
def test_a_formula_that_cannot_be_converted_is_an_error_that_shows_it(latex):
    with pytest.raises(ValueError, match="cannot be converted") as caught:
        formula(latex, "inline")
    assert repr(latex) in str(caught.value)


def test_outputs_are_kept_as_they_are(page):
    outputs = page.select(".cell_output")
    assert outputs[0].get_text().strip() == "1 < 2\nred"
    assert outputs[3].table["class"] == ["dataframe"]
    assert outputs[4].iframe["srcdoc"] == INSIDE
    assert "Open this chapter in JupyterLab" in outputs[5].get_text()
    assert "E: v" in outputs[6].get_text()


def test_code_is_highlighted_and_text_is_exact(page):
    pre = page.select_one(".cell_input pre")
    assert pre.get_text().strip() == "for x in y:\n    print('<b>')"
    assert [span.get_text() for span in pre.select(".k")] == ["for"]


def test_a_claim_is_said_above_its_cell_and_the_page_of_claims_has_its_assert(site, page):
    badges = page.select(".claim")
    assert [badge.get_text().strip() for badge in badges] == [
        "C07 One and one are two.",
        "C07 One and one are two.",
        "C12 Drawings help.",
    ]
    assert [bool(badge.get("id")) for badge in badges] == [True, False, True]
    assert badges[0].a["href"] == "claims.html#claim-c07"
    claims = read(site / "claims.html").article
    assert "assert 1 + 1 == 2" in claims.get_text()
    assert claims.select_one('a[href="01_pipelines.html#c07"]')
    assert "held on 2026-11-28 with Python 3.11.7, PyTorch 2.13.0, Transformers 5.23.0" in claims.get_text()
    assert claims.get_text().index("In chapters that have no page here") < claims.get_text().index(
        "Padding is not seen."
    )
    assert page.select_one("table a[href='#c07']"), "a recap links to the cell"


def test_an_answer_is_folded_behind_its_prediction_with_what_follows_from_it(page):
    (answer,) = page.select("details.answer")
    assert answer["data-reveals"] == page.select_one("form.prediction")["data-name"] == "p"
    assert not answer.has_attr("open")
    said = answer.get_text()
    for words in ("It is two.", "Two, because of one and one.", "a drawing of two", "And more about it."):
        assert words in said
    assert "Exercise 1.0" not in said
    before = answer.find_previous_sibling("div", class_="cell")
    assert before["id"] == "sum"
    assert 'reveal("p", 1)' in before.get_text()
    assert page.select_one(".prediction.cell .cell_input") is None, "of a prediction a page shows the form"


def test_an_exercise_shows_its_stub_and_folds_its_solution_with_what_is_said_about_it(page):
    exercise = page.find(id="write-twice")
    assert "..." in exercise.get_text()
    assert "2 * x" not in exercise.get_text()
    assert "✓ passed" in exercise.find_next_sibling("div", class_="check").get_text()
    solution, other = page.select("details.solution")
    assert solution.summary.get_text() == "Solution"
    for words in ("return 2 * x", "the number 4", "It doubles.", "further"):
        assert words in solution.get_text()
    said = declared()["double"].commentary
    assert "`" in said
    assert said.replace("`", "") in " ".join(solution.get_text().split()), "what `solution` says, with its code as code"
    assert "Worked in words." in other.get_text()
    assert "SOLUTION" not in page.get_text()
    assert "Only here" not in page.get_text()


def test_a_term_is_linked_to_the_glossary_and_its_line_lies_ready(site, page):
    links = [a["href"] for a in page.find_all("a") if "glossary" in a["href"]]
    assert links == ["glossary.html#term-token", "glossary.html#term-step-batch"]
    glossary = read(site / "glossary.html")
    assert "토큰" in glossary.find(id="term-token").find_next("dd").get_text()
    said = (site / "_static" / "terms.js").read_text(encoding="utf-8")
    terms = json.loads(re.search(r"{.*}", said)[0])
    assert terms == {"term-token": "a word or a piece of a word", "term-step-batch": "one change of the weights"}


def test_the_reference_has_the_docstrings_and_chapters_and_functions_are_linked_both_ways(site, page):
    reference = read(site / "reference.html").article
    entry = reference.find(id="course_lib.sums.add")
    assert entry.get_text().strip() == "add(left, right=1)"
    about = entry.find_next("dd")
    assert "Raises TypeError for what is no number." in about.get_text()
    assert about.a["href"] == "01_pipelines.html"
    assert "_hidden" not in reference.get_text()
    assert page.find("a", href="reference.html#course_lib.sums.add").get_text() == "add"


def test_the_evidence_has_cards_records_and_what_was_measured(site, place):
    evidence = read(site / "evidence.html").article
    assert [h.get_text() for h in evidence.select("h3")] == ["small"]
    row = [td.get_text() for td in evidence.select("table")[-1].select("tbody td")]
    assert row == ["curve", "2", "python -m curve"]


# ---------------------------------------------------------------- the frame


def test_links_lead_to_pages_and_anchors_that_exist_and_the_html_is_whole(site):
    assert list(problems(site)) == []


def test_the_frame_has_chapters_with_numbers_neighbours_and_the_notebook(place, site):
    soup = read(site / "02_models.html")
    assert soup.html["lang"] == "en"
    assert [h1.get_text() for h1 in soup.select("article h1")] == ["02 Models"]
    assert soup.select_one("a.left-prev")["href"] == "01_pipelines.html"
    listed = [a.get_text().strip() for a in soup.select("nav.bd-links a")]
    assert listed == [
        "01 Pipelines",
        "02 Models",
        "Claims",
        "Evidence",
        "Glossary",
        "Reference",
    ]
    assert not soup.find_all(href=re.compile("github")), "no repository is named"


@pytest.mark.parametrize("name", ["01_pipelines", "02_models"])
def test_a_chapter_is_downloaded_as_it_is_with_its_pictures(place, site, name):
    (download,) = read(site / f"{name}.html").select("a.btn-notebook")
    with zipfile.ZipFile(site / download["href"]) as archive:
        assert archive.read(f"{name}.ipynb") == (place / "chapters" / f"{name}.ipynb").read_bytes()
        pictures = ["figures/dot.png"] if name == "01_pipelines" else []
        assert archive.namelist() == [f"{name}.ipynb", *pictures]
    assert not read(site / "claims.html").select("a.btn-notebook")


def test_the_index_says_what_each_chapter_is(site):
    article = read(site / "index.html").article
    said = " ".join(article.get_text().split())
    assert "2 chapters, 17 executed cells, 2 claims shown" in said
    card = article.select_one(".card-of")
    assert " ".join(card.get_text().split()) == "01 Pipelines From a name to an answer. 25 min to read, 2 min to run"
    listed = [li.get_text().split(":")[0] for li in article.select("li")]
    assert listed == ["Claims", "Evidence", "Glossary", "Reference"]
    assert article.find("a", string="02 Models")["href"] == "02_models.html"


def test_a_page_that_cannot_be_made_costs_no_other(tmp_path):
    paths = project(tmp_path, **{"01_pipelines": [text("# A"), code("1")], "02_models": [text("# B\n\n![x](no.png)")]})
    (tmp_path / "build" / "executed" / "03_half.ipynb").write_text("{half")
    with pytest.raises(PagesError) as caught:
        write(tmp_path, [*paths, tmp_path / "build" / "executed" / "03_half.ipynb"])
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("there is no picture no.png")
    assert lines[1].startswith("03_half has no page")
    assert len(lines) == 2
    assert (caught.value.index.parent / "01_pipelines.html").is_file()
    assert not (caught.value.index.parent / "02_models.html").exists()


NOT_TO_BE_MADE = {  # some stop Python, some stop Sphinx; and words that are said of each
    "no choices": ([code("predict('a')", tags=["prediction", "slide"])], "a prediction on a slide calls predict"),
    "names": ([code("predict(name, 1 + 1)", tags=["prediction", "slide"])], "predict(name, 1 + 1)"),
    "half a prediction": ([code("predict(", tags=["prediction", "slide"])], "written out"),
    "half a check": ([code("1", tags=["exercise"]), code("check(", tags=["check"])], "a check is not Python, 'check('"),
    "a null in a check": ([code("1", tags=["exercise"]), code("check(\0)", tags=["check"])], "a check is not Python"),
    "half a character": ([text("a \ud800 b")], "surrogates not allowed"),
    "a fold of no kind": ([text("+++ fold x"), text("y"), text("+++ fold-end")], "02_odd has no page: KeyError"),
    "alt is a number": ([code("plot()", data("image/png", PIXEL), alt=5)], "has no page: ExtensionError"),
    "no picture's metadata": ([code("plot()", data("image/png", PIXEL, **{"image/png": None}))], "AttributeError"),
    "a picture's long name": ([text(f"![x]({'x' * 300}.png)")], "there is no picture xxx"),
    "half a bracket": ([text("[x](http://[half)")], "the link to 'http://[half' cannot be followed"),
    "a byte of no name": ([text("[x](a%00b.md)")], "the link to 'a%00b.md' cannot be followed"),
}


@pytest.mark.parametrize(("cells", "said"), NOT_TO_BE_MADE.values(), ids=NOT_TO_BE_MADE)
def test_whatever_stops_at_a_chapter_costs_no_other(tmp_path, cells, said):
    good, odd = project(tmp_path, **{"01_good": SECOND, "02_odd": []})
    made = nbformat.read(odd, as_version=4)
    made.cells = [nbformat.from_dict(cell) for cell in [text("# Odd"), *cells]]
    odd.write_text(json.dumps(made))
    with pytest.raises(PagesError) as caught:
        write(tmp_path, [odd, good])
    assert said in str(caught.value)
    assert sorted(path.name for path in caught.value.index.parent.glob("0*.html")) == ["01_good.html"]
    assert "02_odd" not in caught.value.index.read_text(encoding="utf-8")
    assert {path.name for path in (tmp_path / "build").iterdir()} <= {"executed", *make.MADE}


def test_an_address_that_is_none_is_loaded_from_nowhere(tmp_path):
    """And a link with a name that is too long for a file leads nowhere."""
    odd = [text(f"# A\n\n[x]({'x' * 5000}.md)"), code("1", data("text/html", '<iframe src="http://[half"></iframe>'))]
    with pytest.warns(UserWarning, match="not loaded from the network"):
        site = write(tmp_path, project(tmp_path, **{"02_odd": odd}))
    assert not read(site / "02_odd.html").select("iframe")


@pytest.mark.parametrize("record", ["{half", "[]", '["when"]', "null"])
def test_a_damaged_record_tells_no_day(tmp_path, record):
    paths = project(tmp_path, **{"01_a": [text("# A"), code("assert 1 + 1 == 2", tags=["claim-C07"])]})
    paths[0].with_suffix(".json").write_text(record)
    assert "All of these held with Python" in claims.held(chapters.read(paths[0]))


def test_a_long_line_takes_a_time_that_grows_with_its_length(tmp_path):
    paths = project(tmp_path, **{"02_odd": [text("# A"), code("1", printed("x" * 1_000_000))]})
    begun = time.process_time()
    site = write(tmp_path, paths)
    assert time.process_time() - begun < 60, "joining streams by a regular expression takes several minutes"
    assert "x" * 1_000_000 in (site / "02_odd.html").read_text(encoding="utf-8")


def test_a_null_character_in_code_is_no_reason_for_no_page(tmp_path):
    odd = [text("# A"), code("assert 1 == 1  # \0", tags=["claim-C07", "raises-exception"])]
    assert (write(tmp_path, project(tmp_path, **{"02_odd": odd})) / "02_odd.html").is_file()


def test_a_chapter_that_can_be_read_no_longer_has_no_page_of_before(tmp_path):
    good, odd = project(tmp_path, **{"01_good": SECOND, "02_odd": [text("# Odd")]})
    (tmp_path / "chapters" / "02_odd.ipynb").write_text("{half")
    with pytest.raises(PagesError, match=r"02_odd has no page: .*02_odd.ipynb is not a notebook"):
        write(tmp_path, [good, odd])


DOCUMENT = """# How\n\n## Files\n
```
lib/            what is <used>
  one.py        `one` and more
a/b, c
```

## Way

```
one ──► two  & more
 │
```
"""


def test_a_tree_of_files_becomes_a_list_and_a_drawing_a_region_that_keys_reach():
    shown = texts.architecture(DOCUMENT)
    listed = "- `lib/` what is <used>\n  - `one.py` `one` and more\n- `a/b`, `c`\n"
    assert f":::{{container}} files\n{listed}:::" in shown
    drawing = BeautifulSoup(shown, "html.parser").select_one(".drawing")
    assert (drawing["tabindex"], drawing["role"], drawing["aria-label"]) == ("0", "region", "Drawing: Way")
    assert drawing.pre.get_text() == "one ──► two  & more\n │\n"


def test_the_address_of_the_repository_is_read_once(tmp_path, monkeypatch):
    asked, found = [], launch.addresses
    monkeypatch.setattr(launch, "addresses", lambda root: asked.append(root) or found(root))
    write(tmp_path, project(tmp_path, **{"01_pipelines": [text(OPENING)], "02_models": SECOND}))
    assert asked == [tmp_path]


@pytest.mark.parametrize("wrong", ["[x](02_models.ipynb#nowhere)", r"$\nosuchcommand$"])
def test_a_link_that_leads_nowhere_and_a_formula_that_cannot_be_are_said(tmp_path, wrong):
    paths = project(tmp_path, **{"02_models": [text(f"# B\n\n{wrong}")]})
    with pytest.raises(PagesError, match="02_models.ipynb.*(nowhere|nosuchcommand)"):
        write(tmp_path, paths)


def test_one_chapter_alone_has_words_where_links_lead_to_a_chapter_without_a_page(tmp_path):
    prose = "# A\n\nSee [chapter 2](02_models.ipynb#Why-it-works) and [this one](01_a.ipynb)."
    alone, _ = project(tmp_path, **{"01_a": [text(prose)], "02_models": SECOND})
    page = read(write(tmp_path, [alone]) / "01_a.html").select_one("article")
    assert "See chapter 2 and this one." in page.get_text()
    assert [link.get_text() for link in page.select("p a")] == ["this one"]


def test_bad_input_says_what_was_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.ipynb"):
        write_pages([tmp_path / "nowhere.ipynb"], tmp_path)
    (path,) = project(tmp_path, **{"02_models": [text("# A")]})
    with pytest.raises(ValueError, match="name of its own"):
        write_pages([path, path], tmp_path)


def test_a_second_building_gives_the_same_bytes(tmp_path):
    paths = project(tmp_path, **{"01_a": [text("# A\n\nWords."), code("1", printed("1"))]})
    twice = [{p: p.read_bytes() for p in write(tmp_path, paths).rglob("*") if p.is_file()} for _ in range(2)]
    assert twice[0] == twice[1]


# ---------------------------------------------------------------- in a browser


@needs_browser
def test_in_a_browser_choosing_opens_the_answer_the_quiz_marks_and_terms_say_what_they_are(site, reader):
    act = """
      const fold = document.querySelector("details.answer"), found = [fold.open];
      document.querySelector("form.prediction button").click();  // nothing is chosen yet
      found.push(fold.open);
      document.querySelector("form.prediction input").click();
      document.querySelector("form.prediction [name=sure]").value = 80;
      document.querySelector("form.prediction button").click();
      found.push(fold.open, document.querySelector("form.prediction ~ [role=status]").textContent);
      const quiz = document.querySelector(".cell.quiz");
      quiz.querySelectorAll("label, button")[1].click();
      found.push(quiz.innerText.includes("Count again."));
      document.querySelector('a[href*="#term-token"]').dispatchEvent(new Event("focus"));
      found.push(document.querySelector("#term").textContent);
      document.querySelector("article img").click();
      found.push(document.querySelector("dialog.figure").open);
      return found;"""
    reader.open(site / "01_pipelines.html")
    said = "You said: two, 80 % sure. Read on to the answer."
    assert reader.does(act) == [False, False, True, said, True, "a word or a piece of a word", True]


@needs_browser
def test_on_paper_solutions_and_answers_are_at_the_end_and_afterwards_the_page_is_as_it_was(site, reader):
    act = """
      const before = document.querySelector(".bd-article").innerHTML, found = [];
      dispatchEvent(new Event("beforeprint"));
      const end = document.querySelector("section.solutions");
      found.push([...end.querySelectorAll("h2, h3")].map((one) => one.textContent));
      found.push(end.textContent.includes("return 2 * x"), end.textContent.includes("Worked in words."));
      found.push(end.nextElementSibling.textContent.trim(), document.querySelectorAll("details:not([open])").length);
      found.push(document.querySelectorAll("details.solution").length);
      dispatchEvent(new Event("afterprint"));
      found.push(document.querySelector(".bd-article").innerHTML === before);
      return found;"""
    reader.open(site / "01_pipelines.html")
    headings, code_there, words_there, answers, closed, solutions, same = reader.does(act)
    assert headings == ["Solutions", "Exercise 1.0", "Exercise 1.0"]
    assert code_there
    assert words_there
    assert answers == "Answers to the quizA two. Right so."
    assert (closed, solutions, same) == (0, 2, True)


@needs_browser
def test_a_link_into_a_fold_opens_it(site, reader):
    for link, is_open in (("#c12", True), ("", False)):
        reader.open(site / "01_pipelines.html", link)
        assert reader.value("document.querySelector('details.answer').open") is is_open


def test_a_page_is_light(site):
    """What a page of the frame loads, in bytes: its own text, styles, scripts."""
    scripts = sum(path.stat().st_size for path in (site / "_static").rglob("*") if path.is_file())
    assert scripts < 4_000_000
    assert (site / "02_models.html").stat().st_size < 60_000
