"""How well a small detector, trained on generated scenes only, finds text in real photographs.

    python benchmarks/realscenes.py --real icdar2003=FOLDER --real icdar2015=FOLDER
    python benchmarks/realscenes.py --real icdar2003=FOLDER --scenes "--corpus english --boxes line"
    python benchmarks/realscenes.py --real icdar2003=FOLDER --model psenet --short

`--real` names an importer and the data set as downloaded: a development set, never trained on.
`--scenes` are options of gen-scenes, in quotes, once for each form that is compared. Each is
rendered (`--count` pictures), the detector is trained on it as docs/detection.md says for `--steps`
steps (one of deeptext takes twice as long as one of the others), and scored by ICDAR 2015's
protocol on the real sets and on the generated scenes that were held out, at each of `--thresholds`:
all through the commands a user has. `--short` is a third of the steps. What is there already under
`--work` is not made again.

Writes realscenes.md (a table), and for each form scenes-N.jpg (real pictures beside generated ones)
and errors-N.jpg (what was found in real pictures that is none, and what was missed) under `--work`.
"""

from __future__ import annotations

import argparse
import json
import resource
import shlex
import sys
from pathlib import Path
from typing import Any, Dict, List

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from realscenes_sheets import error_sheet, look_sheet  # noqa: E402
from realtext import call  # noqa: E402

# The small networks of docs/detection.md, with crops that hold small and large text.
NETWORKS = {
    "east": "--depth 14 --width-multiplier 0.25 --input-size 256 --text-scale 256 "
    "--min-text-size 6 --scales 1 --min-crop-side 0.3 --background 0.2 --batch-size 8",
    "psenet": "--depth 14 --width-multiplier 0.25 --pyramid-channels 32 --kernels 4 "
    "--smallest-kernel 0.6 --input-size 256 --scales 1 --min-crop-side 0.3 --background 0.2 "
    "--batch-size 8",
    "deeptext": "--width-multiplier 0.125 --input-width 320 --input-height 256 --fit letterbox "
    "--anchor-scales 1,2,4,6,8 --optimizer adam --learning-rate 2e-3 --rois 64 "
    "--train-proposals 300 --test-proposals 100 --rpn-samples 128 --max-texts 32 --cuts 0.5 "
    "--expand 0.1 --batch-size 8",
}
SCENES = "--corpus english --vertical 0 --size 480x360 --text-height 12..160 --texts 1..8"
TRAINING = "--learning-rate 3e-3 --schedule cosine --warmup-steps 50 --ema 0.99"


def import_real(name: str, source: str, work: Path) -> Path:
    """Imports a real data set; all of it is the Test split."""
    folder = work / f"real-{name}"
    if not folder.exists():
        call("import", name, source, "--data-dir", folder)
        for listed in ("Train", "Test"):
            (folder / listed / "sample.txt").unlink()
    return folder


def render(number: int, args: argparse.Namespace) -> Path:
    """Renders one form of scenes."""
    folder = args.work / f"scenes-{number}"
    if not (folder / "Train").exists():
        chosen = shlex.split(args.scenes[number])
        call("gen-scenes", *chosen, "--limit", args.count, "--data-dir", folder, "--workers", 1)
    return folder


def train(folder: Path, args: argparse.Namespace) -> Path:
    """Trains once; notes the processor time beside the run."""
    steps = args.steps // 3 if args.short else args.steps
    run = folder.parent / f"run-{folder.name[7:]}-{args.model}-{steps}-{args.seed}"
    if not (run / "seconds.txt").exists():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        length = ("--steps", steps, "--save-every", steps, "--seed", args.seed)
        quiet = ("--eval-every", 0, "--image-every", 0, "--intra-threads", 1, "--inter-threads", 1)
        network = (*TRAINING.split(), *NETWORKS[args.model].split(), *shlex.split(args.train))
        where = ("--data-dir", folder, "--output-dir", run, "--overwrite")
        call("train", args.model, *where, *network, *length, *quiet)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        (run / "seconds.txt").write_text(f"{spent:.0f}\n", encoding="utf-8")
    return run


def score(data: Path, run: Path, threshold: float, args: argparse.Namespace) -> Dict[str, Any]:
    """Returns the figures of `evaluate`; keeps them and what was found beside the run."""
    kept = run / f"{data.name}-{threshold:g}-{args.max_side}.json"
    if not kept.exists():
        where = ("--data-dir", data, "--output-dir", run, "--json")
        side = () if args.model == "deeptext" else ("--max-side", args.max_side)
        how = ("--threshold", threshold, *side)
        limit = ("--limit", 100) if data.name.startswith("scenes") else ()
        figures = json.loads(call("evaluate", args.model, *where, *how, *limit))
        Path(figures["predictions"]).rename(kept.with_suffix(".jsonl"))
        kept.write_text(json.dumps(figures), encoding="utf-8")
    figures = json.loads(kept.read_text(encoding="utf-8"))
    return {**figures, "found": str(kept.with_suffix(".jsonl"))}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--real", action="append", required=True, metavar="IMPORTER=FOLDER")
    parser.add_argument("--scenes", action="append", metavar="OPTIONS")
    parser.add_argument("--model", choices=list(NETWORKS), default="east")
    parser.add_argument("--train", default="", metavar="OPTIONS")
    parser.add_argument("--count", type=int, default=900)
    parser.add_argument("--steps", type=int, default=1700)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--thresholds", default="0.6,0.8,0.9,0.95")
    parser.add_argument("--max-side", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path("realscenes"))
    parser.add_argument("--short", action="store_true")
    args = parser.parse_args()
    args.scenes = args.scenes or [SCENES]
    args.work.mkdir(parents=True, exist_ok=True)
    real = [import_real(*pair.split("=", 1), work=args.work) for pair in args.real]
    rows: List[str] = ["| scenes | scored on | threshold | precision | recall | hmean |"]
    rows.append("|---|---|---|---|---|---|")
    for number, options in enumerate(args.scenes):
        folder = render(number, args)
        look_sheet(real[0], folder, args.work / f"scenes-{number}.jpg")
        run = train(folder, args)
        seconds = (run / "seconds.txt").read_text(encoding="utf-8").strip()
        for data in (*real, folder):
            for threshold in map(float, args.thresholds.split(",")):
                one = score(data, run, threshold, args)
                figures = " | ".join(
                    f"{one[name]:.3f}" for name in ("precision", "recall", "hmean")
                )
                where = "held out" if data == folder else data.name
                rows.append(f"| `{options}` ({seconds} s) | {where} | {threshold:g} | {figures} |")
                if data == real[0]:
                    error_sheet(data, Path(one["found"]), args.work / f"errors-{number}.jpg")
        (args.work / "realscenes.md").write_text("\n".join(rows) + "\n", encoding="utf-8")
    sys.stdout.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
