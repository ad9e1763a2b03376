"""A training that skips a broken file goes on, and says so in its log."""

from tests import tiny


def test_training_skips_a_broken_file(data, folder):
    broken = data / "gta/images/00001.png"
    broken.write_bytes(broken.read_bytes()[:900])
    rare_classes_off = {"train_dataloader.dataset.rare_class_sampling": None}  # every source file is drawn once
    changes = {"train_dataloader.num_workers": 1, "train_cfg.max_iters": 3, "train_dataloader.dataset.on_bad_sample": "skip"}
    done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder), *tiny.options(data, **rare_classes_off, **changes))
    assert done.returncode == 0, done.stderr
    logs = "".join(path.read_text() for path in folder.glob("*/*.log"))
    assert logs.count(f"Skipped: {broken} is cut off (900 bytes). Copy or download the file again.") == 1
