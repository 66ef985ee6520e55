"""Pictures show the numbers that they were given, with every word on its axis."""

import warnings
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import transformers

from course_lib import lettering, plots, static_views
from course_lib.architectures import families
from course_lib.bias.own_model import Measured
from course_lib.calibration import calibration
from course_lib.checkpoints import checkpoint

TEXT = "the cat sat on the mat while its owner read a very long book about dogs and their tails ."
WORDS = TEXT.split()


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def shown(axes):
    return np.asarray(axes.images[0].get_array())


def words(ticks):
    return [tick.get_text() for tick in ticks]


def test_a_map_has_the_weights_and_the_words():
    weights = torch.rand(20, 20).softmax(-1)
    axes = plots.attention_map(weights, WORDS, title="Layer 1, head 2")
    assert np.allclose(shown(axes), weights)
    assert axes.images[0].get_clim() == (0, 1)
    assert words(axes.get_xticklabels()) == words(axes.get_yticklabels()) == WORDS
    assert axes.get_title() == "Layer 1, head 2"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("looks at (key)", "this token (query)")


@pytest.mark.parametrize("count", [4, 12, 20])
def test_words_on_the_axes_do_not_overlap(count):
    axes = plots.attention_map(np.eye(count), WORDS[:count], title="t")
    axes.figure.canvas.draw()
    for ticks, low, high in ((axes.get_yticklabels(), "y0", "y1"), (axes.get_xticklabels(), "x0", "x1")):
        boxes = sorted((getattr(b, low), getattr(b, high)) for b in (tick.get_window_extent() for tick in ticks))
        assert all(left[1] <= right[0] + 1 for left, right in zip(boxes, boxes[1:], strict=False))


def test_a_map_between_two_languages():
    axes = plots.attention_map(np.ones((2, 3)) / 3, ["deux", "chiens"], ["two", "dogs", "."], title="t")
    assert words(axes.get_xticklabels()) == ["two", "dogs", "."]
    assert words(axes.get_yticklabels()) == ["deux", "chiens"]


def test_dependencies_are_drawn_as_zero_or_not():
    moved = np.array([[1e-7, 0.0], [5.0, 0.3]])
    axes = plots.dependency_map(moved, ["a", "b"], ["a", "b"], title="t")
    assert shown(axes).astype(int).tolist() == [[1, 0], [1, 1]]
    axes = plots.dependency_map(moved + 1, ["a", "b"], ["a", "b"], title="t")
    assert axes.images[0].get_clim() == (0, 1), "where everything moves, all is bright"


def test_a_gallery_has_a_panel_for_each_head():
    figure = plots.head_gallery([("one", np.eye(3)), ("two", np.full((3, 3), 1 / 3))], ["a", "b", "c"])
    panels = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in panels] == ["one", "two"]
    assert np.allclose(shown(panels[1]), 1 / 3)
    assert {panel.images[0].get_clim() for panel in panels} == {(0, 1)}, "a colour is the same weight in each"
    assert words(panels[0].get_yticklabels()) == ["a", "b", "c"]
    assert words(panels[1].get_yticklabels()) == []


def test_numbers_and_words_that_do_not_fit_are_explained():
    with pytest.raises(ValueError, match=r"2 words for the rows and 2 for the columns, .*\(3, 3\)"):
        plots.attention_map(np.eye(3), ["a", "b"], title="t")
    with pytest.raises(ValueError, match=r"\(1, 2, 2\)"):
        plots.dependency_map(torch.ones(1, 2, 2), ["a", "b"], ["a", "b"], title="t")
    with pytest.raises(ValueError, match="at least one panel"):
        plots.head_gallery([], ["a"])


def test_a_timeline_has_each_name_in_its_family_s_lane_at_its_month():
    axes = plots.timeline(families())
    lanes = [label.get_text() for label in axes.get_yticklabels()]
    assert lanes == ["encoder", "decoder", "encoder-decoder"]
    named = {text.get_text(): text.xy for text in axes.texts}
    assert set(named) == {row.name for row in families()} | {"Transformer"}
    for row in families():
        year, lane = named[row.name]
        assert lanes[lane] == row.family
        assert int(year) == row.year
    assert named["BERT"][0] == pytest.approx(2018 + 9.5 / 12), "the middle of October 2018"
    assert named["Transformer"][0] < min(named[row.name][0] for row in families())
    assert "year" in axes.get_xlabel()
    with pytest.raises(ValueError, match="at least one"):
        plots.timeline([])


