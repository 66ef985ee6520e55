"""How requirements.lock comes to list the CPU builds of torch; what uv does is not run here."""

import re
from pathlib import Path

import pytest

from workshop import lock

ROOT = Path(__file__).resolve().parents[2]
TEXT = """# head
tokenizers==0.23.3 \\
    --hash=sha256:11
torch==2.13.0 \\
    --hash=sha256:33 \\
    --hash=sha256:22
tornado==6.6.1 \\
    --hash=sha256:44
"""


def test_the_cpu_builds_stand_beside_the_others():
    text = lock.with_cpu_builds(TEXT, ["00", "33"])
    assert text == TEXT.replace("    --hash=sha256:33 \\\n    --hash=sha256:22\n", (
        "    --hash=sha256:00 \\\n    --hash=sha256:22 \\\n    --hash=sha256:33\n"
    ))  # fmt: skip
    assert lock.with_cpu_builds(text, ["00", "33"]) == text
    with pytest.raises(ValueError, match="no entry for torch"):
        lock.with_cpu_builds("tornado==6.6.1 \\\n    --hash=sha256:44\n", ["00"])


def test_an_index_of_cpu_builds_is_read(tmp_path):
    links = {
        f"torch-{lock.TORCH}%2Bcpu-cp312-cp312-manylinux_2_28_x86_64.whl": "a1",
        f"torch-{lock.TORCH}-cp313-cp313-macosx_14_0_arm64.whl": "a2",
        f"torch-{lock.TORCH}%2Bcpu-cp39-cp39-win_amd64.whl": "a3",
        f"torch-{lock.TORCH}%2Bcpu-cp313-cp313t-win_amd64.whl": "a4",
        "torch-2.0.0%2Bcpu-cp311-cp311-win_amd64.whl": "a5",
    }
    (tmp_path / "torch").mkdir()
    page = "".join(f'<a href="/whl/cpu/{name}#sha256={digest}">x</a>\n' for name, digest in links.items())
    (tmp_path / "torch" / "index.html").write_text(page + f'<a href="torch-{lock.TORCH}-cp311-cp311-x.whl">no hash</a>')

    class Answer:
        def __enter__(self):
            return (tmp_path / "torch" / "index.html").open("rb")

        def __exit__(self, *_):
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lock.urllib.request, "urlopen", lambda address, timeout: asked.append(address) or Answer())
        asked = []
        found = lock.builds("https://example.org/cpu/")
    assert asked == ["https://example.org/cpu/torch/"]
    assert found == {
        f"torch-{lock.TORCH}+cpu-cp312-cp312-manylinux_2_28_x86_64.whl": "a1",
        f"torch-{lock.TORCH}-cp313-cp313-macosx_14_0_arm64.whl": "a2",
    }


@pytest.mark.parametrize("index", ["", "https://example.org/cpu"])
def test_the_old_lists_are_kept_when_the_new_cannot_be_written(monkeypatch, tmp_path, index):
    def refuse(*paths):
        raise OSError(28, "No space left on device")

    old = {"requirements.lock": "old\n", "torch_cpu.sha256": f"00  torch-{lock.TORCH}-x.whl\n"}
    for name, text in old.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    monkeypatch.setattr(lock, "CPU", tmp_path / "torch_cpu.sha256")
    monkeypatch.setattr(lock, "builds", lambda index: {f"torch-{lock.TORCH}-y.whl": "11"})
    monkeypatch.setattr(lock, "resolved", lambda upgrade: TEXT)
    monkeypatch.setenv("TORCH_INDEX", index)
    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(OSError, match="No space"):
        lock.main()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == old


def test_the_lock_lists_every_cpu_build_and_every_file_has_a_sha256():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    torch = re.search(r"^torch==(\S+)(?:.*\\\n)+.*", text, re.MULTILINE)
    assert torch[1] == lock.TORCH
    builds = lock.listed(lock.CPU.read_text(encoding="utf-8"))
    for version in ("cp311", "cp312", "cp313"):
        assert f"torch-{lock.TORCH}+cpu-{version}-{version}-manylinux_2_28_x86_64.whl" in builds
    for name, digest in builds.items():
        assert re.fullmatch(r"[0-9a-f]{64}", digest), name
        assert f"--hash=sha256:{digest}" in torch[0], name
    for entry in re.findall(r"^[\w.-]+==(?:.*\\\n)*.*", text, re.MULTILINE):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
