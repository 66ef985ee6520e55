"""The views hold the weights they were given and need no network; the explorer's data are the model's own."""

import base64
import html
import io
import json
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest
import torch
import transformers
from browser import CHROMIUM, needs_browser
from bs4 import BeautifulSoup
from PIL import Image
from tiny_models import tiny_model, word_tokenizer

from course_lib import interactive, static_views
from course_lib.checkpoints import checkpoint
from course_lib.interactive import MASKS, explored, explorer, head_view, model_view
from course_lib.probing import attention_weights
from workshop.site.extension import POLICY
from workshop.site.pages import write_pages

VIEWS = [head_view, model_view]
SHORT = "The bank raised its rates."
LONG = "We sat on the grassy bank of the river."


def loaded(name, kind):
    return transformers.AutoTokenizer.from_pretrained(checkpoint(name)), kind.from_pretrained(checkpoint(name))


@pytest.fixture(scope="module")
def encoder():
    return loaded("minilm", transformers.AutoModel)


def of_one_sentence(tokenizer, model, sentence=SHORT):
    """Weights and tokens."""
    inputs = tokenizer(sentence, return_tensors="pt")
    return attention_weights(model, inputs), tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])


@pytest.fixture(scope="module")
def of_encoder(encoder):
    weights, tokens = of_one_sentence(*encoder)
    return weights, {"tokens": tokens}


@pytest.fixture(scope="module")
def of_decoder():
    weights, tokens = of_one_sentence(*loaded("smollm2", transformers.AutoModelForCausalLM))
    return weights, {"tokens": tokens, "layers": [0, 29]}


@pytest.fixture(scope="module")
def of_both():
    tokenizer, model = loaded("translation-en-fr", transformers.AutoModelForSeq2SeqLM)
    inputs = tokenizer("Two dogs run in the snow.", return_tensors="pt")
    target = tokenizer(text_target="Deux chiens courent.", return_tensors="pt")["input_ids"]
    tokens, target_tokens = map(tokenizer.convert_ids_to_tokens, (inputs["input_ids"][0], target[0]))
    weights = attention_weights(model, {**inputs, "decoder_input_ids": target})
    return weights, {"tokens": tokens, "target_tokens": target_tokens, "layers": [0, 1]}


@pytest.fixture(params=["of_encoder", "of_decoder", "of_both"])
def given(request):
    return request.getfixturevalue(request.param)


def document(view):
    """What the frame of a view shows."""
    return BeautifulSoup(view.html, "html.parser").find("iframe")["srcdoc"]


def params(view):
    """What bertviz's script reads, from the frame."""
    return json.JSONDecoder().raw_decode(document(view).split("const params = ", 1)[1])[0]


def tiny(queries=3, keys=3, layers=2, heads=2, kind="self"):
    scores = torch.randn(layers, 1, heads, queries, keys, generator=torch.Generator().manual_seed(0))
    return {kind: scores.softmax(-1)}


# ---------------------------------------------------------------- what is in a view


@pytest.mark.parametrize("draw", VIEWS)
def test_a_view_holds_the_weights_to_three_digits_and_the_tokens(draw, given):
    weights, arguments = given
    found = params(draw(weights, **arguments))
    layers = arguments.get("layers", range(6))
    source = [token.strip("Ġ▁") for token in arguments["tokens"]]
    target = [token.strip("Ġ▁") for token in arguments.get("target_tokens", arguments["tokens"])]
    texts = {"self": (source, source), "causal": (target, target), "cross": (target, source)}
    assert len(found["attention"]) == len(weights)
    for kind, shown in zip(weights, found["attention"], strict=True):
        wanted = weights[kind][list(layers), 0].numpy()
        assert np.shape(shown["attn"]) == wanted.shape
        assert np.abs(np.array(shown["attn"]) - wanted).max() <= 0.0005 + 1e-6
        assert (shown["left_text"], shown["right_text"]) == texts[kind]
    assert found["include_layers"] == list(layers)
    numbers = re.findall(r"\d\.\d+", json.dumps([shown["attn"] for shown in found["attention"]]))
    assert max(map(len, numbers)) <= len("0.123")


