"""A study in which a training waits for people: the others go on, and nothing has failed."""

from tests.cli.study_script import launched, small_study

OPTIONS = "rounds=[1], budget=dict(ratio=0.05), acquisition=dict(type='RegionRandom'), oracle='people', workers_per_gpu=0"
HOOK = f"dict(type='AnnotationRounds', {OPTIONS})"
WAITS = f"uda = dict(annotated=dict())\ncustom_hooks = [dict(type='ResultHook'), dict(type='PictureHook'), {HOOK}]\n"


def test_others_go_on(tiny_data, tmp_path):
    command = small_study(tmp_path, tiny_data, {"waits": WAITS, "works": ""})
    for started in ("started", "resumed"):
        done = launched(command)
        assert done.returncode == 0, done.stdout + done.stderr
        (folder,) = (tmp_path / "runs").glob("waits_*")
        assert f"{started}  {folder}" in done.stdout and f"waits for people  {folder}" in done.stdout
        assert f"Waiting for people:\n  {folder.name}: Round 1 waits for people: 4 of 4 images" in done.stdout
        assert "failed" not in done.stdout + done.stderr
        assert len(list((tmp_path / "runs").glob("works_*/result.json"))) == 1
