"""Record what transformers 4.57 answers to the cases, for tests/lib/test_parity.py to compare with.

    python3.11 -m venv /path/to/old && /path/to/old/bin/pip install torch==2.13.0 transformers==4.57.6
    /path/to/old/bin/python tests/lib/parity/record.py --qa FOLDER

FOLDER holds the weights for question answering: the course's checkpoint "question-answering", whose folder
`python -c "from course_lib.checkpoints import checkpoint; print(checkpoint('question-answering'))"` prints in the
course's environment. Record again when those weights, the small models or the cases change. `answers.json` notes the
versions, the sha256 of every weights file, and scores with all their digits.

It refuses to write when fewer than half of the texts of a task differ: such a model would not notice a lost input.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
ANSWERS = HERE / "answers.json"
WEIGHTS = "model.safetensors"
COMMAND = "tests/lib/parity/record.py --qa FOLDER (its first lines say how)"


def tensors_sha256(path: Path) -> str:
    """One sha256 over the tensors of a safetensors file: names, shapes and values, however the file lays them out."""
    from safetensors import safe_open

    digest = hashlib.sha256()
    with safe_open(path, framework="np") as file:
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            digest.update(f"{name} {tensor.dtype} {tensor.shape}\n".encode())
            digest.update(tensor.tobytes())
    return digest.hexdigest()


def cases_sha256(cases: list[dict]) -> str:
    """A hash that changes whenever a case does."""
    return hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest()


def texts(answer: object) -> list[str]:
    """Every text or list of token ids in an answer."""
    if isinstance(answer, dict):
        return [str(value) for key, value in answer.items() if key.endswith(("_text", "_token_ids"))]
    return [text for part in answer for text in texts(part)] if isinstance(answer, list) else []


def main() -> None:
    """Ask every case and write answers.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qa", type=Path, required=True, metavar="FOLDER", help="weights for question answering")
    parser.add_argument("--to", type=Path, default=ANSWERS, help="file to write")
    options = parser.parse_args()

    import torch
    import transformers

    if not transformers.__version__.startswith("4.57."):
        sys.exit(f"This records transformers 4.57, but {transformers.__version__} is installed here. See {COMMAND}.")
    from cases import CASES, MODELS, run

    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    classes = {
        "question-answering": transformers.QuestionAnsweringPipeline,
        "summarization": transformers.SummarizationPipeline,
        "text2text-generation": transformers.Text2TextGenerationPipeline,
        "translation": transformers.TranslationPipeline,
    }
    loaded: dict = {}
    answers = {case["name"]: run(case, classes, options.qa, loaded) for case in CASES}
    if len(answers) != len(CASES):
        sys.exit("Two cases have the same name.")
    for task in ("summarization", "text2text-generation", "translation"):
        found = [text for case in CASES if case["task"] == task for text in texts(answers[case["name"]])]
        if len(set(found)) < len(found) / 2:
            sys.exit(f"{task}: only {len(set(found))} of {len(found)} texts differ. Change make_models.py.")
    weights = {"qa": tensors_sha256(options.qa / WEIGHTS)}
    weights |= {folder.name: tensors_sha256(folder / WEIGHTS) for folder in sorted(MODELS.iterdir()) if folder.is_dir()}
    record = {
        "transformers": transformers.__version__,
        "torch": torch.__version__.partition("+")[0],
        "sha256 of weights": weights,
        "sha256 of cases": cases_sha256(CASES),
        "answers": answers,
    }
    options.to.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(answers)} answers in {options.to.name}")


if __name__ == "__main__":
    main()
