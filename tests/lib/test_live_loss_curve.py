"""The curve that grows: it shows what the training did, in the place where it began."""

from unittest.mock import MagicMock

import matplotlib.pyplot as plt
import pytest
from tiny_models import tiny_decoder_and_rows

from course_lib import live_loss_curve
from course_lib.training import pretrain


class Handle:
    def __init__(self):
        self.figures = []

    def update(self, figure):
        self.figures.append(figure)


@pytest.fixture
def notebook(monkeypatch):
    """As in a notebook: what is displayed is kept."""
    import IPython
    import IPython.display

    handle = Handle()

    def display(figure, display_id):
        assert display_id
        handle.figures.append(figure)
        return handle

    monkeypatch.setattr(IPython, "get_ipython", MagicMock())
    monkeypatch.setattr(IPython.display, "display", display)
    return handle


def train(curve):
    model, rows = tiny_decoder_and_rows()
    return pretrain(model, rows, steps=6, batch_size=8, callbacks=[curve])


def test_the_curve_grows_in_one_place_and_ends_with_every_loss(notebook, monkeypatch):
    monkeypatch.setattr(live_loss_curve, "PAUSE", 0.0)
    history = train(live_loss_curve.LiveCurve("Reading", {"level": 2.0}))
    drawn = [len(figure.axes[0].lines[0].get_ydata()) for figure in notebook.figures]
    assert drawn == [1, 2, 3, 4, 5, 6, 6], "after each step, and once at the end"
    last = notebook.figures[-1].axes[0]
    assert last.lines[0].get_ydata().tolist() == history.losses
    assert last.get_title() == "Reading"
    assert plt.get_fignums() == [], "nothing is drawn a second time below the cell"


def test_a_second_run_has_a_place_of_its_own(notebook, monkeypatch):
    import IPython.display

    places = []
    monkeypatch.setattr(IPython.display, "display", lambda figure, display_id: places.append(Handle()) or places[-1])
    curve = live_loss_curve.LiveCurve("Reading")
    first, second = train(curve), train(curve)
    assert len(places) == 2
    assert curve.handle is places[1]
    assert curve.losses == second.losses == first.losses


def test_without_a_notebook_nothing_is_drawn(monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    curve = live_loss_curve.LiveCurve("Reading")
    train(curve)
    assert curve.handle is None
    assert "6/6" in capsys.readouterr().err, "the bar was there"