CURVES = {"pretrained": {25: [0.5, 0.6], 200: [0.8, 0.8]}, "scratch": {25: [0.2, 0.3], 200: [0.4, 0.6]}}


def test_learning_curves_have_the_mean_as_a_line_and_the_range_as_a_band():
    axes = plots.learning_curves(CURVES, title="Labels", across="labels", up="accuracy")
    for line, points in zip(axes.lines, CURVES.values(), strict=True):
        assert line.get_xdata().tolist() == [25, 200]
        assert np.allclose(line.get_ydata(), [np.mean(found) for found in points.values()])
    assert len({(line.get_color(), line.get_marker()) for line in axes.lines}) == 2
    band = axes.collections[1].get_paths()[0].get_extents()
    assert np.allclose([band.y0, band.y1], [0.2, 0.6])
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["25", "200"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("labels", "accuracy")


def test_more_series_than_colours_are_all_drawn():
    many = {f"model {number}": {25: [0.1 * number], 200: [0.1]} for number in range(8)}
    axes = plots.learning_curves(many, title="", across="", up="")
    assert len(axes.lines) == 8


@pytest.mark.parametrize("nothing", [{}, {"name": {}}, {"name": {25: []}}])
def test_learning_curves_without_results_are_refused(nothing):
    with pytest.raises(ValueError, match="none of them empty"):
        plots.learning_curves(nothing, title="", across="", up="")


def test_a_loss_curve_has_every_step_the_mean_around_it_and_the_levels():
    losses = [float(n) for n in range(100, 0, -1)]
    axes = plots.loss_curve(losses, title="Reading", levels={"pairs": 40.0})
    steps, mean, level = axes.lines
    assert steps.get_ydata().tolist() == losses
    assert np.allclose(mean.get_ydata(), losses), "the mean around a step of a straight line lies on the line"
    assert set(level.get_ydata()) == {40.0}
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["each step", "mean of 5", "pairs"]


def test_a_map_of_numbers_writes_each_of_them_readably():
    values = np.array([[0.1, -0.25], [0.5, 0.0]])
    axes = plots.number_map(values, ["a", "b"], ["c", "d"], title="Gains", left="read first", below="then")
    assert [text.get_text() for text in axes.texts] == ["+0.10", "-0.25", "+0.50", "+0.00"]
    assert {text.get_color() for text in axes.texts} == {"black", "white"}
    assert [text.get_color() for text in axes.texts] == ["black", "black", "white", "black"], "dark is far from 0"
    assert axes.images[0].get_clim() == (-0.5, 0.5), "0 is the middle of the colours"
    above = plots.number_map(values + 1, ["a", "b"], ["c", "d"], title="", left="", below="", unit="bits")
    assert [text.get_color() for text in above.texts] == ["white", "white", "black", "white"]
    assert above.figure.axes[1].get_ylabel() == "bits"


def test_a_loss_curve_of_few_steps_is_drawn_once():
    axes = plots.loss_curve([3.0, 2.0, 1.0], title="Reading")
    assert len(axes.lines) == 1


def test_a_map_of_another_size_is_refused():
    values = np.zeros((2, 2))
    with pytest.raises(ValueError, match="2 words for the rows and 1 for the columns"):
        plots.number_map(values, ["a", "b"], ["c"], title="", left="", below="")


# ---------------------------------------------------------------- still pictures of the views


def test_a_line_runs_from_the_token_that_looks_to_the_one_that_is_seen():
    figure = static_views.lines(torch.tensor([[0.2, 0.5, 0.3]]), ["it"], ["the", "cat", "sat"], "t")
    (axes,) = figure.axes
    (drawn,) = axes.collections
    assert [line.tolist() for line in drawn.get_segments()] == [[[0, 0], [1, row]] for row in range(3)]
    assert np.allclose(drawn.get_alpha(), [0.2, 0.5, 0.3])
    assert [(text.get_text(), text.get_position()[1]) for text in axes.texts] == [
        ("it", 0), ("the", 0), ("cat", 1), ("sat", 2)]  # fmt: skip
    low, high = axes.get_ylim()
    assert low > high, "the first token stands above"


def test_a_grid_has_a_row_for_each_layer_and_a_column_for_each_head():
    weights = np.arange(6).reshape(2, 3, 1, 1).repeat(2, 2).repeat(2, 3) / 10  # (layer, head, query, key)
    figure = static_views.grid(weights, [4, 1], [0, 3, 5], "self")
    axes = figure.axes[0]
    assert axes.images[0].get_clim() == (0, 1)
    assert words(axes.get_yticklabels()) == ["4", "1"]
    assert words(axes.get_xticklabels()) == ["0", "3", "5"]
    drawn = shown(axes)
    for layer, row in enumerate(axes.get_yticks()):
        for head, column in enumerate(axes.get_xticks()):
            around = drawn[int(row) : int(row) + 2, int(column) : int(column) + 2]
            assert np.allclose(around, weights[layer, head])


# ---------------------------------------------------------------- words that are hard to draw

ODD = ["$$", r"$\frac$", "a$b$c", "\n", "é"]


def drawn_everywhere(words):
    """Every picture of the course that has tokens in it."""
    square = np.eye(len(words))
    title = " ".join(words[:2])
    yield plots.attention_map(square, words, title=title).figure
    yield plots.dependency_map(square, words, words, title=title).figure
    yield plots.head_gallery([(title, square)], words)
    yield plots.number_map(square, words, words, title=title, left="", below="").figure
    yield plots.learning_curves({word: {1: [1], 2: [2]} for word in words}, title=title, across="", up="").figure
    yield plots.loss_curve([1.0, 2.0], title=title, levels=dict.fromkeys(words[:3], 1.0)).figure
    yield static_views.lines(torch.eye(len(words)), words, words, title)
    yield static_views.grid(np.ones((1, 1, 2, 2)), [0], [0], title)


def test_dollar_signs_are_text_in_every_picture():
    for figure in drawn_everywhere(ODD):
        png = static_views.png_of(figure)  # a formula that cannot be read would raise
        assert png.startswith(b"\x89PNG")
    axes = plots.attention_map(np.eye(5), ODD, title="$$")
    axes.figure.canvas.draw()
    assert words(axes.get_yticklabels()) == ["$$", r"$\frac$", "a$b$c", "\\n", "é"]
    assert not any(label.get_parse_math() for label in [*axes.get_yticklabels(), *axes.get_xticklabels(), axes.title])


def drawn_with(word):
    """Each figure with the words that a caller gives it, all of them this one."""
    ones, row = np.eye(2), SimpleNamespace(name=word, family=word, published="2019-05")
    gap = SimpleNamespace(low=-1.0, value=0.0, high=1.0)
    own = {"model": "m", "unit": word, "templates": [], "in_pairs": False, "comparisons": 1}
    own |= {"scores": {word: np.ones(2), "b": np.zeros(2)}, "gaps": {(word, "b"): gap}, "words": {word: ["x"]}}
    yield plots.learning_curves({word: {1: [1, 2], 2: [2, 3]}}, title=word, across=word, up=word)
    yield plots.number_map(ones, [word, "b"], ["a", word], title=word, left=word, below=word, unit=word)
    yield plots.against_shares([0.1, 0.2], {word: [1, 2]}, {word: word}, named={word: 1})[0]
    yield plots.inherited([1, 2], [1, 2], [0, 1], title=word, labels=(word, word))
    yield plots.timeline([row])
    yield calibration([], {word: [(0.5, True)] * 20}, title=word)
    yield Measured(**own).draw()[0]


@pytest.mark.parametrize("word", ODD)
def test_every_word_that_a_caller_gives_is_text(word):
    for axes in drawn_with(word):
        axes.figure.canvas.draw()


def test_every_word_that_a_caller_gives_has_a_font_or_is_said_to_have_none(monkeypatch):
    monkeypatch.setattr(lettering, "_charset", lambda file: frozenset(map(chr, range(0x3000))))
    with pytest.warns(UserWarning, match="no font on this machine"):
        drawn = list(drawn_with("서울"))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Glyph .* missing")
        for axes in drawn:
            axes.figure.canvas.draw()


def test_a_script_without_a_font_is_said_and_numbered(monkeypatch):
    monkeypatch.setattr(lettering, "_charset", lambda file: frozenset("abc $"))
    with pytest.warns(UserWarning, match="no font on this machine can draw '서울a'.*Install a font"):
        axes = plots.attention_map(np.eye(2), ["서울a", "b"], title="c")
    assert words(axes.get_yticklabels()) == ["U+C11C U+C6B8 a", "b"]


def test_the_usual_font_is_the_one_that_is_set_now():
    import matplotlib

    for family in ("DejaVu Sans", "DejaVu Serif"):
        with matplotlib.rc_context({"font.family": family}):
            assert lettering.words_to_draw(["usual"])[1]["fontfamily"] == [family]


def test_a_script_with_a_font_is_drawn_in_it(monkeypatch):
    monkeypatch.setattr(lettering, "_charset", lambda file: frozenset("서울" if "Mono" in str(file) else "ab"))
    found, style = lettering.words_to_draw(["서울", "ab"])
    assert found == ["서울", "ab"]
    assert any("Mono" in family for family in style["fontfamily"])
    assert len(style["fontfamily"]) == 2


def test_tokens_of_a_byte_level_vocabulary_are_text_again():
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint("smollm2"))
    text = "A naïve café\nin 서울 🙂 costs $$ 5."
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
    shown_as = lettering.token_texts(tokens)
    assert {"A", "\\n", "$$", "costs"} <= {*shown_as}
    assert not any(letter in "".join(shown_as) for letter in "ĠĊÃ")
    parts = [bytes.fromhex(part[1:-1]) if part[0] == "<" else part.encode() for part in shown_as]
    joined = b"".join(parts).decode().replace(" ", "").replace("␣", "")
    assert joined == text.replace(" ", "").replace("\n", "\\n")


