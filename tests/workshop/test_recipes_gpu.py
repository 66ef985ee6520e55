"""All recipes can be packed for a GPU, share its minutes, and what they made comes back as it was."""

import importlib
import lzma

import pytest
import torch

from course_lib import checkpoints
from course_lib.checkpoints import catalogue
from course_lib.checkpoints.fetch import sha256_of
from workshop.recipes import gpu


def test_every_checkpoint_that_ships_is_trained_after_the_one_it_builds_on():
    shipped = {name: entry for name, entry in catalogue().items() if not entry.public}
    assert set(gpu.ORDER) == set(shipped)
    order = list(gpu.ORDER)
    for name, entry in shipped.items():
        assert entry.base in (None, "minilm") or order.index(entry.base) < order.index(name)


@pytest.mark.parametrize("name", gpu.ORDER)
def test_a_recipe_can_be_read_and_run_apart(name):
    module = importlib.import_module(f"workshop.recipes.{gpu.ORDER[name][0]}")
    assert name == module.NAME
    assert callable(module.read)
    assert callable(module.run)
    there, here = gpu.settings_for(name, "cuda", 1.5), gpu.settings_for(name, "cpu", 0.5)
    assert (there.device, there.minutes, there.epochs) == ("cuda", 1.5, gpu.EPOCHS)
    assert there.tokens > here.tokens
    assert (here.epochs, here.rate) == (module.DEFAULTS["epochs"], module.DEFAULTS["rate"])


def test_results_come_back_in_parts_of_at_most_sixteen_mebibytes(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "SHIPPED", tmp_path / "there")
    monkeypatch.setattr(gpu, "OUT", tmp_path / "out")
    monkeypatch.setattr(gpu, "LARGEST", 1000)
    content = {}
    for name in ("ner", "sentiment"):
        (tmp_path / "there" / name).mkdir(parents=True)
        content[name] = bytes(torch.randint(0, 256, (1500,), generator=torch.Generator().manual_seed(1)).tolist())
        (tmp_path / "there" / name / "adapter_model.safetensors").write_bytes(content[name])
        (tmp_path / "there" / name / "card.md").write_text(f"# {name}\n")
    gpu.collect(["ner", "sentiment"])
    parts = sorted((tmp_path / "out").iterdir())
    assert 2 <= len(parts) <= gpu.FILES
    assert max(part.stat().st_size for part in parts) <= 1000
    monkeypatch.setattr(gpu, "SHIPPED", tmp_path / "here")
    entered = {}
    monkeypatch.setattr(gpu, "enter", lambda name, files: entered.update({name: [path.name for path in files]}))
    gpu.unpack()
    assert entered == {"ner": ["adapter_model.safetensors"], "sentiment": ["adapter_model.safetensors"]}
    for name, data in content.items():
        assert (tmp_path / "here" / name / "adapter_model.safetensors").read_bytes() == data
        assert (tmp_path / "here" / name / "card.md").read_text() == f"# {name}\n"


def test_a_repository_is_trained_in_only_if_that_is_said(tmp_path, monkeypatch, capsys):
    trained = []
    monkeypatch.setattr(gpu, "train", lambda names, device, minutes: trained.append((names, device, minutes)))
    monkeypatch.setattr(gpu, "REPOSITORY", tmp_path)  # there is one
    asked = ["train", "ner", "--device", "cpu", "--minutes", "1"]
    with pytest.raises(SystemExit):
        gpu.main(asked)
    assert "a copy of that folder without .git" in capsys.readouterr().err
    assert trained == []
    gpu.main([*asked, "--overwrite"])
    monkeypatch.setattr(gpu, "REPOSITORY", tmp_path / "none")
    gpu.main(asked)
    assert trained == 2 * [(["ner"], "cpu", 1.0)]


def test_without_results_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "OUT", tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="copy the results of `train` there"):
        gpu.unpack()


def test_the_weights_that_are_unpacked_are_a_checkpoint_that_is_whole(tmp_path, monkeypatch):
    table = dict(checkpoints.catalogue()["minilm"].__dict__)
    name, table["members"] = table.pop("name"), {file: "" for file in ("config.json", "model.safetensors")}
    tables = lambda: {"checkpoints": {name: table}, "wheels": {}}  # noqa: E731
    tables.cache_clear = lambda: None
    monkeypatch.setattr(checkpoints, "_tables", tables)
    monkeypatch.setattr(gpu, "enter", lambda name, files: table.update(members={f.name: sha256_of(f) for f in files}))
    monkeypatch.setattr(gpu, "PACK", tmp_path)
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    (tmp_path / gpu.BASE).write_bytes(lzma.compress(gpu.planes({"weight": torch.ones(2, 3)})))
    (tmp_path / "config.json").write_text("{}")
    for _ in range(2):  # a second try finds what the first has left
        gpu.unpack_base()
        assert checkpoints.damage(checkpoints.catalogue()["minilm"]) is None