@pytest.mark.parametrize("draw", VIEWS)
def test_a_view_names_no_address_and_is_the_same_each_time(draw, given):
    weights, arguments = given
    view = draw(weights, **arguments)
    loads = re.sub(r"/\*.*?\*/", "", document(view), flags=re.DOTALL)  # bertviz's opening comment names its origin
    assert not re.search(r"https?:|cdnjs|src=|href=", loads)
    outside = BeautifulSoup(view.html, "html.parser")
    assert [tag.get("src", "data:").split(":")[0] for tag in outside.find_all()] == ["data"] * len(outside.find_all())
    assert not outside.find_all(href=True)
    again = draw(weights, **arguments)
    assert view._repr_mimebundle_() == again._repr_mimebundle_()
    other = draw({kind: given.flip(-1) for kind, given in weights.items()}, **arguments)
    assert document(other) != document(view)
    assert other.png != view.png


@pytest.mark.parametrize("draw", VIEWS)
def test_a_view_fits_into_a_notebook_file(draw, given):
    view = draw(given[0], **given[1])
    bundle = view._repr_mimebundle_()[0]
    assert len(json.dumps(bundle)) < 300_000, "four views and the rest of a chapter have to stay below 1.5 MB"
    assert bundle["text/html"].count("Copyright") == 0, "the libraries are packed"


@pytest.mark.parametrize("draw", VIEWS)
def test_it_comes_as_page_picture_and_words(draw, of_encoder):
    data, metadata = draw(of_encoder[0], **of_encoder[1])._repr_mimebundle_()
    assert set(data) == {"text/html", "image/png", "text/plain"}
    png = base64.b64decode(data["image/png"])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    picture = Image.open(io.BytesIO(png))
    assert picture.size == {head_view: (500, 360), model_view: (640, 420)}[draw]
    assert len(picture.convert("RGB").getcolors(10_000)) > 10, "something is drawn"
    words = "[CLS] the bank raised its rates . [SEP]"
    assert data["text/plain"].endswith(f"view of self attention ({words}); layers 0 to 5, heads 0 to 11.")
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert f'alt="{data["text/plain"]}" src="data:image/png;base64,{data["image/png"]}"' in data["text/html"]


@pytest.mark.parametrize("draw", VIEWS)
def test_a_token_cannot_end_the_script_or_the_frame(draw):
    odd = ["</script><b>", '"&quot;', "</iframe>$x$"]
    view = draw(tiny(), odd)
    assert params(view)["attention"][0]["left_text"] == odd
    assert document(view).count("</script>") == 2, "bertviz's and the libraries'"
    assert [tag.name for tag in BeautifulSoup(view.html, "html.parser").find_all()] == [
        "iframe", "details", "summary", "img"
    ]  # fmt: skip


def test_what_is_chosen_when_it_opens(of_encoder):
    found = params(head_view(of_encoder[0], **of_encoder[1], layers=np.array([1, 4]), layer=np.int64(4), heads=[2]))
    assert (found["include_layers"], found["layer"], found["heads"]) == ([1, 4], 4, [2])
    found = params(model_view(of_encoder[0], **of_encoder[1], layers=[5], heads=[3, 0]))
    assert (found["include_layers"], found["include_heads"], found["display_mode"]) == ([5], [3, 0], "light")
    wanted = of_encoder[0]["self"][5, 0, [3, 0]].numpy()
    assert np.abs(np.array(found["attention"][0]["attn"][0]) - wanted).max() <= 0.0005 + 1e-6


def test_the_still_picture_of_a_head_view_is_of_the_layer_and_the_heads_that_are_chosen(monkeypatch):
    drawn = []
    monkeypatch.setattr(interactive, "lines", lambda *given: drawn.append(given) or static_views.lines(*given))
    weights = tiny(layers=6, heads=3)
    head_view(weights, THREE, layers=[1, 4], layer=4, heads=[2, 0])
    ((shown, *_, title),) = drawn
    assert torch.allclose(shown.float(), (weights["self"][4, 0, 2] + weights["self"][4, 0, 0]) / 2)
    assert title == "self attention, layer 4, mean of heads 2, 0"


def test_the_still_picture_of_a_model_view_has_the_layers_and_heads_in_their_order(monkeypatch):
    drawn = []
    monkeypatch.setattr(interactive, "grid", lambda *given: drawn.append(given) or static_views.grid(*given))
    weights = tiny(layers=6, heads=3)
    model_view(weights, THREE, layers=[1, 4], heads=[2, 0])
    ((shown, layers, heads, kind),) = drawn
    assert (layers, heads, kind) == ([1, 4], [2, 0], "self")
    for row, layer in enumerate(layers):
        for column, head in enumerate(heads):
            assert torch.allclose(shown[row, column].float(), weights["self"][layer, 0, head])