def test_one_word_of_a_byte_level_vocabulary_needs_no_space_to_be_known():
    assert lettering.token_texts(["caf", "Ã©"]) == ["caf", "é"]
    assert lettering.token_texts(["<s>", "ìĦľ", "ìļ¸"]) == ["<s>", "서", "울"]
    for words in (["é"], ["caf", "##é"], ["naïve"], ["«", "CAFÉ", "»"], ["Größe"], ["Łódź"], ["hello"]):
        assert lettering.token_texts(words) == words, "words of another vocabulary"


def test_words_of_other_vocabularies_stay():
    assert lettering.token_texts(["Łukasz", "Ĉu", "Ã©", "##s", "[SEP]"]) == ["Łukasz", "Ĉu", "Ã©", "##s", "[SEP]"]
    assert lettering.token_texts(["▁Je", "▁", "s", "<pad>"]) == ["Je", "␣", "s", "<pad>"]


def test_scores_against_shares_stand_where_they_are_and_named_ones_beside_their_point():
    panels = plots.against_shares([0.1, 0.9], {"a": [1, 2], "b": [3, 5]}, {"a": "r", "b": "s"}, named={"nurse": 1})
    assert [panel.get_title() for panel in panels] == ["a: r", "b: s"]
    assert panels[1].collections[0].get_offsets().tolist() == [[10, 3], [90, 5]]
    (label,) = panels[0].texts
    assert (label.get_text(), tuple(label.xy)) == ("nurse", (90, 2))
    with pytest.raises(ValueError, match="one for each unit"):
        plots.against_shares([0.1, 0.9], {"a": [1, 2, 3]}, {"a": "r"}, named={})


def test_what_is_inherited_is_a_line_a_seed_in_the_order_of_what_was_before():
    axes = plots.inherited([1, 0, -1, 2], [3, 2, 1, 5], [0, 0, 0, 1], title="t", labels=("x", "y"))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y")
    lines = axes.get_lines()[2:]
    assert [list(line.get_xdata()) for line in lines] == [[-1, 0, 1], [2]]
    assert list(lines[0].get_ydata()) == [1, 2, 3]
    with pytest.raises(ValueError, match="as long"):
        plots.inherited([1], [1, 2], [0], title="t")