def test_two_layers_or_heads_are_named_each_and_more_in_a_row_by_their_ends():
    assert head_view(tiny(), THREE).text.endswith("; layers 0, 1, heads 0, 1.")
    assert head_view(tiny(layers=4, heads=3), THREE).text.endswith("; layers 0 to 3, heads 0 to 2.")
    assert head_view(tiny(layers=4), THREE, layers=[0, 1, 3]).text.endswith("; layers 0, 1, 3, heads 0, 1.")


def test_one_kind_of_several(of_both):
    weights, arguments = of_both
    (shown,) = params(model_view(weights, **arguments, kind="cross"))["attention"]
    assert (len(shown["left_text"]), len(shown["right_text"])) == tuple(weights["cross"].shape[3:])
    whole = head_view(weights, arguments["tokens"], kind="self")
    assert params(whole)["include_layers"] == list(range(len(weights["self"])))


def test_nothing_slow_is_imported_with_it():
    code = "import sys, course_lib.interactive; print({'torch', 'bertviz', 'ipywidgets'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


# ---------------------------------------------------------------- what is said about bad input

THREE = ["a", "b", "c"]
BATCH = {"self": tiny()["self"].repeat(1, 2, 1, 1, 1)}
ALL = tiny() | tiny(2, 2, kind="causal") | tiny(2, 3, kind="cross")


@pytest.mark.parametrize("draw", VIEWS)
@pytest.mark.parametrize(
    ("weights", "arguments", "message"),
    [
        (tiny(), {"tokens": ["a", "b"]}, "of 3 queries and 3 keys, the tokens given are 2 and 2. Give"),
        (tiny(kind="other"), {"tokens": THREE}, r"attention_weights returns.*given: \['other'\]"),
        (tiny()["self"], {"tokens": THREE}, "attention_weights returns.*given: Tensor"),
        (tiny(), {"tokens": THREE, "kind": "cross"}, "no 'cross' weights, only: self"),
        (BATCH, {"tokens": THREE}, r"\(2, 2, 2, 3, 3\).*weights\['self'\]\[:, :1\]"),
        ({"self": tiny()["self"][:, 0]}, {"tokens": THREE}, r"of one sentence; these are \(2, 2, 3, 3\)"),
        (tiny(), {"tokens": THREE, "layers": [2]}, r"from 0 to 1, given: \[2\]"),
        (tiny(), {"tokens": THREE, "layers": [-1]}, r"from 0 to 1, given: \[-1\]"),
        (tiny(), {"tokens": THREE, "layers": []}, "layers is a list of different numbers"),
        (tiny(), {"tokens": THREE, "heads": [0, 0]}, r"heads is .* from 0 to 1, given: \[0, 0\]"),
        (tiny(), {"tokens": THREE, "target_tokens": THREE}, "Give tokens only"),
        (ALL, {"tokens": THREE}, "give the decoder's tokens as target_tokens"),
        (ALL | tiny(layers=3), {"tokens": THREE, "target_tokens": ["x", "y"]}, r"give layers=\[0, 1\], or one kind"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(draw, weights, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(weights, **arguments)


def test_a_layer_that_the_view_does_not_have_is_named():
    for arguments in ({"layer": 2}, {"layer": 0, "layers": [1]}):
        with pytest.raises(ValueError, match=r"Layer \d was asked for, the view has the layers"):
            head_view(tiny(), THREE, **arguments)


def test_a_view_too_heavy_for_a_notebook_is_refused_with_what_would_help():
    many = {"self": torch.rand(6, 1, 12, 300, 300)}
    with pytest.raises(ValueError, match=r"about 32 MB, for 6 layers and 300 tokens.*layers=\[0, 1\]\), or give"):
        head_view(many, ["a"] * 300)
    with pytest.raises(ValueError, match=r"heads=\[0, 1\]"):
        model_view(many, ["a"] * 300)
    light = model_view(many, ["a"] * 300, layers=[0], heads=[3])
    assert len(light.html) < 5_000_000


def test_byte_level_tokens_are_text_in_a_view():
    assert params(head_view(tiny(), ["Ġcaf", "Ã©", "Ċ"]))["attention"][0]["left_text"] == ["caf", "é", "\\n"]


# ---------------------------------------------------------------- pages and browsers


@pytest.fixture(scope="module")
def pages(of_both, tmp_path_factory):
    """By view, the course's page of a notebook whose only cell shows it."""
    folder = tmp_path_factory.mktemp("views")
    paths = {draw: folder / f"0{number}_views.ipynb" for number, draw in enumerate(VIEWS, start=5)}
    for draw, path in paths.items():
        data, metadata = draw(of_both[0], **of_both[1])._repr_mimebundle_()
        cell = nbformat.v4.new_code_cell("view", execution_count=1)
        cell.outputs = [nbformat.v4.new_output("execute_result", data=data, metadata=metadata, execution_count=1)]
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    write_pages(list(paths.values()), folder / "build")
    return {draw: folder / "build" / "site" / f"{path.stem}.html" for draw, path in paths.items()}


@pytest.mark.parametrize("draw", VIEWS)
def test_the_pages_of_the_course_show_the_frame_unchanged(draw, of_both, pages):
    view = draw(of_both[0], **of_both[1])
    page = BeautifulSoup(pages[draw].read_text(encoding="utf-8"), "html.parser")
    assert [frame["srcdoc"] for frame in page.select(".cell_output iframe")] == [document(view)]
    assert not page.select(".cell_output > img, .cell_output figure"), "the picture is not shown a second time"


WATCH = """<script>
addEventListener("securitypolicyviolation", event => { document.title += event.blockedURI; });
setInterval(() => {
  const inside = document.querySelector("iframe").contentDocument, found = inside.querySelectorAll("line");
  const word = inside.querySelectorAll("#left text")[1];
  if (word) word.dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  document.body.dataset.lines = found.length;
  document.body.dataset.visible = [...found].filter(line => line.getAttribute("visibility") === "visible").length;
  document.body.dataset.asked = inside.defaultView.performance.getEntriesByType("resource").length;
}, 50);
</script>"""


@needs_browser
@pytest.mark.parametrize("draw", VIEWS)
def test_chromium_draws_every_line_without_a_network(draw, of_both, pages, tmp_path):
    weights, _ = of_both
    source, end = pages[draw].read_text(encoding="utf-8").rsplit("</body>", 1)
    assert POLICY in html.unescape(source), "the frame inherits it"
    page = pages[draw].with_name(f"watched-{pages[draw].name}")
    page.write_text(f"{source}{WATCH}</body>{end}", encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--proxy-server=127.0.0.1:9", "--virtual-time-budget=10000", "--dump-dom", page.as_uri()]
    dumped = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout
    after = BeautifulSoup(dumped, "html.parser")
    layers, _, heads, queries, keys = weights["self"][[0, 1]].shape
    lines = heads * queries * keys * (1 if draw is head_view else layers)
    visible = heads * keys if draw is head_view else 0  # those of the word that the mouse is on
    assert after.body["data-lines"] == str(lines)
    assert after.body["data-visible"] == str(visible)
    assert after.body["data-asked"] == "0", "resources that the frame asked for"


KEYS = """<script>
setTimeout(() => {
  const key = (part, name) => part.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
  const visible = () => document.querySelectorAll("line[visibility=visible]").length;
  const found = { heads: [...document.querySelectorAll("[role=checkbox] ~ text")].map(text => text.textContent) };
  found.stops = document.querySelectorAll("svg [tabindex='0']").length;
  const [box, other] = document.querySelectorAll("[role=checkbox]"), part = document.querySelector("[role=button]");
  if (box) {
    found.names = [box, part].map(one => one.getAttribute("aria-label"));
    key(box, " ");
    found.checked = [box, other].map(one => one.getAttribute("aria-checked"));
    part.focus();
    key(part, "ArrowDown");
    found.at = document.activeElement.getAttribute("aria-label");
    found.visible = visible();
  } else {
    key(part, "ArrowRight");
    key(document.activeElement, "Enter");
    found.detail = [...document.querySelectorAll("text.detail")].map(text => text.textContent);
  }
  document.body.dataset.found = JSON.stringify(found);
}, 1000);
</script>"""


@needs_browser
@pytest.mark.parametrize("draw", VIEWS)
def test_keys_do_what_a_mouse_does(draw, tmp_path):
    page = tmp_path / "view.html"
    page.write_text(document(draw(tiny(), THREE)).replace("</main>", f"</main>{KEYS}"), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--virtual-time-budget=10000", "--dump-dom", page.as_uri()]
    dumped = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout
    found = json.loads(BeautifulSoup(dumped, "html.parser").body["data-found"])
    if draw is head_view:
        assert found["heads"] == ["0", "1"]
        assert found["stops"] == 3, "heads, tokens that look, tokens that are seen: Tab goes to each group once"
        assert found["names"] == ["Head 0", "Looking token 0: a"]
        assert found["checked"] == ["false", "true"]
        assert found["at"] == "Looking token 1: b"
        assert found["visible"] == 2 * 3, "of each head, the lines of that token"
    else:
        assert found["stops"] == 1
        assert found["detail"] == ["Layer 0, Head 1"]


# ---------------------------------------------------------------- the explorer


def test_without_padding_the_explorer_shows_the_weights_of_the_model(encoder, of_encoder):
    tokenizer, model = encoder
    for mask in ("none", "padding"):
        tokens, weights = explored(model, tokenizer, SHORT, mask)
        assert tokens == of_encoder[1]["tokens"]
        assert torch.allclose(weights, of_encoder[0]["self"][:, 0], atol=1e-6)


def test_hidden_padding_changes_nothing_and_open_padding_does(encoder, of_encoder):
    tokenizer, model = encoder
    count = len(of_encoder[1]["tokens"])
    tokens, weights = explored(model, tokenizer, SHORT, "padding", length=count + 3)
    assert tokens == [*of_encoder[1]["tokens"], "[PAD]", "[PAD]", "[PAD]"]
    assert (weights[..., count:] == 0).all()
    assert torch.allclose(weights[:, :, :count, :count], of_encoder[0]["self"][:, 0], atol=1e-5)
    _, open_weights = explored(model, tokenizer, SHORT, "none", length=count + 3)
    assert (open_weights[..., count:].sum(-1) > 0.01).any()


def test_the_causal_mask_shares_out_anew_what_is_left(encoder, of_encoder):
    """In the first layer the scores are the same, so the weights are those without a mask, divided by their sum."""
    _, weights = explored(*encoder[::-1], SHORT, "causal")
    left = of_encoder[0]["self"][0, 0].tril()
    assert torch.allclose(weights[0], left / left.sum(-1, keepdim=True), atol=1e-6)
    assert (weights.triu(1) == 0).all()
    assert torch.allclose(weights.sum(-1), torch.ones(()), atol=1e-5)


def test_a_decoder_under_its_own_mask_is_unchanged(of_decoder):
    tokenizer, model = loaded("smollm2", transformers.AutoModelForCausalLM)
    tokens, weights = explored(model, tokenizer, SHORT, "causal")
    assert tokens == of_decoder[1]["tokens"]
    assert torch.allclose(weights, of_decoder[0]["causal"][:, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("anna lives", "both"), "'both' is not known; choose one of: none, padding, causal"),
        (("anna lives in york", "none", 3), "has 6 tokens, length is 3"),
    ],
)
def test_the_explorer_explains_bad_input(arguments, message):
    sentence, mask, length = (*arguments, None)[:3]
    with pytest.raises(ValueError, match=message):
        explored(tiny_model("feature-extraction"), word_tokenizer(), sentence, mask, length=length)


def test_the_explorer_needs_a_list_and_one_stack():
    with pytest.raises(ValueError, match="a list with at least one sentence, given: 'anna'"):
        explorer(tiny_model("feature-extraction"), word_tokenizer(), "anna")
    translator = loaded("translation-en-fr", transformers.AutoModelForSeq2SeqLM)
    with pytest.raises(ValueError, match="use head_view or model_view"):
        explored(*translator[::-1], "A man sleeps.")


def test_each_choice_draws_another_picture():
    sentences = ["anna lives in york", "the parcel arrived late who sent it"]
    made = explorer(tiny_model("feature-extraction"), word_tokenizer(), sentences)
    *choices, picture = made.children
    assert [choice.description for choice in choices] == ["Sentence", "Mask", "Layer", "Head"]
    assert (choices[1].options, choices[2].max, choices[3].max) == (MASKS, 0, 1)
    seen = {picture.value}
    for choice, value in zip(choices, (sentences[1], "causal", 0, 1), strict=True):
        choice.value = value
        seen.add(picture.value)
    assert len(seen) == 4, "the layer stayed, the others changed"
    assert f"Layer 0, head 1, mask: causal. Sentence: {sentences[1]}" in picture.value
